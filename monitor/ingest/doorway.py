"""Where the folder doors and the DICOMweb door hand over what they were given: judged, told apart, made durable."""

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from monitor.core.ports import Clock
from monitor.ingest.part10 import DICOMDIR, HEAD_BYTES, file_meta, harmless, is_part10
from monitor.ingest.spool import DiskSpool

Known = Callable[[Sequence[str]], Collection[str]]
"""Those of these digests that the store has."""


class Ending(StrEnum):
    """What came of a file or part that was brought to a door."""

    TAKEN = "taken"
    KNOWN = "known"
    EMPTY = "empty"
    NOT_DICOM = "not_dicom"
    DICOMDIR = "dicomdir"
    NOT_A_FILE = "not_a_file"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    CHANGING = "changing"


SKIPPED = frozenset({Ending.EMPTY, Ending.NOT_DICOM, Ending.DICOMDIR, Ending.NOT_A_FILE})
"""Nothing that a PACS would keep: a door passes over it, and counts it."""
REFUSED = frozenset({Ending.TOO_LARGE, Ending.UNREADABLE, Ending.CHANGING})
"""What may be an image and could not be taken."""


class Doorway:
    """One visit to the spool: what it holds is listed once, what is taken meanwhile is remembered.

    An object the worker registers during the visit was in the listing; one it registered before is in the store.
    """

    def __init__(self, spool: DiskSpool, clock: Clock, known: Known, *, max_bytes: int, dry_run: bool = False) -> None:
        """Open the door; with `dry_run` nothing goes through, and all is judged as if it did."""
        self.max_bytes = max_bytes
        self._spool, self._clock, self._known, self._dry_run = spool, clock, known, dry_run
        self._here = {arrival.digest for arrival in spool.arrivals(sys.maxsize)} | set(spool.held_digests())

    def take(self, content: bytes) -> Ending:
        """Make one DICOM file durable, unless it is none or already known.

        Raises:
            SpoolError: it is not durable, and must not be acknowledged.
        """
        judged = judge(content[:HEAD_BYTES], len(content), max_bytes=self.max_bytes)
        if judged is not None:
            return judged
        pieces = harmless(content)
        digest = digest_of(pieces)
        if digest in self._here or self._known((digest,)):
            return Ending.KNOWN
        if not self._dry_run:
            self._spool.write(pieces, received_at=self._clock.now())
        self._here.add(digest)
        return Ending.TAKEN

    def take_file(self, path: Path) -> Ending:
        """Take one file, which is judged by its size and first bytes before it is read whole.

        Raises:
            SpoolError: as `take`.
        """
        content = read_file(path, max_bytes=self.max_bytes)
        return content if isinstance(content, Ending) else self.take(content)


def digest_of(pieces: Iterable[bytes]) -> str:
    """The sha256 by which the spool and the store know an object."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def judge(head: bytes, size: int, *, max_bytes: int) -> Ending | None:
    """Why an object with this `head` and `size` is not to be taken, or None."""
    if size == 0:
        return Ending.EMPTY
    if not is_part10(head):
        return Ending.NOT_DICOM
    if file_meta(head).sop_class == DICOMDIR:
        return Ending.DICOMDIR
    return Ending.TOO_LARGE if size > max_bytes else None


def read_file(path: Path, *, max_bytes: int) -> bytes | Ending:
    """The bytes of a regular file, never through a symbolic link; or why they are not to be had."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Ending.NOT_A_FILE if path.is_symlink() else Ending.UNREADABLE
    with os.fdopen(handle, "rb") as file:
        try:
            before = os.fstat(handle)
            if not stat.S_ISREG(before.st_mode):
                return Ending.NOT_A_FILE
            head = file.read(HEAD_BYTES)
            judged = judge(head, before.st_size, max_bytes=max_bytes)
            if judged is not None:
                return judged
            file.seek(0)
            content = file.read(before.st_size + 1)
            after = os.fstat(handle)
        except OSError:
            return Ending.UNREADABLE
    steady = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if steady and len(content) == before.st_size else Ending.CHANGING
