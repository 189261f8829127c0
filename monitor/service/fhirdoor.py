"""FHIR over HTTP: what the routes call to take reports and production results in."""

import hashlib
from collections.abc import Mapping
from typing import Any

from monitor.api.reports import Take, outcome
from monitor.core.errors import OverreadError
from monitor.core.ports import Clock
from monitor.core.read import QuarantineReason, SetAside
from monitor.reads.fhir import ResourceError, parse_reports
from monitor.reads.intake import Desk
from monitor.reads.source import Source
from monitor.results.answer import Door
from monitor.results.fhir import ObservationError, parse_observations
from monitor.service import rooms
from monitor.settings import Settings
from monitor.store.sql import SqlStore

SOURCE = "fhir"


def reports_taken(store: SqlStore, desk: Desk, source: Source) -> Take:
    """What takes a DiagnosticReport or a Bundle in: all of it, or nothing."""

    def take(body: bytes) -> tuple[int, Mapping[str, Any]]:
        try:
            sent = parse_reports(body, source)
        except ResourceError as error:
            digest = hashlib.sha256(body).hexdigest()
            reason = QuarantineReason.INVALID_FIELD
            store.take([SetAside(key=digest, source=source.name, reason=reason, at=desk.clock.now())])
            return 400 if error.code in {"structure", "too-long"} else 422, outcome(
                error.code, error.path, error.accepted
            )
        marks = [f"{source.name}\x1f{one.identity}\x1f".encode() + one.content for one in sent]
        keys = [hashlib.sha256(mark).hexdigest() for mark in marks]
        reads = [desk.read(one.facts, key=key, source=source.name) for one, key in zip(sent, keys, strict=True)]
        return _counted(len(reads), store.take(reads))

    return _guarded(take)


def results_taken(store: SqlStore, settings: Settings, clock: Clock) -> Take:
    """What takes an Observation of the production AI, or a Bundle of them, in."""
    names = rooms.pseudonyms(settings)

    def take(body: bytes) -> tuple[int, Mapping[str, Any]]:
        door = Door(pseudonyms=names, source=SOURCE, zone=settings.zone, received_at=clock.now())
        try:
            results = parse_observations(body, door=door)
        except ObservationError as error:
            return 422, outcome("invalid", error.path, error.accepted)
        return _counted(len(results), store.add_results(results))

    return _guarded(take)


def _counted(received: int, new: int) -> tuple[int, Mapping[str, Any]]:
    text = f"{received} received, {new} new"
    issue = {"severity": "information", "code": "informational", "diagnostics": text}
    return 201 if new else 200, {"resourceType": "OperationOutcome", "issue": [issue]}


def _guarded(take: Take) -> Take:
    """A store that fails is said as such, and nothing of what it raised: the sender keeps what it sent."""

    def guarded(body: bytes) -> tuple[int, Mapping[str, Any]]:
        try:
            return take(body)
        except OverreadError:
            return 503, outcome("transient", "body", "the same again, later")
        except Exception:  # noqa: BLE001 - whatever it is may quote what was sent
            return 500, outcome("exception", "body", "the same again, later")

    return guarded
