"""Wires the STOW-RS routes: who may send, where it goes, and in which jail its study is read."""

import hmac
from functools import partial

from fastapi import APIRouter

from monitor.api.stow import stow_routes
from monitor.core.ports import Clock
from monitor.ingest.heading import StudyReader
from monitor.ingest.spool import DiskSpool
from monitor.ingest.stow import StowIntake
from monitor.service import parsing
from monitor.service.running import Running
from monitor.settings import LOOPBACK, PREFIX, secret_in


def stow_door(running: Running, spool: DiskSpool, clock: Clock) -> APIRouter:
    """The STOW-RS routes: with a token where one is set, else for a listener on loopback only.

    Raises:
        SettingError: the token cannot be read.
    """
    settings = running.settings
    token = secret_in(settings.api.token_file, "API__TOKEN_FILE") if settings.api.token_file else None
    study_of = StudyReader(partial(parsing.open_jails, settings, size=1))
    intake = StowIntake(spool, clock, study_of, max_bytes=settings.dicom.max_object_bytes)
    refused = partial(running.log.warning, "refused", door="stow")
    return stow_routes(intake.take, partial(_admitted, token, settings.api.host), refused)


def _admitted(token: str | None, host: str, authorization: str | None) -> str | None:
    """Why this Authorization header is not enough, or None. Compared in a time that tells nothing of the token."""
    if token is None:
        return None if host in LOOPBACK else f"{PREFIX}API__TOKEN_FILE is not set: only loopback is served"
    shown = (authorization or "").encode()
    return None if hmac.compare_digest(shown, f"Bearer {token}".encode()) else "accepted: Authorization: Bearer <token>"
