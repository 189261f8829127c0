"""The watched drop folder: what lies still is made durable first, then put away; a kill between the two costs nothing.

Polled, because a network share tells no one of its changes. Names starting with a dot or ending in `.part`, `.tmp` or
`.filepart` are someone's unfinished upload and are left alone.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.ingest.doorway import Doorway, Ending
from monitor.ingest.folder import walk

DONE, REFUSED = "done", "refused"
_UNFINISHED = (".part", ".tmp", ".filepart")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sighting:
    """A file as it was first seen in this shape: `since` is on the monotonic clock, in seconds."""

    size: int
    changed_ns: int
    since: float


class DropFolder:
    """A folder that is emptied into the spool."""

    def __init__(self, root: Path, open_doorway: Callable[[], Doorway], *, stable_seconds: float, delete: bool) -> None:
        """Watch `root`.

        Args:
            root: the folder; `done/` and `refused/` are made in it.
            open_doorway: a fresh visit to the spool, for each round that finds something.
            stable_seconds: a file is taken when its size and time have not changed for this long.
            delete: remove what is durable, instead of moving it to `done/`.

        Raises:
            OSError: nothing can be made in the folder.
        """
        self._root, self._open_doorway, self._stable, self._delete = root, open_doorway, stable_seconds, delete
        self._seen: dict[Path, _Sighting] = {}
        for name in (DONE, REFUSED):
            (root / name).mkdir(parents=True, exist_ok=True)

    def visit(self) -> Counter[Ending]:
        """Look once, and take what lies still; what came of it.

        Raises:
            SpoolError: the spool takes no more. The file stays where it is, and is tried again.
        """
        endings: Counter[Ending] = Counter()
        due = self._lying_still()
        doorway = self._open_doorway() if due else None
        for path in due:
            ending = doorway.take_file(path) if doorway else Ending.CHANGING
            if ending is not Ending.CHANGING:
                self._put_away(path, ending)
                del self._seen[path]
                endings[ending] += 1
        return endings

    def _lying_still(self) -> list[Path]:
        now = time.monotonic()
        before, self._seen = self._seen, {}
        for path in self._waiting():
            try:
                found = path.lstat()
            except OSError:
                continue
            last = before.get(path)
            if last is None or (last.size, last.changed_ns) != (found.st_size, found.st_mtime_ns):
                last = _Sighting(size=found.st_size, changed_ns=found.st_mtime_ns, since=now)
            self._seen[path] = last
        return [path for path, sighting in self._seen.items() if now - sighting.since >= self._stable]

    def _waiting(self) -> list[Path]:
        """What was dropped and is no one's unfinished upload."""
        own = {self._root / DONE, self._root / REFUSED}
        found = (path for path in walk(self._root, past=own) if path is not None)
        return [path for path in found if not path.name.startswith(".") and path.suffix not in _UNFINISHED]

    def _put_away(self, path: Path, ending: Ending) -> None:
        taken = ending in {Ending.TAKEN, Ending.KNOWN}
        if taken and self._delete:
            path.unlink(missing_ok=True)
            return
        target = _free(self._root / (DONE if taken else REFUSED) / path.relative_to(self._root))
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # someone took it back
            path.rename(target)


def _free(target: Path) -> Path:
    """This path, or the first numbered one beside it that nothing has: what was put away is never overwritten."""
    free, number = target, 0
    while free.is_symlink() or free.exists():
        number += 1
        free = target.with_name(f"{target.name}.{number}")
    return free
