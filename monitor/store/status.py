"""The accounting equation, and what `/metrics` shows beyond the running counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.pairing import HEADLINE_METHODS
from monitor.core.read import ReadStatus
from monitor.core.status import PairsStatus, ReadsStatus, Status, StudiesStatus
from monitor.core.study import Failure, StudyState
from monitor.store.database import Database
from monitor.store.tables import CubeRow, HeartbeatRow, InstanceRow, QuarantineRow, ReadRow, StudyRow
from monitor.store.tally import totals


class SqlStatus:
    """The status part of the `EvaluationStore` port."""

    database: Database

    def status(self, *, now: datetime, waiting: int = 0) -> Status:
        """See `EvaluationStore.status`."""
        with self.database.reading() as session:
            oldest = session.exec(
                select(func.min(StudyRow.received_at)).where(StudyRow.state == StudyState.PENDING)
            ).one()
            return Status(
                studies=_studies(session, waiting),
                reads=_reads(session),
                pairs=_pairs(session),
                oldest_pending_seconds=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
            )

    def heartbeats(self) -> Mapping[str, datetime]:
        """When each stage last succeeded."""
        with self.database.reading() as session:
            return {row.stage: row.at for row in session.exec(select(HeartbeatRow))}

    def totals(self) -> Mapping[str, Mapping[tuple[str, ...], float]]:
        """All running counts, by name and label values."""
        with self.database.reading() as session:
            return totals(session)


def _studies(session: Session, waiting: int) -> StudiesStatus:
    query = select(StudyRow.state, StudyRow.reason, func.count()).group_by(col(StudyRow.state), col(StudyRow.reason))
    counts = {(state, reason): n for state, reason, n in session.exec(query)}

    def reasons(wanted: StudyState) -> dict[str, int]:
        return {str(reason): n for (state, reason), n in sorted(counts.items(), key=str) if state == wanted}

    return StudiesStatus(
        received=sum(counts.values()) + waiting,
        scored=sum(reasons(StudyState.SCORED).values()),
        excluded=reasons(StudyState.EXCLUDED),
        failed=reasons(StudyState.FAILED),
        pending=sum(reasons(StudyState.PENDING).values()) + waiting,
        quarantined=reasons(StudyState.FAILED).get(Failure.MIXED_PATIENTS, 0),
        dead_letters=_number(session, is_dead()),
        partial=_number(session, col(StudyRow.partial)),
        conflicts=_number(session, col(InstanceRow.conflict)),
    )


def is_dead() -> Any:
    """Of a study: that it failed, tried as often as allowed."""
    return and_(col(StudyRow.state) == StudyState.FAILED, col(StudyRow.attempts) >= MOST_ATTEMPTS)


def _number(session: Session, condition: Any) -> int:
    return session.exec(select(func.count()).where(condition)).one()


def _reads(session: Session) -> ReadsStatus:
    by_status = dict(session.exec(select(ReadRow.status, func.count()).group_by(ReadRow.status)).all())
    quarantined = session.exec(select(func.count()).select_from(QuarantineRow)).one()
    unmatched = session.exec(select(func.count()).where(col(ReadRow.study).is_(None))).one()
    return ReadsStatus(
        received=sum(by_status.values()) + quarantined,
        **{str(status): by_status.get(str(status), 0) for status in ReadStatus},
        quarantined=quarantined,
        unmatched=unmatched,
    )


def _pairs(session: Session) -> PairsStatus:
    definite = func.sum(CubeRow.tp + CubeRow.fp + CubeRow.fn + CubeRow.tn)
    by_match = {method: int(n) for method, n in session.exec(select(CubeRow.method, definite).group_by(CubeRow.method))}
    return PairsStatus(
        counted=sum(by_match.get(method, 0) for method in HEADLINE_METHODS),
        by_match={method: n for method, n in sorted(by_match.items()) if n},
    )
