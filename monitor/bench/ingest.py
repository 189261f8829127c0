"""How near the spool comes to what the disk allows: its durable write beside a bare write and fsync of those bytes."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

from monitor.ingest.spool import DiskSpool

ROUNDS = 5
WhereT = TypeVar("WhereT")
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolSpeed:
    """Median seconds an object of `size` bytes takes to be durable, ours and the floor's, taken in turn in one run."""

    size: int
    spool_seconds: float
    floor_seconds: float

    @property
    def ratio(self) -> float:
        """The floor's time over ours: 1 is as fast as the disk."""
        return self.floor_seconds / self.spool_seconds


def spool_speed(size: int, *, objects: int) -> SpoolSpeed:
    """Write `objects` objects of `size` bytes both ways, in alternating rounds, below the system's temporary folder."""
    content = os.urandom(size)
    with tempfile.TemporaryDirectory() as folder:
        spool, bare = DiskSpool(Path(folder) / "spool"), Path(folder) / "bare"
        bare.mkdir()
        ours, floor = [], []
        for turn in range(ROUNDS):
            times = [_START + timedelta(days=turn, seconds=number) for number in range(objects)]
            ours.append(_timed(lambda moment: spool.write((content,), received_at=moment), times))
            floor.append(_timed(lambda path: _bare(path, content), [bare / f"{turn}-{n}" for n in range(objects)]))
    return SpoolSpeed(size=size, spool_seconds=median(ours) / objects, floor_seconds=median(floor) / objects)


def _bare(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _timed(write: Callable[[WhereT], object], places: Sequence[WhereT]) -> float:
    began = time.perf_counter()
    for place in places:
        write(place)
    return time.perf_counter() - began
