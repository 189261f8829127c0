"""The audit chain: who did what and when, each link sealing all before it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from monitor.store.database import Database
from monitor.store.tables import AuditRow

GENESIS = "0" * 64
PAGE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """One audited act. `subject` is a pseudonym, a setting or a package: never a name or a number of a patient."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    previous: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Break:
    """The first link that does not hold."""

    seq: int
    expected: str
    found: str


class SqlAudit:
    """The audit chain over a database."""

    database: Database

    def audit(self, actor: str, action: str, subject: str, *, at: datetime) -> None:
        """Append an event. Writers queue for the last link, so that no two can follow it."""
        with self.database.writing() as session:
            append(session, actor, action, subject, at=at)

    def audit_events(self) -> Iterator[AuditEvent]:
        """All events, oldest first, some at a time: nothing is held open while the caller works."""
        last = -1
        while True:
            query = select(AuditRow).where(col(AuditRow.seq) > last).order_by(col(AuditRow.seq)).limit(PAGE)
            with self.database.reading() as session:
                page = [_event(row) for row in session.exec(query)]
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1].seq

    def audit_break(self) -> Break | None:
        """Walk the chain; the first link that was changed, removed or put in, or None.

        Links cut off at the end leave a shorter chain that holds: compare its last digest with one kept elsewhere.
        """
        previous = GENESIS
        for expected_seq, event in enumerate(self.audit_events(), start=1):
            digest = seal(previous, event.seq, event.at, event.actor, event.action, event.subject)
            if (event.seq, event.previous, event.digest) != (expected_seq, previous, digest):
                return Break(seq=expected_seq, expected=digest, found=event.digest)
            previous = event.digest
        return None


def append(session: Session, actor: str, action: str, subject: str, *, at: datetime) -> None:
    """Append an event in the transaction of what it tells of."""
    last = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    seq, previous = (1, GENESIS) if last is None else (last.seq + 1, last.digest)
    digest = seal(previous, seq, at, actor, action, subject)
    session.add(AuditRow(seq=seq, at=at, actor=actor, action=action, subject=subject, previous=previous, digest=digest))


def _event(row: AuditRow) -> AuditEvent:
    return AuditEvent(**{field.name: getattr(row, field.name) for field in fields(AuditEvent)})


def seal(previous: str, seq: int, at: datetime, actor: str, action: str, subject: str) -> str:
    """The sha256 that binds an event to all before it; fields are a JSON list, so that none can run into the next."""
    link = json.dumps([previous, seq, at.astimezone(UTC).isoformat(), actor, action, subject], ensure_ascii=True)
    return hashlib.sha256(link.encode()).hexdigest()
