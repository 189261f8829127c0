"""Wires the doors that look for studies themselves: the drop folder, the DICOMweb pull and an import by hand."""

import base64
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import takewhile

import httpx

from monitor.core.errors import SettingError
from monitor.core.ports import Clock
from monitor.ingest.dicomweb import Archive, ArchiveError
from monitor.ingest.doorway import Doorway, Ending
from monitor.ingest.dropfolder import DropFolder
from monitor.ingest.pull import Patience, Puller
from monitor.service import rooms
from monitor.service.running import Running, repeat
from monitor.settings import LOOPBACK, PREFIX, Settings, secret_in
from monitor.settings.doors import DicomwebSettings
from monitor.store.sql import SqlStore

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0


def open_doorway(settings: Settings, store: SqlStore, clock: Clock, *, dry_run: bool = False) -> Doorway:
    """A visit to the spool that passes over what is already here."""
    most = settings.dicom.max_object_bytes
    return Doorway(rooms.open_spool(settings), clock, store.known_objects, max_bytes=most, dry_run=dry_run)


def open_archive(settings: Settings, wait: Callable[[float], object]) -> Archive:
    """The archive that was set; `wait` waits for this many seconds before it is asked again.

    Raises:
        SettingError: none is set, or its credentials cannot be used.
    """
    return Archive(_client(settings.dicomweb), max_bytes=settings.dicom.max_object_bytes, wait=wait)


def open_puller(settings: Settings, store: SqlStore, wait: Callable[[float], object]) -> Puller:
    """Compares the archive that was set with the store.

    Raises:
        SettingError: as `open_archive`.
    """
    return Puller(open_archive(settings, wait), store, rooms.pseudonyms(settings), wait)


def first_day(settings: Settings, clock: Clock) -> date:
    """The earliest study date a pull looks at."""
    today = clock.now().astimezone(settings.zone).date()
    return today - timedelta(days=settings.dicomweb.lookback_days)


def start(running: Running, store: SqlStore, clock: Clock) -> list[threading.Thread]:
    """Start what watches a folder and what pulls on a schedule, where they are set; both end with the role.

    Raises:
        SettingError: the folder cannot be used, or the archive's credentials.
    """
    settings, threads = running.settings, []
    if settings.folder.watch is not None:
        visit = partial(_visit, running, _drop_folder(settings, store, clock))
        threads.append(partial(repeat, running, visit, every=settings.folder.poll_seconds))
    if settings.dicomweb.url is not None and settings.dicomweb.every_seconds:
        puller = open_puller(settings, store, running.stop.wait)
        pull = partial(_pull, running, puller, Patience(), store, clock)
        threads.append(partial(repeat, running, pull, every=settings.dicomweb.every_seconds))
    started = [threading.Thread(target=work, daemon=True) for work in threads]
    for thread in started:
        thread.start()
    return started


def _drop_folder(settings: Settings, store: SqlStore, clock: Clock) -> DropFolder:
    folder = settings.folder
    if folder.watch is None or not folder.watch.is_dir():
        message = f"{PREFIX}FOLDER__WATCH={folder.watch}: no such folder; accepted: a folder that can be written to"
        raise SettingError(message)
    visit = partial(open_doorway, settings, store, clock)
    try:
        return DropFolder(folder.watch, visit, stable_seconds=folder.stable_seconds, delete=folder.after == "delete")
    except OSError as error:
        message = f"{PREFIX}FOLDER__WATCH={folder.watch}: {error.strerror}; accepted: a folder that can be written to"
        raise SettingError(message) from None


def _visit(running: Running, folder: DropFolder) -> int:
    endings = folder.visit()
    _report(running, "folder", endings)
    return endings.total()


def _pull(running: Running, puller: Puller, patience: Patience, store: SqlStore, clock: Clock) -> int:
    settings = running.settings
    try:
        listing = puller.look(first_day(settings, clock), settings.dicomweb.modalities)
    except ArchiveError as error:
        running.log.warning("pull_failed", fault=str(error.fault))
        return 0
    due = patience.due(listing.gaps)
    running.log.info("archive_searched", **listing.as_json(), given_up=patience.given_up)
    if due:
        going = takewhile(lambda _: not running.stop.is_set(), due)
        pulled = puller.pull(going, open_doorway(settings, store, clock), on_study=patience.tried)
        running.log.info("pulled", **pulled.as_json())
        _report(running, "dicomweb", pulled.endings)
    return len(due)


def _report(running: Running, door: str, endings: Counter[Ending]) -> None:
    for ending, count in sorted(endings.items()):
        well = ending in {Ending.TAKEN, Ending.KNOWN}
        tell = running.log.info if well else running.log.warning
        tell("taken" if well else "refused", door=door, what=str(ending), files=count)


def _client(archive: DicomwebSettings) -> httpx.Client:
    """An HTTP client for the archive: no redirects, no proxy of the environment, nothing verified loosely."""
    if archive.url is None:
        message = f"{PREFIX}DICOMWEB__URL is not set; accepted: the DICOMweb service of an archive"
        raise SettingError(message)
    authorization = _authorization(archive)
    url = httpx.URL(archive.url + "/")
    if authorization and url.scheme == "http" and url.host not in LOOPBACK:
        message = f"{PREFIX}DICOMWEB__URL would carry a secret in the clear; accepted: https, or a loopback host"
        raise SettingError(message)
    return httpx.Client(
        base_url=url,
        headers={"accept-encoding": "identity", **authorization},
        verify=_trust(archive),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        trust_env=False,
    )


def _authorization(archive: DicomwebSettings) -> dict[str, str]:
    """The header that says who we are, where a user or a token is set."""
    user, password, token = archive.username, archive.password_file, archive.token_file
    if (user is None) != (password is None) or (user is not None and token is not None):
        message = f"{PREFIX}DICOMWEB__USERNAME and __PASSWORD_FILE go together; accepted: both, or a __TOKEN_FILE alone"
        raise SettingError(message)
    if token is not None:
        return {"authorization": f"Bearer {secret_in(token, 'DICOMWEB__TOKEN_FILE')}"}
    if user is not None and password is not None:
        pair = f"{user}:{secret_in(password, 'DICOMWEB__PASSWORD_FILE')}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _trust(archive: DicomwebSettings) -> ssl.SSLContext:
    """Whom to believe, and what to show."""
    named = "CA_FILE"
    try:
        context = ssl.create_default_context(cafile=archive.ca_file)
        named = "CLIENT_CERT_FILE"
        if archive.client_cert_file is not None:
            context.load_cert_chain(archive.client_cert_file, archive.client_key_file)
    except OSError as error:  # ssl's own errors among them
        path = archive.ca_file if named == "CA_FILE" else archive.client_cert_file
        message = f"{PREFIX}DICOMWEB__{named}={path}: {error.strerror}; accepted: a readable PEM file"
        raise SettingError(message) from None
    return context
