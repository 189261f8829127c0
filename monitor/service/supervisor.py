"""`overread serve`: one process a role, started together, restarted when one falls, ended together."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.core.errors import OverreadError, UnreachableError
from monitor.service.logs import configure
from monitor.service.roles import GRACE_SECONDS, Role
from monitor.settings import Settings, pseudonym_key
from monitor.store import schema
from monitor.store.database import Database

MAX_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
POLL_SECONDS = 0.1


class RoleFailedError(OverreadError):
    """A process of the sidecar could not start; the reason stands above."""


@dataclass(kw_only=True)
class _Child:
    """One role's process. `due` is when it may next be started."""

    role: Role
    process: "subprocess.Popen[bytes]"
    ready: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)
    backoff: float = 1.0
    due: float | None = None


def supervise(settings: Settings, roles: Sequence[Role] = tuple(Role)) -> None:
    """Run the roles until a signal asks to stop. Prints `ready` on stderr when every listener is up.

    Raises:
        UnreachableError: the store cannot be brought to this version's schema.
        RoleFailedError: a role ended before it was ready.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    prepare(settings)
    log = configure(settings.log_level, role="supervisor")
    children = [_spawn(role) for role in roles]
    try:
        _await_ready(children, stop)
        if not stop.is_set():
            sys.stderr.write("ready\n")
            sys.stderr.flush()
        while not stop.wait(POLL_SECONDS):
            children = [_kept(child, log) for child in children]
    finally:
        _end(children)


def prepare(settings: Settings) -> None:
    """Make the data folder, the pseudonym key and the store's tables, so that no two roles race for them."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    pseudonym_key(settings)
    database = Database(settings.store_url)
    try:
        schema.upgrade(database)
    except Exception as error:  # noqa: BLE001  # each driver has its own errors, and their text may hold the URL
        message = f"the store does not answer ({type(error).__name__}); check OVERREAD_STORE__URL"
        raise UnreachableError(message) from None
    finally:
        database.close()


def _spawn(role: Role) -> _Child:
    process = subprocess.Popen(  # noqa: S603  # our own command, under our own interpreter
        [sys.executable, "-m", "monitor.cli", "serve", "--role", role, "--supervised"],
        stdin=subprocess.PIPE,  # never written to: its end tells the child that we are gone
        stdout=subprocess.PIPE,
        start_new_session=True,  # a terminal's Ctrl-C comes to us alone; we pass it on in order
    )
    child = _Child(role=role, process=process)
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    return child


def _watch(child: _Child) -> None:
    if child.process.stdout is not None and child.process.stdout.readline().strip() == b"ready":
        child.ready.set()


def _await_ready(children: Sequence[_Child], stop: threading.Event) -> None:
    while not stop.is_set() and not all(child.ready.is_set() for child in children):
        for child in children:
            code = child.process.poll()
            if code is not None:
                message = f"the {child.role} ended with exit code {code} before it was ready; its reason stands above"
                raise RoleFailedError(message)
        stop.wait(POLL_SECONDS)


def _kept(child: _Child, log: object) -> _Child:
    """The child, or its replacement once its back-off is over."""
    code = child.process.poll()
    if code is None:
        return child
    now = time.monotonic()
    if child.due is None:
        if now - child.started > STEADY_SECONDS:
            child.backoff = 1.0
        child.due = now + child.backoff
        log.error("role_ended", ended=child.role, code=code, restart_seconds=child.backoff)  # type: ignore[attr-defined]  # structlog
    if now < child.due:
        return child
    fresh = _spawn(child.role)
    fresh.backoff = min(MAX_BACKOFF_SECONDS, child.backoff * 2)
    return fresh


def _end(children: Sequence[_Child]) -> None:
    """Ask all to stop, wait, and end those that do not."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        for stream in (child.process.stdin, child.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
