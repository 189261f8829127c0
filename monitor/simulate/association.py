"""A DICOM association as a modality holds it: one socket, one object at a time, no thread of its own.

pynetdicom builds and parses what goes over it. Its own associations keep two threads that look around every
millisecond, which takes a tenth of a core while nothing is sent and adds waiting to every object.
"""

import socket
from io import BytesIO
from struct import Struct
from typing import Self

from pydicom.uid import UID
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, build_context
from pynetdicom.dimse_messages import C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ, A_RELEASE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE, P_DATA, ImplementationClassUIDNotification, MaximumLengthNotification

LARGEST_ANSWER = 64 << 10
_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_CONTEXT = 1
_ACCEPTED, _DATA, _RELEASED = 0x02, 0x04, 0x06
_HEADER = Struct(">BxI")
_FRAGMENT = Struct(">BxIIBB")
"""The header of a P-DATA-TF with one value: its length, then the value's, its context and control (PS3.8, 9.3.5)."""
_WITHIN = 6
"""Bytes of that header that count towards the length of the PDU."""
_WHOLE = 1 << 20
"""What goes into one PDU where the other side states no limit."""
_MORE, _LAST = 0x00, 0x02


class LostError(Exception):
    """The association was refused or lost."""


class Association:
    """An established association for one storage class in one transfer syntax."""

    def __init__(self, wire: socket.socket, *, calling: str, called: str, sop_class: UID, syntax: UID) -> None:
        """Negotiate over a connected socket, whose time-out bounds every answer.

        Raises:
            LostError: it was refused, or the other side is no DICOM receiver.
        """
        self._wire, self._sop_class, self._message = wire, sop_class, 0
        self._largest = self._negotiated(calling, called, syntax)

    @classmethod
    def opened(
        cls, address: tuple[str, int], *, calling: str, called: str, sop_class: UID, syntax: UID, timeout: float
    ) -> Self:
        """Connect and negotiate. Raises LostError where nobody answers or the answer is no."""
        try:
            wire = socket.create_connection(address, timeout=timeout)
        except OSError as error:
            raise LostError from error
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return cls(wire, calling=calling, called=called, sop_class=sop_class, syntax=syntax)
        except LostError:
            wire.close()
            raise

    def store(self, instance: UID, content: bytes) -> int:
        """Send one encoded data set; the status of the answer (0 is success).

        Raises:
            LostError: the association ended before it answered.
        """
        self._message = self._message % 65_535 + 1
        request = C_STORE()
        request.MessageID, request.Priority = self._message, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = self._sop_class, instance
        request.DataSet = BytesIO(b"\0")  # only says that a data set follows; it is sent from where it lies
        command = C_STORE_RQ()
        command.primitive_to_message(request)
        try:
            self._wire.sendall(_encoded(next(command.encode_msg(_CONTEXT, self._largest))))
            self._send_fragments(content)
        except OSError as error:
            raise LostError from error
        return self._status()

    def close(self) -> None:
        """Release the association, and the socket whether or not that is answered."""
        try:
            self._wire.sendall(A_RELEASE_RQ().encode())
            self._expect(_RELEASED)
        except (OSError, LostError):
            pass
        finally:
            self._wire.close()

    def _negotiated(self, calling: str, called: str, syntax: UID) -> int:
        """Ask for the association; returns the largest PDU that the other side takes, 0 for any."""
        context = build_context(self._sop_class, [syntax])
        context.context_id = _CONTEXT
        limit, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
        limit.maximum_length_received = LARGEST_ANSWER
        implementation.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID
        wanted = A_ASSOCIATE()
        wanted.application_context_name = _APPLICATION_CONTEXT
        wanted.calling_ae_title, wanted.called_ae_title = calling, called
        wanted.presentation_context_definition_list = [context]
        wanted.user_information = [limit, implementation]
        asked, answered = A_ASSOCIATE_RQ(), A_ASSOCIATE_AC()
        asked.from_primitive(wanted)
        try:
            self._wire.sendall(asked.encode())
        except OSError as error:
            raise LostError from error
        answered.decode(self._expect(_ACCEPTED))
        given = answered.to_primitive()
        if given.presentation_context_definition_results_list[0].result != 0:
            raise LostError
        return given.maximum_length_received or 0

    def _send_fragments(self, content: bytes) -> None:
        room = (self._largest or _WHOLE) - _WITHIN
        view = memoryview(content)
        for start in range(0, len(view), room):
            piece = view[start : start + room]
            control = _MORE if start + room < len(view) else _LAST
            length = len(piece) + 2
            self._wire.sendall(b"".join((_FRAGMENT.pack(_DATA, length + 4, length, _CONTEXT, control), piece)))

    def _status(self) -> int:
        answer = C_STORE_RSP()
        values = P_DATA_TF()
        while True:
            values.decode(self._expect(_DATA))
            if answer.decode_msg(values.to_primitive()):
                return int(answer.command_set.Status)

    def _expect(self, kind: int) -> bytes:
        """The next PDU, which must be of this kind."""
        header = self._read(_HEADER.size)
        found, length = _HEADER.unpack(header)
        if found != kind or length > LARGEST_ANSWER:
            raise LostError
        return header + self._read(length)

    def _read(self, size: int) -> bytes:
        gathered = bytearray()
        while len(gathered) < size:
            try:
                part = self._wire.recv(size - len(gathered))
            except OSError as error:
                raise LostError from error
            if not part:
                raise LostError
            gathered += part
        return bytes(gathered)


def _encoded(values: P_DATA) -> bytes:
    unit = P_DATA_TF()
    unit.from_primitive(values)
    return bytes(unit.encode())
