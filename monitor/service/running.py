"""What every role is given, and how each goes about its rounds."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitor.settings import Settings

REST_SECONDS = 0.05
FULL = 64
"""A round that did this much has more waiting: the next begins at once."""
MAX_BACKOFF_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """What a role is given: the settings, a flag that asks it to stop, its logger, and what to call when it listens."""

    settings: Settings
    stop: threading.Event
    log: Any
    ready: Callable[[], None]


def repeat(running: Running, work: Callable[[], int], *, every: float | None = None) -> None:
    """Do `work` until asked to stop, with a rest in between, and back off when it failed.

    The rest, `every` seconds where that is given, lets what arrives meanwhile become one batch: a round over a single
    study costs nearly as much as one over many.

    A store that is down, a full disk and a bug alike must not end the process: what was acknowledged is still spooled.
    """
    backoff = REST_SECONDS
    while not running.stop.is_set():
        try:
            busy = work()
            backoff = REST_SECONDS
        except Exception as error:  # noqa: BLE001  # counted by its absence from last_success, logged by kind only
            running.log.error("work_failed", error=type(error).__name__, where=_where(error), retry_seconds=backoff)
            backoff = min(MAX_BACKOFF_SECONDS, backoff * 2)
            running.stop.wait(backoff)
            continue
        rest = 0 if busy >= FULL else REST_SECONDS
        running.stop.wait(rest if every is None else every)


def _where(error: BaseException) -> str:
    """File and line that raised, without the message: a message may quote what was received."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
