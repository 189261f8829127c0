"""Studies, from the first instance to the last prediction."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from monitor.core.pairing import MatchMethod
from monitor.core.ports import Settlement, Unreadable
from monitor.core.study import Instance, Study, StudyState
from monitor.store.database import MOST_PARAMETERS, Database
from monitor.store.records import (
    features_row,
    instance_of,
    instance_row,
    prediction_row,
    study_of,
    study_row,
    unreadable_row,
)
from monitor.store.tables import FeatureSetRow, InstanceRow, PredictionRow, ReadRow, ResultRow, StudyRow
from monitor.store.tally import LATENCY_BUCKET, LATENCY_SUM, Tally, beat, bucket, move

_ArrivalT = TypeVar("_ArrivalT", Instance, Unreadable)


class SqlStudies:
    """The `StudyStore` port over a database."""

    database: Database

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """See `StudyStore.register`."""
        if not arrivals:
            return
        with self.database.writing() as session:
            broken = [arrival for arrival in arrivals if isinstance(arrival, Unreadable)]
            instances = [arrival for arrival in arrivals if isinstance(arrival, Instance)]
            new = self._register_unreadable(session, broken) + self._register_instances(session, instances)
            move(self.database, session, Counter({("studies_received", ()): new} if new else {}))
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
        first: dict[str, Settlement] = {}
        for settlement in settlements:
            first.setdefault(settlement.study, settlement)
        with self.database.writing() as session:
            query = select(StudyRow).where(StudyRow.state == StudyState.PENDING)
            due = {row.key: study_of(row) for row in _among(session, query, col(StudyRow.key), list(first))}
            ended = [first[key] for key in due]
            scored = [(due[settlement.study], answer) for settlement in ended for answer in settlement.scored]
            rows = [{"of": s.study, "to": s.state, "why": s.reason, "at": at} for s in ended]
            if rows:
                session.connection().execute(_SETTLE, rows)
                beat(self.database, session, "score", at)
            predictions = [prediction_row(prediction) for _, answer in scored for prediction in answer.predictions]
            self.database.insert(session, PredictionRow, predictions)
            self.database.insert(session, FeatureSetRow, [features_row(*pair) for pair in scored])
            move(self.database, session, sum((_counted(settlement) for settlement in ended), Counter()))
        return len(ended)

    def recent_studies(self, limit: int) -> Sequence[Study]:
        """The studies received last, the latest first."""
        query = select(StudyRow).order_by(col(StudyRow.received_at).desc(), col(StudyRow.key)).limit(limit)
        with self.database.reading() as session:
            return [study_of(row) for row in session.exec(query)]

    def sop_classes(self, sops: Sequence[str]) -> Mapping[str, str]:
        """The SOP class each of these SOP pseudonyms is registered under; those that are not are left out."""
        query = select(InstanceRow.sop, InstanceRow.sop_class)
        with self.database.reading() as session:
            return dict(_among(session, query, col(InstanceRow.sop), sops))

    def settled(self, digests: Sequence[str]) -> Sequence[str]:
        """See `StudyStore.settled`. An unreadable object is a failed study whose key is its digest."""
        gone = select(InstanceRow.digest).join(StudyRow).where(StudyRow.state != StudyState.PENDING)
        with self.database.reading() as session:
            known = set(_among(session, gone, col(InstanceRow.digest), digests))
            known |= set(_among(session, select(StudyRow.key), col(StudyRow.key), digests))
        return [digest for digest in digests if digest in known]

    def _register_unreadable(self, session: Session, arrivals: Sequence[Unreadable]) -> int:
        first = _first(arrivals)
        for digest in _among(session, select(StudyRow.key), col(StudyRow.key), list(first)):
            del first[digest]
        self.database.insert(session, StudyRow, [unreadable_row(arrival) for arrival in first.values()])
        move(self.database, session, Counter(("studies_failed", (str(a.reason),)) for a in first.values()))
        return len(first)

    def _register_instances(self, session: Session, arrivals: Sequence[Instance]) -> int:
        """Add instances; how many began a study. The same SOP with other bytes is kept, and never scored."""
        first = _first(arrivals)
        for digest in _among(session, select(InstanceRow.digest), col(InstanceRow.digest), list(first)):
            del first[digest]
        new = list(first.values())
        sops = set(_among(session, select(InstanceRow.sop), col(InstanceRow.sop), [i.sop for i in new]))
        keys = list({instance.study for instance in new})
        known = set(_among(session, select(StudyRow.key), col(StudyRow.key), keys))
        studies: dict[str, Instance] = {}
        rows = []
        for instance in new:
            rows.append(instance_row(instance, conflict=instance.sop in sops))
            sops.add(instance.sop)
            if instance.study not in known:
                studies.setdefault(instance.study, instance)
        self.database.insert(session, StudyRow, [study_row(instance) for instance in studies.values()])
        self.database.insert(session, InstanceRow, rows)
        if new:
            session.connection().execute(_TOUCH, [{"of": i.study, "at": i.received_at} for i in new])
        _wake_reads(session, list(studies.values()))
        return len(studies)


_SETTLE = (
    update(StudyRow)
    .where(col(StudyRow.key) == bindparam("of"))
    .values(state=bindparam("to"), reason=bindparam("why"), settled_at=bindparam("at"), revision=StudyRow.revision + 1)
)
_TOUCH = (
    update(StudyRow)
    .where(col(StudyRow.key) == bindparam("of"), col(StudyRow.state) == StudyState.PENDING)
    .where(col(StudyRow.last_instance_at) < bindparam("at"))
    .values(last_instance_at=bindparam("at"))
)


def _first(arrivals: Sequence[_ArrivalT]) -> dict[str, _ArrivalT]:
    """The first arrival of each digest, in order."""
    first: dict[str, _ArrivalT] = {}
    for arrival in arrivals:
        first.setdefault(arrival.digest, arrival)
    return first


def _among(session: Session, query: Any, column: Any, values: Sequence[str]) -> Iterator[Any]:
    """What a query finds where `column` is one of these values, however many they are."""
    for first in range(0, len(values), MOST_PARAMETERS):
        yield from session.exec(query.where(column.in_(values[first : first + MOST_PARAMETERS])))


def _wake_reads(session: Session, begun: Sequence[Instance]) -> None:
    """Reads these studies are candidates of get another look, unless a study UID has placed them.

    One that came before its images now finds them; one placed by its accession may no longer have a single candidate.
    """
    uids = {instance.study for instance in begun}
    issued = {instance.issuer_accession for instance in begun} - {None}
    shared = (
        (col(ReadRow.study_uid), uids),
        (col(ReadRow.accession), {instance.accession for instance in begun} - {None}),
        (col(ReadRow.issuer_accession), issued),
    )
    for column, values in shared:
        if values:
            wake = update(ReadRow).where(column.in_(values)).values(to_match=True)
            settled = (MatchMethod.STUDY_UID, MatchMethod.LINKED)
            unplaced = col(ReadRow.method).is_(None) | col(ReadRow.method).not_in(settled)
            session.connection().execute(wake.where(unplaced))
    for column, values in ((col(ResultRow.study_uid), uids), (col(ResultRow.issuer_accession), issued)):
        if values:
            waiting = col(ResultRow.study).is_(None)
            session.connection().execute(update(ResultRow).where(column.in_(values), waiting).values(to_match=True))


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
