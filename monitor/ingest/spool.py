"""The durable spool: received bytes lie here from before the acknowledgement until their study is settled.

`incoming/` holds what is not yet registered, named by time of receipt, sha256 and, where the door knew it, the
pseudonym of the SOP Instance UID, so that a listing is oldest first; `held/` what is registered, named by sha256. Names
come from digests only, never from anything received. `associations/` and `aborted/` say which objects came over an
association that did not end as it should: see `AssociationLog` and `DiskSpool.broken_off`.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from monitor.core.errors import SpoolError
from monitor.core.ports import Arrival

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHA256_HEX = 64


class SpoolFullError(SpoolError):
    """The spool's disk is past the mark at which nothing more is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermarks:
    """Free shares of the spool's disk: below `warn` somebody is told, below `refuse` nothing more is taken."""

    warn: float = 0.0
    refuse: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenOff:
    """An association that was aborted, lost or timed out, and the digests of what had been acknowledged in it."""

    name: str
    digests: tuple[str, ...]


class DiskSpool:
    """The `Spool` port over one folder, shared by the processes of one sidecar.

    Nothing is ever recycled: past the second watermark a draft is refused, whatever lies here stays.
    """

    def __init__(self, root: Path, marks: Watermarks = Watermarks()) -> None:  # frozen
        self.partial, self.incoming, self.held = root / "partial", root / "incoming", root / "held"
        self.associations, self.aborted = root / "associations", root / "aborted"
        self.marks, self.names = marks, FolderSync(self.partial)
        for folder in (self.partial, self.incoming, self.held, self.associations, self.aborted):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def draft(self) -> "Draft":
        """Begin an object.

        Raises:
            SpoolFullError: the disk is past the second watermark.
            SpoolError: the file cannot be made.
        """
        if self.marks.refuse and self.free_ratio() < self.marks.refuse:
            raise SpoolFullError
        return Draft(self)

    def write(self, content: Sequence[bytes], *, received_at: datetime) -> str:
        """Make `content` (its pieces in order) durable and return its sha256: what it returned for may be acknowledged.

        Raises:
            SpoolError: anything fell short; nothing is left behind.
        """
        draft = self.draft()
        for piece in content:
            draft.write(piece)
        return draft.commit(received_at=received_at)

    def arrivals(self, limit: int) -> Sequence[Arrival]:
        """See `Spool.arrivals`."""
        return [_arrival(path) for path in sorted(self.incoming.iterdir())[:limit]]

    def waiting(self) -> int:
        """See `Spool.waiting`."""
        return sum(1 for _ in self.incoming.iterdir())

    def marked(self) -> Mapping[str, Path]:
        """Objects not yet registered, by the pseudonym of their SOP Instance UID where the door gave it."""
        parted = ((path.name.split("."), path) for path in self.incoming.iterdir())
        return {parts[2]: path for parts, path in parted if len(parts) > 2}

    def hold(self, arrival: Arrival) -> None:
        """See `Spool.hold`. A crash just before leaves a registered object incoming: it registers again, as no news."""
        arrival.path.rename(self.held / arrival.digest)

    def path(self, digest: str) -> Path:
        """Where the bytes of a held object lie."""
        return self.held / digest

    def held_digests(self) -> Sequence[str]:
        """All held objects."""
        return sorted(path.name for path in self.held.iterdir())

    def release(self, digests: Iterable[str]) -> None:
        """See `Spool.release`."""
        for digest in digests:
            (self.held / digest).unlink(missing_ok=True)

    def free_ratio(self) -> float:
        """The share of the spool's disk that is free to us, 0 to 1."""
        found = os.statvfs(self.incoming)
        return found.f_bavail / found.f_blocks if found.f_blocks else 1.0

    def sweep(self) -> None:
        """Clear up after a crash, before anything is received.

        A draft that has its final name and the bytes it is named for may have been acknowledged and comes in; any other
        never was and goes. Associations that were open are broken off.
        """
        for draft in self.partial.iterdir():
            _, _, names = draft.name.partition(".")
            if names and _digest_of(draft) == names.partition(".")[0]:
                draft.rename(self.incoming / draft.name)
            else:
                draft.unlink(missing_ok=True)
        for log in self.associations.iterdir():
            log.rename(self.aborted / log.name)

    def broken_off(self) -> Sequence[BrokenOff]:
        """Associations that did not end with a release, and what they had delivered.

        A study is partial where its last instance came over one of them. Once that stands in the store, `forget` it; a
        digest that is not registered yet is still incoming, so that its association must be looked at again.
        """
        return [
            BrokenOff(
                name=log.name, digests=tuple(line for line in log.read_text().split() if len(line) == _SHA256_HEX)
            )
            for log in sorted(self.aborted.iterdir())
        ]

    def forget(self, association: BrokenOff) -> None:
        """Let go of the record of an association."""
        (self.aborted / association.name).unlink(missing_ok=True)


class Draft:
    """An object on its way in: hashed as it is written, durable once committed. Used by one thread."""

    def __init__(self, spool: DiskSpool) -> None:
        self._spool = spool
        self._path = spool.partial / secrets.token_hex(16)
        self._digest = hashlib.sha256()
        self.size = 0
        try:
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _short(error) from error

    def write(self, piece: bytes | memoryview) -> None:
        """Add bytes, all of them.

        Raises:
            SpoolError: the disk took fewer; the draft is gone.
        """
        self._digest.update(piece)
        view = memoryview(piece)
        self.size += len(view)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            self.discard()
            raise _short(error) from error

    def commit(self, *, received_at: datetime, sop: str | None = None) -> str:
        """Synchronise the file and its folder, read the length back, and return the sha256.

        The draft takes its final name before that, so that both are one transaction of the file system, and moves to
        `incoming/` after it: a power cut can undo the move, and `sweep` does it again.

        Args:
            received_at: when the last byte came.
            sop: the pseudonym of the SOP Instance UID, where the door knows it: storage commitment asks for it.

        Raises:
            SpoolError: anything fell short; nothing is left behind.
        """
        digest = self._digest.hexdigest()
        micros = (received_at - _EPOCH) // _MICROSECOND
        name = ".".join([f"{micros:017d}", digest, *([sop] if sop else [])])
        try:
            self._path = self._path.rename(self._spool.partial / name)
            folder = self._spool.names.durable()
            os.fsync(self._handle)
            folder.result()
            found = os.fstat(self._handle).st_size
            if found == self.size:
                self._path = self._path.rename(self._spool.incoming / name)
        except OSError as error:
            raise _short(error) from error
        else:
            if found != self.size:
                message = f"spool: {found} of {self.size} bytes were written"
                raise SpoolError(message)
            self._keep()
        finally:
            self.discard()
        return digest

    def discard(self) -> None:
        """Leave nothing of a draft that was not committed; once it was, this changes nothing."""
        if self._handle >= 0:
            self._keep()
            self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        os.close(self._handle)
        self._handle = -1


class FolderSync:
    """Makes the names in a folder durable, in a thread beside the ones that make the files durable.

    Each synchronisation waits for the disk to empty its cache; side by side they wait once. All who ask before one
    begins share it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, Lock()
        self._thread = ThreadPoolExecutor(1)
        self._next: Future[None] | None = None

    def durable(self) -> "Future[None]":
        """Done once all names given so far are durable, or with the `OSError` that kept them from it."""
        with self._lock:
            if self._next is None:
                self._next = self._thread.submit(self._sync)
            return self._next

    def _sync(self) -> None:
        with self._lock:
            self._next = None
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class AssociationLog:
    """What an association has delivered, kept so that one that breaks off is known even after our own death.

    A line a digest in `associations/`, written before its object is acknowledged; the file goes when the association
    is released, and moves to `aborted/` when it is not. Lines are not synchronised: after a power cut the last few may
    be missing, and a study then counts as it would have without them.
    """

    def __init__(self, spool: DiskSpool) -> None:
        """Nothing is written before the first object."""
        self._spool, self._name, self._handle = spool, secrets.token_hex(16), -1

    def add(self, digest: str) -> None:
        """Note an object.

        Raises:
            SpoolError: it could not be noted.
        """
        try:
            if self._handle < 0:
                path = self._spool.associations / self._name
                self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._handle, f"{digest}\n".encode())
        except OSError as error:
            raise _short(error) from error

    def close(self, *, released: bool) -> None:
        """End the record as the association ended."""
        if self._handle < 0:
            return
        os.close(self._handle)
        self._handle = -1
        log = self._spool.associations / self._name
        if released:
            log.unlink(missing_ok=True)
        elif log.exists():
            log.rename(self._spool.aborted / self._name)


def _arrival(path: Path) -> Arrival:
    micros, digest, *_ = path.name.split(".")
    return Arrival(digest=digest, path=path, received_at=_EPOCH + int(micros) * _MICROSECOND)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _short(error: OSError) -> SpoolError:
    return SpoolError(f"spool: {error.strerror}")
