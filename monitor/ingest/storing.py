"""C-STORE: an object's pieces go straight to the spool as they come; what is acknowledged is durable."""

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID

from monitor.core.errors import SpoolError
from monitor.ingest.admission import Refused
from monitor.ingest.dimse import Status
from monitor.ingest.spool import AssociationLog, DiskSpool, Draft, SpoolFullError

_PREAMBLE = bytes(128) + b"DICM"
"""All zero: a preamble that another kind of file could begin with is never written."""


class Operation(Protocol):
    """A request whose data set is coming in."""

    def write(self, piece: memoryview) -> None:
        """Take a piece of the data set; it is good until this returns."""

    def finish(self) -> int:
        """The data set is whole; the status to answer."""

    def discard(self) -> None:
        """It will never be whole."""


class Answer:
    """An operation that is answered with one status, whatever its data set holds."""

    def __init__(self, status: int) -> None:
        self._status = status

    def write(self, piece: memoryview) -> None:
        """See `Operation.write`."""

    def finish(self) -> int:
        """See `Operation.finish`."""
        return self._status

    def discard(self) -> None:
        """See `Operation.discard`."""


class Store:
    """One object on its way in. After a fault the rest of its data set is read, thrown away and refused."""

    def __init__(
        self,
        spool: DiskSpool,
        log: AssociationLog,
        heading: bytes,
        *,
        sop: str | None,
        most: int,
        now: Callable[[], datetime],
        on_fault: Callable[[Refused], None],
    ) -> None:
        """Begin a draft with the file's heading.

        Args:
            spool: where it goes.
            log: of the association it comes over.
            heading: preamble and file meta information.
            sop: pseudonym of the SOP Instance UID.
            most: bytes that are taken, the heading included.
            now: when the last of them came.
            on_fault: told once why the object will be refused.
        """
        self._log, self._sop, self._most, self._now, self._on_fault = log, sop, most, now, on_fault
        self._draft: Draft | None = None
        try:
            self._draft = spool.draft()
            self._draft.write(heading)
        except SpoolFullError:
            self._fail(Refused.DISK_FULL)
        except SpoolError:
            self._fail(Refused.SPOOL)

    def write(self, piece: memoryview) -> None:
        """See `Operation.write`."""
        if self._draft is None:
            return
        if self._draft.size + len(piece) > self._most:
            self._fail(Refused.TOO_LARGE)
            return
        try:
            self._draft.write(piece)
        except SpoolError:
            self._fail(Refused.SPOOL)

    def finish(self) -> int:
        """See `Operation.finish`."""
        if self._draft is None:
            return Status.OUT_OF_RESOURCES
        try:
            self._log.add(self._draft.commit(received_at=self._now(), sop=self._sop))
        except SpoolError:
            self._fail(Refused.SPOOL)
            return Status.OUT_OF_RESOURCES
        return Status.SUCCESS

    def discard(self) -> None:
        """See `Operation.discard`."""
        if self._draft is not None:
            self._draft.discard()
            self._draft = None

    def _fail(self, reason: Refused) -> None:
        self.discard()
        self._on_fault(reason)


def heading(*, sop_class: bytes, sop_instance: bytes, transfer_syntax: bytes) -> bytes:
    """Preamble and file meta information (PS3.10 §7.1) of an object as it came; the UIDs need not be well formed."""
    meta = b"".join(
        (
            struct.pack("<HH2sHI", 2, 0x0001, b"OB", 0, 2) + b"\0\1",
            _uid(0x0002, sop_class),
            _uid(0x0003, sop_instance),
            _uid(0x0010, transfer_syntax),
            _uid(0x0012, str(PYNETDICOM_IMPLEMENTATION_UID).encode()),
        )
    )
    return _PREAMBLE + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta


def _uid(element: int, value: bytes) -> bytes:
    padded = value + b"\0" * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, b"UI", len(padded)) + padded
