"""What each process of `overread serve` does. They meet only in the store and the spool."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from enum import StrEnum

from monitor.service.logs import configure
from monitor.service.running import Running
from monitor.settings import Settings

GRACE_SECONDS = 15.0


class Role(StrEnum):
    """The processes of a sidecar."""

    RECEIVER = "receiver"
    WORKER = "worker"
    EVALUATOR = "evaluator"
    API = "api"


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
