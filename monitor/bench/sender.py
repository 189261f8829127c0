"""A sender that costs next to nothing: images are made once, in PDUs, and only their identity changes between them.

It speaks no more DICOM than C-STORE over one presentation context, the same to every receiver.
"""

import os
import socket
import struct
from dataclasses import dataclass
from typing import Self

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_HEADER = struct.Struct(">BxI")
_LARGEST_PDU = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageKind:
    """What is sent: its storage class and matrix, 16 bits a pixel."""

    name: str
    sop_class: str
    modality: str
    rows: int
    columns: int

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one image's pixels."""
        return 2 * self.rows * self.columns


CT = ImageKind(name="CT 512×512", sop_class="1.2.840.10008.5.1.4.1.1.2", modality="CT", rows=512, columns=512)
CR = ImageKind(name="CR 2500×2048", sop_class="1.2.840.10008.5.1.4.1.1.1", modality="CR", rows=2500, columns=2048)


class Sender:
    """One association. Without Nagle's delay, and acknowledging at once, or every receiver waits 40 ms an image."""

    def __init__(self, port: int, called: str, kind: ImageKind, study: str, *, calling: str = "BENCH") -> None:
        """Open an association to a receiver on loopback.

        Raises:
            ConnectionError: it was not accepted.
        """
        self._kind, self._study, self._sent = kind, study, 0
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            longest = self._associated(called, calling)
        except OSError:
            self._socket.close()
            raise
        self._step = min(longest or _LARGEST_PDU, _LARGEST_PDU) - 6
        self._pixels = os.urandom(kind.pixel_bytes)
        self._first = self._step - len(self._dataset("0")) - 64  # the identity may grow by some digits
        self._rest = b"".join(_pieces(self._pixels[self._first :], self._step))

    def store(self) -> int:
        """Send the next image; the status of its answer.

        Raises:
            OSError: the connection was lost.
        """
        self._sent += 1
        uid = f"{self._study}.{self._sent}"
        dataset = self._dataset(uid) + self._pixels[: self._first]
        flags = 0 if self._rest else 2
        command = _data(_command(self._kind.sop_class, uid, self._sent % 65_536), 3)
        self._socket.sendall(command + _data(dataset, flags))
        if self._rest:
            self._socket.sendall(self._rest)
        _, answer = self._pdu()
        at = answer.find(struct.pack("<HHI", 0, 0x0900, 2))
        return int.from_bytes(answer[at + 8 : at + 10], "little")

    def release(self) -> None:
        """End the association as it should end."""
        self._socket.sendall(_HEADER.pack(5, 4) + bytes(4))
        self._pdu()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _associated(self, called: str, calling: str) -> int:
        """Ask for the association; what the receiver takes in one PDU, 0 for any length."""
        self._socket.sendall(_request(called, calling, self._kind.sop_class))
        number, answer = self._pdu()
        if number != 2:
            message = "the association was not accepted"
            raise ConnectionError(message)
        found = answer.find(b"\x51\0\0\4")
        return int.from_bytes(answer[found + 4 : found + 8], "big") if found >= 0 else 0

    def _pdu(self) -> tuple[int, bytes]:
        number, length = _HEADER.unpack(self._exactly(_HEADER.size))
        return number, self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # it lasts for one answer
            piece = self._socket.recv(length - len(found))
            if not piece:
                raise ConnectionResetError
            found += piece
        return found

    def _dataset(self, uid: str) -> bytes:
        """All of the data set but the pixels."""
        kind = self._kind
        return b"".join(
            (
                _element(0x0008, 0x0016, "UI", kind.sop_class),
                _element(0x0008, 0x0018, "UI", uid),
                _element(0x0008, 0x0020, "DA", "20260101"),
                _element(0x0008, 0x0060, "CS", kind.modality),
                _element(0x0010, 0x0010, "PN", "Bench^Bench"),
                _element(0x0010, 0x0020, "LO", "bench"),
                _element(0x0020, 0x000D, "UI", self._study),
                _element(0x0020, 0x000E, "UI", f"{self._study}.0"),
                _element(0x0020, 0x0013, "IS", str(self._sent)),
                _short(0x0002, 1),
                _element(0x0028, 0x0004, "CS", "MONOCHROME2"),
                _short(0x0010, kind.rows),
                _short(0x0011, kind.columns),
                _short(0x0100, 16),
                _short(0x0101, 16),
                _short(0x0102, 15),
                _short(0x0103, 0),
                _element(0x0028, 0x1052, "DS", "0"),
                _element(0x0028, 0x1053, "DS", "1"),
                struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, kind.pixel_bytes),
            )
        )


def _element(group: int, element: int, representation: str, value: str) -> bytes:
    padding = b"\0" if representation == "UI" else b" "
    content = value.encode() + padding * (len(value) % 2)
    return struct.pack("<HH2sH", group, element, representation.encode(), len(content)) + content


def _short(element: int, value: int) -> bytes:
    return struct.pack("<HH2sHH", 0x0028, element, b"US", 2, value)


def _command(sop_class: str, uid: str, message: int) -> bytes:
    body = b"".join(
        (
            _implicit(0x0002, _padded(sop_class)),
            _implicit(0x0100, struct.pack("<H", 1)),
            _implicit(0x0110, struct.pack("<H", message)),
            _implicit(0x0700, struct.pack("<H", 0)),
            _implicit(0x0800, struct.pack("<H", 1)),
            _implicit(0x1000, _padded(uid)),
        )
    )
    return _implicit(0x0000, struct.pack("<I", len(body))) + body


def _implicit(element: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, element, len(value)) + value


def _padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def _data(content: bytes, flags: int) -> bytes:
    return struct.pack(">BxIIBB", 4, len(content) + 6, len(content) + 2, 1, flags) + content


def _pieces(content: bytes, step: int) -> list[bytes]:
    starts = range(0, len(content), step)
    return [_data(content[at : at + step], 2 if at + step >= len(content) else 0) for at in starts]


def _request(called: str, calling: str, sop_class: str) -> bytes:
    context = bytes((1, 0, 0, 0)) + _item(0x30, sop_class.encode()) + _item(0x40, EXPLICIT_LITTLE_ENDIAN.encode())
    user = _item(0x51, struct.pack(">I", _LARGEST_PDU)) + _item(0x52, b"1.2.826.0.1.3680043.10.1")
    titles = called.ljust(16).encode() + calling.ljust(16).encode()
    items = _item(0x10, b"1.2.840.10008.3.1.1.1") + _item(0x20, context) + _item(0x50, user)
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + items
    return _HEADER.pack(1, len(body)) + body


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content
