"""The two wires out of the hospital: DICOM C-STORE and HL7 over MLLP. Each holds one connection and renews it."""

import socket
from collections.abc import Callable
from typing import Self, TypeVar

from pydicom.dataset import Dataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian
from pynetdicom.dsutils import encode

from monitor.core.errors import OverreadError, UnreachableError, UsageError
from monitor.simulate.association import Association, LostError

LARGEST_ACK = 64 * 1024
_START, _END = b"\x0b", b"\x1c\r"
AnswerT = TypeVar("AnswerT")


class AnswerError(OverreadError):
    """The other side answered with something that is not an acknowledgement of what was sent."""


class DicomSender:
    """Sends digital radiographs over one association, which it opens when first needed and again when lost."""

    def __init__(self, host: str, port: int, *, calling_ae: str, called_ae: str, timeout: float = 60.0) -> None:
        """Nothing is opened yet. `timeout` in seconds bounds connecting, negotiating and every answer."""
        self._address = (host, port)
        self._calling, self._called = calling_ae, called_ae
        self._timeout = timeout
        self._association: Association | None = None

    def send(self, dataset: Dataset) -> int:
        """Send one object; the status of the C-STORE response (0 is success).

        Raises:
            UnreachableError: no association, or it was lost twice over.
        """
        content = encode(dataset, is_implicit_vr=False, is_little_endian=True)
        if content is None:
            raise UsageError("C-STORE: the data set cannot be encoded in explicit VR little endian")
        return _once_more(
            lambda: self._store(dataset.SOPInstanceUID, content),
            self.close,
            f"DICOM {self._called} at {_spelled(self._address)}",
        )

    def close(self) -> None:
        """Release the association, if one is open."""
        if self._association is not None:
            self._association.close()
        self._association = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _store(self, instance: UID, content: bytes) -> int:
        if self._association is None:
            self._association = Association.opened(
                self._address,
                calling=self._calling,
                called=self._called,
                sop_class=DigitalXRayImageStorageForPresentation,
                syntax=ExplicitVRLittleEndian,
                timeout=self._timeout,
            )
        return self._association.store(instance, content)


class MllpSender:
    """Sends HL7 messages over one connection, each in its frame, and waits for the acknowledgement of each."""

    def __init__(self, host: str, port: int, *, timeout: float = 30.0) -> None:
        """Nothing is opened yet. `timeout` in seconds bounds connecting and every read and write."""
        self._address = (host, port)
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def send(self, message: bytes) -> str:
        """Send one message; the acknowledgement code of MSA-1: AA, AE or AR.

        After a lost connection it is sent again, so that a receiver may see it twice, with the same control ID.

        Raises:
            UnreachableError: no connection, or it was lost or silent twice over.
            AnswerError: what came back is no acknowledgement of this message.
        """
        frame = _START + message + _END
        answer = _once_more(lambda: self._exchanged(frame), self.close, f"MLLP at {_spelled(self._address)}")
        try:
            return _code(answer, control_id=message.split(b"|", 10)[9])
        except AnswerError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchanged(self, frame: bytes) -> bytes:
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, timeout=self._timeout)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(frame)
            return _received(self._socket)
        except OSError as lost:
            raise LostError from lost


def _received(connection: socket.socket) -> bytes:
    """One frame's content, at most `LARGEST_ACK` bytes of it."""
    answer = bytearray()
    while _END not in answer:
        part = connection.recv(4096)
        if not part:
            raise LostError
        answer += part
        if len(answer) > LARGEST_ACK:
            raise AnswerError(f"MLLP acknowledgement: more than {LARGEST_ACK} bytes without an end; accepted: fewer")
    content, end, rest = bytes(answer).partition(_END)
    if not end or rest or not content.startswith(_START):
        raise AnswerError("MLLP acknowledgement: not one frame between <VT> and <FS><CR>")
    return content[len(_START) :]


def _code(answer: bytes, *, control_id: bytes) -> str:
    """MSA-1 of an acknowledgement whose MSA-2 is the control ID of what was sent."""
    rows = [segment.split(b"|") for segment in answer.split(b"\r")]
    msa = next((row for row in rows if row[0] == b"MSA"), [])
    if len(msa) < 3 or msa[1] not in {b"AA", b"AE", b"AR"} or msa[2] != control_id:
        raise AnswerError(f"MLLP acknowledgement: no MSA with AA, AE or AR for message {control_id.decode()!r}")
    return msa[1].decode()


def _once_more(attempt: Callable[[], AnswerT], close: Callable[[], None], peer: str) -> AnswerT:
    """The answer of an attempt, or of a second one over a fresh connection."""
    for _ in range(2):
        try:
            return attempt()
        except LostError:
            close()
    raise UnreachableError(f"{peer} does not answer")


def _spelled(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
