"""Studies, from the first instance to the last prediction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from monitor.core.pairing import MatchMethod
from monitor.core.ports import Scored, Settlement, Unreadable
from monitor.core.study import Acquisition, Instance, Study, StudyState
from monitor.store.database import Database
from monitor.store.records import finite, instance_of, instance_row, packed, study_of, study_row
from monitor.store.tables import FeatureSetRow, InstanceRow, PredictionRow, ReadRow, StudyRow
from monitor.store.tally import LATENCY_BUCKET, LATENCY_SUM, Tally, beat, bucket, move

MOST_PARAMETERS = 10_000
"""Digests in one query: SQLite takes 32 766 parameters and Postgres 65 535."""


class SqlStudies:
    """The `StudyStore` port over a database."""

    database: Database

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """See `StudyStore.register`."""
        with self.database.writing() as session:
            new = 0
            tally: Tally = Counter()
            for arrival in arrivals:
                if isinstance(arrival, Unreadable):
                    tally += _register_unreadable(session, arrival)
                else:
                    new += _register_instance(session, arrival)
            tally["studies_received", ()] += new
            move(self.database, session, +tally)
            if arrivals:
                beat(self.database, session, "receive", max(arrival.received_at for arrival in arrivals))

    def ready(self, *, quiet_since: datetime, limit: int) -> Sequence[Study]:
        """See `StudyStore.ready`."""
        query = (
            select(StudyRow)
            .where(StudyRow.state == StudyState.PENDING, col(StudyRow.last_instance_at) <= quiet_since)
            .order_by(col(StudyRow.last_instance_at), col(StudyRow.studied_at))
            .limit(limit)
        )
        with self.database.reading() as session:
            return [study_of(row) for row in session.exec(query)]

    def instances(self, study: str) -> Sequence[Instance]:
        """See `StudyStore.instances`."""
        query = (
            select(InstanceRow, StudyRow)
            .join(StudyRow)
            .where(InstanceRow.study == study, col(InstanceRow.conflict).is_(False))
            .order_by(col(InstanceRow.series_number), col(InstanceRow.instance_number), col(InstanceRow.sop))
        )
        with self.database.reading() as session:
            return [instance_of(row, owner) for row, owner in session.exec(query)]

    def settle(self, settlements: Sequence[Settlement], *, at: datetime) -> int:
        """See `StudyStore.settle`."""
        tally: Tally = Counter()
        settled = 0
        with self.database.writing() as session:
            for settlement in settlements:
                row = session.get(StudyRow, settlement.study)
                if row is None or row.state != StudyState.PENDING:
                    continue
                settled += 1
                row.state, row.reason, row.settled_at = settlement.state, settlement.reason, at
                row.revision += 1
                session.add(row)
                for scored in settlement.scored:
                    _store_scored(session, study_of(row), scored)
                tally += _counted(settlement)
            move(self.database, session, tally)
            if settled:
                beat(self.database, session, "score", at)
        return settled

    def recent_studies(self, limit: int) -> Sequence[Study]:
        """The studies received last, the latest first."""
        query = select(StudyRow).order_by(col(StudyRow.received_at).desc(), col(StudyRow.key)).limit(limit)
        with self.database.reading() as session:
            return [study_of(row) for row in session.exec(query)]

    def settled(self, digests: Sequence[str]) -> Sequence[str]:
        """See `StudyStore.settled`. An unreadable object is a failed study whose key is its digest."""
        gone = select(InstanceRow.digest).join(StudyRow).where(StudyRow.state != StudyState.PENDING)
        known: set[str] = set()
        with self.database.reading() as session:
            for first in range(0, len(digests), MOST_PARAMETERS):
                some = digests[first : first + MOST_PARAMETERS]
                known.update(session.exec(gone.where(col(InstanceRow.digest).in_(some))))
                known.update(session.exec(select(StudyRow.key).where(col(StudyRow.key).in_(some))))
        return [digest for digest in digests if digest in known]


def _register_instance(session: Session, instance: Instance) -> int:
    """Add one instance; 1 where it began a study, else 0. The same SOP with other bytes is kept, and never scored."""
    if session.get(InstanceRow, instance.digest) is not None:
        return 0
    conflict = session.exec(select(InstanceRow.digest).where(InstanceRow.sop == instance.sop)).first() is not None
    row = session.get(StudyRow, instance.study)
    if row is None:
        session.add(study_row(instance))
        session.flush()
        _wake_reads(session, instance)
    elif row.state == StudyState.PENDING:
        row.last_instance_at = max(row.last_instance_at, instance.received_at)
        session.add(row)
    session.add(instance_row(instance, conflict=conflict))
    session.flush()
    return int(row is None)


def _wake_reads(session: Session, instance: Instance) -> None:
    """Reads this study is a candidate of get another look, unless a study UID has placed them.

    One that came before its images now finds them; one placed by its accession may no longer have a single candidate.
    """
    shared: Iterable[tuple[object, str | None]] = (
        (col(ReadRow.study_uid), instance.study),
        (col(ReadRow.accession), instance.accession),
        (col(ReadRow.issuer_accession), instance.issuer_accession),
    )
    conditions = [column == value for column, value in shared if value is not None]
    session.connection().execute(
        update(ReadRow)
        .where(col(ReadRow.method).is_distinct_from(MatchMethod.STUDY_UID), or_(*conditions))  # type: ignore[arg-type]  # columns compare to clauses
        .values(to_match=True)
    )


def _register_unreadable(session: Session, arrival: Unreadable) -> Tally:
    if session.get(StudyRow, arrival.digest) is not None:
        return Counter()
    session.add(
        StudyRow(
            key=arrival.digest,
            patient=None,
            accession=None,
            issuer_accession=None,
            **asdict(Acquisition()),
            studied_at=arrival.received_at,
            utc_offset_minutes=0,
            received_at=arrival.received_at,
            last_instance_at=arrival.received_at,
            settled_at=arrival.received_at,
            state=StudyState.FAILED,
            reason=arrival.reason,
        )
    )
    session.flush()
    return Counter({("studies_received", ()): 1, ("studies_failed", (str(arrival.reason),)): 1})


def _store_scored(session: Session, study: Study, scored: Scored) -> None:
    session.add_all(
        PredictionRow(
            study=study.key,
            model=prediction.model,
            version=prediction.version,
            finding=prediction.finding,
            score=prediction.score,
            operating_point=prediction.operating_point,
            call=prediction.call,
            scored_at=prediction.scored_at,
        )
        for prediction in scored.predictions
    )
    features = scored.features
    session.add(
        FeatureSetRow(
            study=study.key,
            model=features.model,
            version=features.version,
            day=study.day,
            scores={prediction.finding: prediction.score for prediction in scored.predictions},
            statistics=finite(features.statistics),
            embedding=packed(features.embedding),
            latency_seconds=features.latency_seconds,
        )
    )


def _counted(settlement: Settlement) -> Tally:
    tally: Tally = Counter()
    if settlement.state in {StudyState.EXCLUDED, StudyState.FAILED}:
        tally[f"studies_{settlement.state}", (str(settlement.reason),)] += 1
    for scored in settlement.scored:
        seconds = scored.features.latency_seconds
        tally[LATENCY_BUCKET, (bucket(seconds),)] += 1
        tally[LATENCY_SUM, ()] += seconds  # type: ignore[assignment]  # a Counter holds any number
        for prediction in scored.predictions:
            outcome = "positive" if prediction.call else "negative"
            tally["predictions", (prediction.model, prediction.version, outcome)] += 1
    return tally
