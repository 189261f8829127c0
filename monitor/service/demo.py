"""`overread demo`: a simulated hospital against the real sidecar, which runs as it would anywhere.

The hospital keeps a clock of its own in a file that the sidecar's processes read, so that history has its true dates
while the wire, the store and the code are the real ones.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as midnight
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.agreement.judgement import judge
from monitor.core.errors import OverreadError, UsageError
from monitor.service import rooms
from monitor.service.clocks import FileClock, SystemClock
from monitor.settings import PREFIX, Settings, load
from monitor.simulate.chest import ChestGenerator
from monitor.simulate.fleet import SITES
from monitor.simulate.hospital import Draw, Hospital, StudySent
from monitor.simulate.shifts import Injection
from monitor.simulate.wire import DicomSender, MllpSender
from monitor.store.sql import SqlStore

NIGHT = timedelta(minutes=5)
"""How far past midnight the clock goes between days: beyond the quiet time, so that the day's last study is scored."""
READY_SECONDS = 60.0
DAY_SECONDS = 120.0
LIVE_PACE = 360.0
"""Simulated seconds a second once the demo is live: an hour every ten seconds."""
LIVE_STEP = 0.25
KEPT = frozenset({f"{PREFIX}DEVICE", f"{PREFIX}MODELS__DIR"})
"""The only settings of the site that a demonstration takes over."""
PORTS = ("DICOM", "MLLP", "API", "METRICS", "DASHBOARD")


class DemoStuckError(OverreadError):
    """The sidecar did not get through a day of history."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to play. `shift` is NAME@DAY[:SITE] or empty."""

    headless: bool
    days: int
    seed: int
    shift: str
    start: date | None
    data_dir: Path | None
    as_json: bool


def run_demo(plan: Plan) -> None:
    """Play the plan; returns when the history is told (headless) or when interrupted (with the dashboard).

    Raises:
        UsageError: the shift is not one there is.
        DemoStuckError: the sidecar did not get through a day.
    """
    injections = injections_of(plan.shift)
    start = plan.start or SystemClock().now().date() - timedelta(days=plan.days)
    console = Console(stderr=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    began = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(plan.data_dir))
        environment = _environment(folder, free=plan.headless)
        _leave_settings_behind()
        os.environ.update(environment)
        settings = load()
        clock = FileClock(folder / "clock")
        clock.set(datetime.combine(start, midnight(), UTC))
        hospital = Hospital(plan.seed, start, injections, ChestGenerator())
        artists = stack.enter_context(ProcessPoolExecutor(1, initializer=_ignore_interrupts))
        drawn = _drawn(hospital, 0, artists)  # while the sidecar starts
        stack.enter_context(_sidecar(stop))
        store = rooms.open_store(settings)
        stack.callback(store.close)
        stage = _Stage(*_wires(stack, settings), clock, store, artists, stop)
        began_telling = time.monotonic()
        told = _tell(plan, hospital, stage, console, drawn)
        if not told:
            return
        ended = time.monotonic()
        if plan.headless:
            took = {"seconds": round(ended - began, 1), "history_seconds": round(ended - began_telling, 1)}
            _report(plan, outcome(store, hospital, settings) | took, console)
            return
        _open(settings, folder, store, stack, console)
        _go_live(plan.days, hospital, stage)


def injections_of(shift: str) -> list[Injection]:
    """The injection a NAME@DAY[:SITE] names; none where it is empty.

    Raises:
        UsageError: it cannot be read, or names a shift, site or day that there is not.
    """
    if not shift:
        return []
    name, _, when = shift.partition("@")
    day, _, site = when.partition(":")
    if not day.isdigit():
        message = f"--shift {shift!r}: accepted is NAME@DAY or NAME@DAY:SITE, such as detector_replaced@45:south"
        raise UsageError(message)
    return [Injection(name=name, day=int(day), site=site or None)]


def outcome(store: SqlStore, hospital: Hospital, settings: Settings) -> dict[str, Any]:
    """What a headless demo prints: status, agreement, what was injected and what was alarmed."""
    alarms = [
        {
            "kind": "alarm",
            "at": alarm.at.isoformat(),
            "about": alarm.kind,
            "model": alarm.model,
            "version": alarm.version,
            "subject": alarm.subject,
            "summary": alarm.summary,
            "suspects": [asdict(suspect) for suspect in alarm.suspects],
        }
        for alarm in store.alarms()
    ]
    events: list[dict[str, Any]] = [*hospital.injected(), *alarms]
    rows = [
        {"model": row.model, "version": row.version, "finding": row.finding, "stratum": dict(row.stratum)}
        | judge(row.counts).as_json()
        for row in store.counts()
    ]
    waiting = rooms.open_spool(settings).waiting()
    return {
        "status": store.status(now=FileClock(settings.data_dir / "clock").now(), waiting=waiting).as_json(),
        "agreement": rows,
        "events": sorted(events, key=lambda event: datetime.fromisoformat(event["at"])),
    }


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the hospital plays on."""

    dicom: DicomSender
    mllp: MllpSender
    clock: FileClock
    store: SqlStore
    artists: ProcessPoolExecutor
    stop: threading.Event


def _tell(plan: Plan, hospital: Hospital, stage: _Stage, console: Console, drawn: Iterator[Any]) -> bool:
    """Play the history a day at a time, waiting each night for the sidecar's verdict; False when interrupted.

    The next day is drawn while this one is sent; `drawn` are the images of the first.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{plan.days} days of history", total=plan.days)
        for day in range(plan.days):
            drawing, drawn = drawn, _drawn(hospital, day + 1, stage.artists)
            hospital.play(day, stage.dicom, stage.mllp, stage.clock.set, draw=_already(drawing), together=True)
            if not _sleep_over(hospital.start + timedelta(days=day), stage):
                return False
            progress.advance(task)
    return True


def _drawn(hospital: Hospital, day: int, artists: ProcessPoolExecutor) -> Iterator[Any]:
    studies = [event for event in hospital.events(day) if isinstance(event, StudySent)]
    return artists.map(StudySent.dataset, studies)


def _already(images: Iterator[Any]) -> Draw:
    """What `play` asks to draw, when it has been drawn ahead."""
    return lambda _draw, _studies: images


def _sleep_over(day: date, stage: _Stage) -> bool:
    """Let midnight pass and wait until the day has been judged; False when interrupted."""
    stage.clock.set(datetime.combine(day + timedelta(days=1), midnight(), UTC) + NIGHT)
    deadline = time.monotonic() + DAY_SECONDS
    while not stage.stop.is_set():
        judged = stage.store.last_evaluated()
        if judged is not None and judged >= day:
            return True
        if time.monotonic() > deadline:
            message = f"the sidecar has not judged {day} within {DAY_SECONDS:.0f} s; its log stands above"
            raise DemoStuckError(message)
        time.sleep(0.02)
    return False


def _go_live(day: int, hospital: Hospital, stage: _Stage) -> None:
    """Play on, an hour every ten seconds, until interrupted."""

    def walk(until: datetime) -> None:
        while not stage.stop.is_set() and stage.clock.now() < until:
            stage.clock.set(min(until, stage.clock.now() + timedelta(seconds=LIVE_PACE * LIVE_STEP)))
            stage.stop.wait(LIVE_STEP)
        if stage.stop.is_set():
            raise _InterruptedError

    try:
        while True:
            drawn = _drawn(hospital, day, stage.artists)
            hospital.play(day, stage.dicom, stage.mllp, walk, draw=_already(drawn))
            day += 1
    except _InterruptedError:
        return


class _InterruptedError(Exception):
    pass


def _report(plan: Plan, found: dict[str, Any], console: Console) -> None:
    if plan.as_json:
        sys.stdout.write(json.dumps(found, default=str) + "\n")
        return
    studies = found["status"]["studies"]
    console.print(f"{studies['received']} studies received, {studies['scored']} scored, in {found['seconds']} s")
    for event in found["events"]:
        words = (
            event["summary"] if event["kind"] == "alarm" else f"{event['name']} at {event['site']}: {event['summary']}"
        )
        console.print(f"{event['at'][:10]}  {event['kind']:9} {words}", soft_wrap=True, markup=False)


def _open(settings: Settings, folder: Path, store: SqlStore, stack: ExitStack, console: Console) -> None:
    """Start the dashboard and say where to look."""
    from dashboard import launch  # noqa: PLC0415  # only with a screen

    stack.enter_context(_process(launch.command(settings), "dashboard"))
    _await_port(settings.dashboard.host, settings.dashboard.port)
    url = f"http://{settings.dashboard.host}:{settings.dashboard.port}"
    console.print(f"\nDashboard  {url}\nMetrics    http://{settings.metrics.host}:{settings.metrics.port}/metrics")
    console.print(f"Store      {PREFIX}DATA_DIR={folder} overread status", markup=False)
    alarms = store.alarms()
    look = f"Look at: {alarms[0].at:%d %b}, {alarms[0].summary}" if alarms else "No alarm was raised."
    console.print(f"{look}\nLive now, an hour every ten seconds. Ctrl-C stops everything.", markup=False)


def _environment(folder: Path, *, free: bool) -> dict[str, str]:
    """Settings of the demo's sidecar: its own folder, clock and sites, and ports that nobody holds."""
    settings = {
        "DATA_DIR": str(folder),
        "CLOCK__FILE": str(folder / "clock"),
        "SITES": json.dumps(SITES),
        "LOG_LEVEL": "error",
    }
    defaults = load()
    for name in PORTS:
        wanted: int = getattr(defaults, name.lower()).port
        settings[f"{name}__PORT"] = str(_port(0 if free else wanted))
    return {f"{PREFIX}{name}": value for name, value in settings.items()}


def _leave_settings_behind() -> None:
    """Forget the site's own settings: a demonstration must never write to the store or listen where they point."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        if name.upper() not in KEPT:
            del os.environ[name]


def _port(wanted: int) -> int:
    """The wanted port if nobody holds it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = "no free port on 127.0.0.1"
    raise DemoStuckError(message)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder to work in; one of our own is removed afterwards."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="overread-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _sidecar(stop: threading.Event) -> Iterator[None]:
    """The real `overread serve`, ready."""
    with _process([sys.executable, "-m", "monitor.cli", "serve"], "sidecar", stderr=subprocess.PIPE) as process:
        ready = threading.Event()

        def relay() -> None:
            for line in process.stderr or ():
                if line.strip() == b"ready":
                    ready.set()
                else:
                    sys.stderr.write(line.decode(errors="replace"))

        threading.Thread(target=relay, daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while not ready.wait(0.05) and not stop.is_set():
            if process.poll() is not None or time.monotonic() > deadline:
                message = "the sidecar did not become ready; its log stands above"
                raise DemoStuckError(message)
        yield


@contextmanager
def _process(command: Sequence[str], name: str, **streams: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A child that is asked to stop at the end, and ended when it does not."""
    process = subprocess.Popen(  # noqa: S603  # our own commands
        command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **streams
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"overread: the {name} had to be killed\n")
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wires(stack: ExitStack, settings: Settings) -> tuple[DicomSender, MllpSender]:
    dicom, mllp = settings.dicom, settings.mllp
    return (
        stack.enter_context(DicomSender(dicom.host, dicom.port, calling_ae="HOSPITAL", called_ae=dicom.ae_title)),
        stack.enter_context(MllpSender(mllp.host, mllp.port)),
    )


def _await_port(host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    message = f"nothing listens on {host}:{port}"
    raise DemoStuckError(message)


def _ignore_interrupts() -> None:
    """Ctrl-C is the demo's to answer, not the drawing process's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
