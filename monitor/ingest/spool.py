"""The durable spool: received bytes lie here from before the acknowledgement until their study is settled.

`incoming/` holds what is not yet registered, named by time of receipt and sha256 so that a listing is oldest first;
`held/` what is registered, named by sha256; `aborted/` one file for each association that broke off, listing the
digests it had delivered. Names come from digests only, never from anything received.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.core.errors import SpoolError
from monitor.core.ports import Arrival

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenOff:
    """See `monitor.core.ports.BrokenOff`."""

    name: str
    digests: tuple[str, ...]


class DiskSpool:
    """The `Spool` port over one folder, shared by the processes of one sidecar."""

    def __init__(self, root: Path) -> None:
        self.partial, self.incoming, self.held = root / "partial", root / "incoming", root / "held"
        self.aborted = root / "aborted"
        for folder in (self.partial, self.incoming, self.held, self.aborted):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, content: Sequence[bytes], *, received_at: datetime) -> str:
        """Make `content` (its pieces in order) durable and return its sha256.

        Bytes are counted as written, the file and its folder synchronised and the length read back before this
        returns: what it returned for may be acknowledged.

        Raises:
            SpoolError: anything fell short; nothing is left behind.
        """
        draft = self.partial / secrets.token_hex(16)
        digest = hashlib.sha256()
        for piece in content:
            digest.update(piece)
        size = sum(len(piece) for piece in content)
        micros = (received_at - _EPOCH) // _MICROSECOND
        final = self.incoming / f"{micros:017d}.{digest.hexdigest()}"
        try:
            _write_synced(draft, content)
            draft.rename(final)
            _sync_folder(self.incoming)
            found = final.stat().st_size
        except OSError as error:
            draft.unlink(missing_ok=True)
            message = f"spool: {error.strerror}"
            raise SpoolError(message) from error
        if found != size:
            final.unlink(missing_ok=True)
            message = f"spool: {found} of {size} bytes were written"
            raise SpoolError(message)
        return digest.hexdigest()

    def arrivals(self, limit: int) -> Sequence[Arrival]:
        """See `Spool.arrivals`."""
        return [_arrival(path) for path in sorted(self.incoming.iterdir())[:limit]]

    def waiting(self) -> int:
        """See `Spool.waiting`."""
        return sum(1 for _ in self.incoming.iterdir())

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

    def readmit(self, digest: str, *, received_at: datetime) -> None:
        """Let a held object arrive once more, so that it is parsed anew; one whose bytes are gone is no error."""
        micros = (received_at - _EPOCH) // _MICROSECOND
        with suppress(FileNotFoundError):
            (self.held / digest).rename(self.incoming / f"{micros:017d}.{digest}")

    def broken_off(self) -> Sequence[BrokenOff]:
        """See `Spool.broken_off`."""
        return [
            BrokenOff(name=log.name, digests=tuple(log.read_text(encoding="ascii").split()))
            for log in sorted(self.aborted.iterdir())
        ]

    def forget(self, association: BrokenOff) -> None:
        """See `Spool.forget`."""
        (self.aborted / association.name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove drafts that a crash left behind: they were never acknowledged."""
        for draft in self.partial.iterdir():
            draft.unlink(missing_ok=True)


def _arrival(path: Path) -> Arrival:
    micros, _, digest = path.name.partition(".")
    return Arrival(digest=digest, path=path, received_at=_EPOCH + int(micros) * _MICROSECOND)


def _write_synced(path: Path, content: Sequence[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for piece in content:
            view = memoryview(piece)
            while view:
                view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
