"""Where "now" comes from: the only place that asks the system."""

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from monitor.core.ports import Clock


class SystemClock:
    """The system's time, in UTC."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


class FileClock:
    """A simulated hospital's time, read from a file it keeps; the same for every process that reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: datetime | None = None
        self._setting = threading.Lock()

    def now(self) -> datetime:
        """See `Clock.now`. Before the hospital has set its clock, the system's time."""
        with suppress(OSError, ValueError):
            self._last = datetime.fromisoformat(self._path.read_text(encoding="ascii"))
        return self._last or datetime.now(UTC)

    def set(self, moment: datetime) -> None:
        """Move the clock, atomically for whoever reads it, and never backwards. Several threads may."""
        with self._setting:
            if self._last is not None and moment <= self._last:
                return
            draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            draft.write_text(moment.isoformat(), encoding="ascii")
            draft.replace(self._path)
            self._last = moment


def clock_of(file: Path | None) -> Clock:
    """The clock the settings name."""
    return SystemClock() if file is None else FileClock(file)
