"""PDUs over one connection (DICOM PS3.8 §9.3): each has a length it may not exceed and a time it must arrive within.

pynetdicom reads, makes and negotiates associations here (see `negotiation`), but its reactor does not carry them: it
buffers whatever length a PDU claims, and takes about 4 ms of one core an image in two threads that poll each other.
"""

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from typing import NamedTuple

PDU_BYTES = 256 << 10
"""What a sender may put into one PDU: a radiograph in a few, and little enough for all senders at once."""
_SLACK = 64  # a few senders count the PDU's own header in, or not, as the other side does not
_HEADER = struct.Struct(">BxI")
_PDV = struct.Struct(">IBB")
_COMMAND, _LAST = 1, 2
_PATIENCE_STEP = 0.25  # seconds that a time-out may be late, so that it need not be set for every PDU


class PduType(IntEnum):
    """The PDUs of the upper layer protocol."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


LONGEST = {
    PduType.ASSOCIATE_RQ: 512 << 10,  # 128 presentation contexts with every transfer syntax there is
    PduType.DATA: PDU_BYTES + _SLACK,
    PduType.RELEASE_RQ: 4,
    PduType.RELEASE_RP: 4,
    PduType.ABORT: 4,
}
"""What is read after a header; a length beyond it, or another type, ends the connection before a byte of it is."""


class AbortReason(IntEnum):
    """Why the provider aborts (PS3.8 Table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    INVALID_PARAMETER = 6


class ProtocolError(Exception):
    """The other side does not speak DICOM as the standard has it."""

    def __init__(self, reason: AbortReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class Pdv(NamedTuple):
    """A presentation data value: a piece of a command set or of a data set."""

    context: int
    command: bool
    last: bool
    content: memoryview


class Link:
    """One connection. Used by one thread, save for `cut`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray(4 << 10)
        self._patient = 0.0

    def handshake(self, seconds: float) -> None:
        """Agree on encryption, where this connection is to be encrypted.

        Raises:
            OSError: no agreement was reached within `seconds` (`ssl.SSLError` is one).
        """
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(seconds)
            self._socket.do_handshake()

    def receive(self, seconds: float) -> tuple[PduType, memoryview]:
        """The next PDU's type and content, which is good until the next call.

        Raises:
            ProtocolError: its type is unknown or its length beyond `LONGEST`; nothing of its content was read.
            OSError: the connection was lost, or the whole of it did not come within `seconds`.
        """
        deadline = time.monotonic() + seconds
        number, length = _HEADER.unpack(self._exactly(_HEADER.size, deadline))
        longest = LONGEST.get(number)
        if longest is None:
            raise ProtocolError(AbortReason.UNRECOGNIZED_PDU)
        if length > longest:
            raise ProtocolError(AbortReason.INVALID_PARAMETER)
        return PduType(number), self._exactly(length, deadline)

    def send(self, content: bytes, seconds: float) -> None:
        """Send all of these bytes.

        Raises:
            OSError: the connection was lost, or the other side did not take them within `seconds`.
        """
        self._patience(seconds)
        try:
            self._socket.sendall(content)
        except BlockingIOError:
            raise TimeoutError from None

    def abort(self, reason: AbortReason) -> None:
        """Tell the other side that this is over, as far as it listens."""
        with suppress(OSError):
            self.send(abort(reason), 1.0)

    def cut(self) -> None:
        """End the connection from any thread; the one that reads sees its end."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # not TLS's own, which would drop its state

    def close(self) -> None:
        """Give the connection back."""
        with suppress(OSError):
            self._socket.close()

    def _exactly(self, length: int, deadline: float) -> memoryview:
        if length > len(self._buffer):
            self._buffer = bytearray(length)
        view, found = memoryview(self._buffer)[:length], 0
        while found < length:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            count = self._into(view[found:], left)
            if not count:
                raise ConnectionResetError
            found += count
        return view

    def _into(self, view: memoryview, seconds: float) -> int:
        """Read bytes; without TLS the kernel collects them all, which spares a wake-up for every few packets."""
        self._patience(seconds)
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.recv_into(view)
        try:
            return self._socket.recv_into(view, len(view), socket.MSG_WAITALL)
        except BlockingIOError:
            raise TimeoutError from None

    def _patience(self, seconds: float) -> None:
        """How long the next call may take in all; Python's own time-outs would make MSG_WAITALL return at once."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(seconds)
        elif not 0 <= self._patient - seconds < _PATIENCE_STEP:
            self._patient = seconds + _PATIENCE_STEP / 2
            timeval = struct.pack("ll", int(self._patient), int(self._patient % 1 * 1e6))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)


def pdvs(content: memoryview) -> Iterator[Pdv]:
    """The presentation data values of a P-DATA-TF.

    Raises:
        ProtocolError: their lengths do not add up.
    """
    while content:
        if len(content) < _PDV.size:
            raise ProtocolError(AbortReason.INVALID_PARAMETER)
        length, context, flags = _PDV.unpack_from(content)
        if not 2 <= length <= len(content) - 4:
            raise ProtocolError(AbortReason.INVALID_PARAMETER)
        yield Pdv(context, bool(flags & _COMMAND), bool(flags & _LAST), content[_PDV.size : 4 + length])
        content = content[4 + length :]


def data(context: int, content: bytes, *, command: bool, longest: int) -> bytes:
    """`content` as P-DATA-TF PDUs of at most `longest` bytes after the header."""
    step = longest - _PDV.size
    flags = _COMMAND if command else 0
    found = []
    for first in range(0, len(content), step):
        piece = content[first : first + step]
        last = _LAST if first + step >= len(content) else 0
        found.append(framed(PduType.DATA, _PDV.pack(len(piece) + 2, context, flags | last) + piece))
    return b"".join(found)


def framed(kind: PduType, content: bytes) -> bytes:
    """A PDU: its header, then what it holds."""
    return _HEADER.pack(kind, len(content)) + content


def released() -> bytes:
    """A-RELEASE-RP."""
    return framed(PduType.RELEASE_RP, bytes(4))


def rejected(result: int, source: int, reason: int) -> bytes:
    """A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""
    return framed(PduType.ASSOCIATE_RJ, bytes((0, result, source, reason)))


def abort(reason: AbortReason) -> bytes:
    """A-ABORT, by the service provider."""
    return framed(PduType.ABORT, bytes((0, 0, 2, reason)))
