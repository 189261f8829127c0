"""A folder of DICOM files as a door: walked once for an import, or watched as a drop folder."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from monitor.ingest.doorway import REFUSED, SKIPPED, Doorway, Ending


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of every file that was found."""

    endings: Counter[Ending] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        """How many files there were."""
        return self.endings.total()

    @property
    def refused(self) -> int:
        """How many may be images and could not be taken."""
        return sum(self.endings[ending] for ending in REFUSED)

    def as_json(self) -> dict[str, object]:
        """The counts, by the names scripts rely on; they add up to `found`."""
        return {
            "found": self.found,
            "imported": self.endings[Ending.TAKEN],
            "known": self.endings[Ending.KNOWN],
            "skipped": {str(ending): self.endings[ending] for ending in sorted(SKIPPED) if self.endings[ending]},
            "refused": {str(ending): self.endings[ending] for ending in sorted(REFUSED) if self.endings[ending]},
        }


def import_folder(root: Path, doorway: Doorway, *, on_file: Callable[[], None]) -> Imported:
    """Take every file under `root`; what an earlier run took is known, so that a broken-off run goes on where it was.

    Raises:
        SpoolError: the spool takes no more; what was taken before is durable.
    """
    endings: Counter[Ending] = Counter()
    for path in walk(root):
        endings[Ending.UNREADABLE if path is None else doorway.take_file(path)] += 1
        on_file()
    return Imported(endings=endings)


def walk(root: Path, *, past: Collection[Path] = ()) -> Iterator[Path | None]:
    """Every entry under `root` that is no folder, in a steady order; None for a folder that cannot be listed.

    The folders in `past` are passed by.

    Folders are not followed through symbolic links, so that nothing outside the tree is reached.
    """
    if not root.is_dir():
        yield root
        return
    ahead = [root]
    while ahead:
        folder = ahead.pop()
        try:
            with os.scandir(folder) as listing:
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing)
        except OSError:
            yield None
            continue
        yield from (folder / name for name, is_folder in found if not is_folder)
        ahead += [folder / name for name, is_folder in reversed(found) if is_folder and folder / name not in past]
