"""What `overread doctor` looks at."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from monitor.core.errors import GateFailedError, OverreadError, SettingError
from monitor.inference.runner import chosen_device, load_scorers
from monitor.service import doors, rooms
from monitor.settings import PREFIX, Settings, pseudonym_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the doctor's report."""

    name: str
    ok: bool
    finding: str


def check_all(settings: Settings) -> list[Check]:
    """Every check, none of which stops another."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("settings", lambda: f"valid; data in {settings.data_dir}"),
        ("pseudonym key", lambda: f"{len(pseudonym_key(settings))} bytes"),
        ("store", lambda: _store(settings)),
        ("models", lambda: _models(settings)),
        ("device", lambda: f"{settings.device} → {chosen_device(settings.device)}"),
    ]
    ports = [
        (name, section.host, section.port)
        for name, section in (
            ("dicom", settings.dicom),
            ("mllp", settings.mllp),
            ("api", settings.api),
            ("metrics", settings.metrics),
            ("dashboard", settings.dashboard),
        )
    ]
    checks += [(f"{name} port", lambda at=(host, port): _port(*at)) for name, host, port in ports]  # type: ignore[misc]  # bound now
    if settings.folder.watch is not None:
        checks.append(("drop folder", lambda: _drop_folder(settings)))
    if settings.dicomweb.url is not None:
        checks.append(("archive", lambda: _archive(settings)))
    if settings.clock.file is not None:
        checks.append(("clock", lambda: f"simulated, from {settings.clock.file}: for demonstrations only"))
    return [_checked(name, look) for name, look in checks]


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, finding=look())
    except OverreadError as error:
        return Check(name=name, ok=False, finding=str(error))


def _store(settings: Settings) -> str:
    store = rooms.open_store(settings)
    broken = store.audit_break()
    store.close()
    if broken is not None:
        message = f"audit chain broken at event {broken.seq}"
        raise GateFailedError(message)
    return "answers, at this version's tables; audit chain intact"


def _models(settings: Settings) -> str:
    scorers = load_scorers(rooms.models_dir(settings), settings.device)
    return ", ".join(f"{scorer.model}/{scorer.version}" for scorer in scorers) + ": digests and self-test hold"


def _drop_folder(settings: Settings) -> str:
    folder = settings.folder.watch
    if folder is None or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        message = f"{PREFIX}FOLDER__WATCH={folder}: accepted: a folder that can be read and written to"
        raise SettingError(message)
    return f"{folder} can be read and emptied"


def _archive(settings: Settings) -> str:
    doors.open_archive(settings, lambda _seconds: None).answers()
    return "answers a search"


def _port(host: str, port: int) -> str:
    """Whether something listens: a port in use is well when it is ours, and only its owner can say so."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return f"{host}:{port} in use (a running sidecar, or another program: change {PREFIX}…__PORT)"
    except OSError:
        return f"{host}:{port} free"
