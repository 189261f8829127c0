"""What each process of `overread serve` does. They meet only in the store and the spool."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.service.logs import configure
from monitor.settings import Settings

GRACE_SECONDS = 15.0
REST_SECONDS = 0.1
FULL = 64
"""A round that did this much has more waiting: the next begins at once."""
MAX_BACKOFF_SECONDS = 30.0


class Role(StrEnum):
    """The processes of a sidecar."""

    RECEIVER = "receiver"
    WORKER = "worker"
    EVALUATOR = "evaluator"
    API = "api"


@dataclass(frozen=True, kw_only=True)
class Running:
    """What a role is given: the settings, a flag that asks it to stop, its logger, and what to call when it listens."""

    settings: Settings
    stop: threading.Event
    log: Any
    ready: Callable[[], None]


def run(role: Role, settings: Settings, *, supervised: bool) -> None:
    """Run one role until a signal, or, when supervised, until the supervisor is gone."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if supervised:
        threading.Thread(target=_follow_supervisor, args=(stop,), daemon=True).start()
    log = configure(settings.log_level, role=role)
    running = Running(settings=settings, stop=stop, log=log, ready=lambda: _announce(supervised=supervised))
    _body(role)(running)


def repeat(running: Running, work: Callable[[], int]) -> None:
    """Do `work` until asked to stop, with a rest in between, and back off when it failed.

    The rest is short beside any study's day and lets what arrives meanwhile become one batch: a round over a single
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
        running.stop.wait(0 if busy >= FULL else REST_SECONDS)


def _body(role: Role) -> Callable[[Running], None]:
    """The role's function; imported here, so that no process loads what only another needs."""
    if role is Role.RECEIVER:
        from monitor.service.listeners import receive  # noqa: PLC0415

        return receive
    if role is Role.WORKER:
        from monitor.service.worker import work  # noqa: PLC0415

        return work
    if role is Role.EVALUATOR:
        from monitor.service.evaluator import evaluate  # noqa: PLC0415

        return evaluate
    from monitor.service.http import serve_http  # noqa: PLC0415

    return serve_http


def _announce(*, supervised: bool) -> None:
    """Say that every listener is up: to the supervisor on stdout, to a person on stderr."""
    stream = sys.stdout if supervised else sys.stderr
    stream.write("ready\n")
    stream.flush()


def _follow_supervisor(stop: threading.Event) -> None:
    """Standard input ends when the supervisor dies, however it died; a role that lingers then gives its ports back."""
    while os.read(0, 1):  # unbuffered: Python must be able to end while this waits
        pass
    stop.set()
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)


def _where(error: BaseException) -> str:
    """File and line that raised, without the message: a message may quote what was received."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
