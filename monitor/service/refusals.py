"""Who was turned away at the DICOM door: logged and audited, at a rate no flood can drive and no store can stall."""

import queue
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitor.ingest.admission import IMPOSTORS, Refusal, Refused

BURST = 20
PER_SECONDS = 30.0
"""Of each kind of refusal, 20 at once and then one every 30 seconds stand by themselves; the rest is counted."""
WAITING = 256
RETRY_SECONDS = 5.0
_PLAIN = re.compile(r"[^A-Za-z0-9 _.\-]")


@dataclass(kw_only=True)
class _Allowance:
    """A token bucket. `untold` counts what went by without one."""

    tokens: float = BURST
    renewed: float = field(default_factory=time.monotonic)
    untold: int = 0

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.renewed) / PER_SECONDS)
        self.renewed = now
        if self.tokens < 1:
            self.untold += 1
            return False
        self.tokens -= 1
        return True


class RefusalBook:
    """Notes refusals from any thread at once, and keeps them in one of its own."""

    def __init__(self, log: Any, audit: Callable[[str], None]) -> None:
        """`audit` appends one line to the chain and may fail; it is then tried again."""
        self._log, self._audit = log, audit
        self._noted: queue.Queue[Refusal] = queue.Queue(WAITING)
        self._overflowed = 0
        self._allowances: dict[Refused, _Allowance] = defaultdict(_Allowance)

    def note(self, refusal: Refusal) -> None:
        """Take note; returns at once whatever the store does."""
        try:
            self._noted.put_nowait(refusal)
        except queue.Full:
            self._overflowed += 1

    def waiting(self) -> int:
        """How many refusals are noted and not yet kept."""
        return self._noted.qsize()

    def keep(self, stop: threading.Event) -> None:
        """Log and audit what is noted, until asked to stop."""
        while not stop.is_set():
            try:
                refusal = self._noted.get(timeout=0.2)
            except queue.Empty:
                continue
            allowance = self._allowances[refusal.reason]
            if not allowance.take():
                continue
            untold, allowance.untold = allowance.untold + self._overflowed, 0
            self._overflowed = 0
            self._log.warning("refused", door="dicom", what=refusal.reason, host=refusal.host, more=untold)
            if refusal.reason in IMPOSTORS:
                self._sealed(_line(refusal, untold), stop)

    def _sealed(self, line: str, stop: threading.Event) -> None:
        while True:
            try:
                self._audit(line)
            except Exception:  # noqa: BLE001  # each driver has its own errors; the line waits for the store
                if stop.wait(RETRY_SECONDS):
                    return
            else:
                return


def _line(refusal: Refusal, untold: int) -> str:
    """What goes into the chain. A title is what a stranger sent: its plain characters only."""
    who = f"{_PLAIN.sub('?', refusal.title)}@{refusal.host}" if refusal.title else refusal.host
    return f"{who} {refusal.reason}" + (f", {untold} more before" if untold else "")
