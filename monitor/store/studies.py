"""Studies, from their first attempt to the last prediction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, bindparam, cast, literal_column, or_, select, update
from sqlmodel import Session, col

from monitor.core.attempts import rest_after
from monitor.core.ports import ModelVersion, Settlement
from monitor.core.quiet import Quiet
from monitor.core.study import Failure, Instance, Study, StudyState
from monitor.store.database import MOST_PARAMETERS, Database, among, columns_of
from monitor.store.records import day_of, features_row, instance_of, prediction_row, study_of
from monitor.store.superseded import in_force, supersede
from monitor.store.tables import FeatureSetRow, InstanceRow, PredictionRow, StudyRow
from monitor.store.tally import LATENCY_BUCKET, LATENCY_SUM, Tally, beat, bucket, move


class SqlStudies:
    """The part of the `StudyStore` port that works on what arrived."""

    database: Database

    def claim(self, quiet: Quiet, *, at: datetime, limit: int, again: bool = False) -> Sequence[Study]:
        """See `StudyStore.claim`."""
        due = _due(quiet, at, again=again).limit(min(limit, MOST_PARAMETERS))
        with self.database.reading() as session:
            if session.connection().execute(due.with_only_columns(col(StudyRow.key)).limit(1)).first() is None:
                return []
        with self.database.writing() as session:
            claimed = [replace(study_of(row), attempts=row.attempts + 1) for row in session.connection().execute(due)]
            rests = [{"of": s.key, "n": s.attempts, "until": at + rest_after(s.attempts)} for s in claimed]
            if rests:
                session.connection().execute(_CLAIM, rests)
        return claimed

    def instances_of(self, studies: Sequence[str]) -> Mapping[str, Sequence[Instance]]:
        """See `StudyStore.instances_of`."""
        found: dict[str, list[Instance]] = {study: [] for study in studies}
        with self.database.reading() as session:
            for row in among(session, _INSTANCES, col(InstanceRow.study), studies):
                found[row.study].append(instance_of(row, row))
        return found

    def looked_at(self, studies: Sequence[str]) -> Mapping[tuple[str, ModelVersion], str]:
        """See `StudyStore.looked_at`."""
        with self.database.reading() as session:
            return {(study, version): instance for study, version, instance in in_force(session, studies)}

    def settle(self, settlements: Sequence[Settlement], *, at: datetime) -> int:
        """See `StudyStore.settle`."""
        first = {settlement.study: settlement for settlement in reversed(settlements)}
        with self.database.writing() as session:
            due = {row.key: row for row in among(session, _PENDING, col(StudyRow.key), list(first))}
            ended = [first[key] for key in due]
            if not ended:
                return 0
            moved = _superseded(session, ended, due, at) | {s.study for s in ended if s.scored}
            rows = [_end(settlement, at, moved=settlement.study in moved) for settlement in ended]
            session.connection().execute(_SETTLE, rows)
            scored = [answer for settlement in ended for answer in settlement.scored]
            predictions = [prediction_row(prediction) for answer in scored for prediction in answer.predictions]
            features = [features_row(answer, day=day_of(due[answer.features.study])) for answer in scored]
            self.database.insert(session, PredictionRow, predictions)
            self.database.insert(session, FeatureSetRow, features)
            move(self.database, session, sum((_counted(s, due[s.study]) for s in ended), Counter()))
            beat(self.database, session, "score", at)
        return len(ended)

    def settled(self, digests: Sequence[str], *, keep_failed_since: datetime | None = None) -> Sequence[str]:
        """See `StudyStore.settled`. An unreadable object is a failed study whose key is its digest."""
        over = col(StudyRow.state) != StudyState.PENDING
        if keep_failed_since is not None:
            over &= (col(StudyRow.state) != StudyState.FAILED) | (col(StudyRow.settled_at) < keep_failed_since)
        gone = select(col(InstanceRow.digest)).join(StudyRow).where(over)
        unreadable = select(col(StudyRow.key)).where(over)
        with self.database.reading() as session:
            known = {digest for (digest,) in among(session, gone, col(InstanceRow.digest), digests)}
            known |= {digest for (digest,) in among(session, unreadable, col(StudyRow.key), digests)}
        return [digest for digest in digests if digest in known]

    def reopen(self, studies: Sequence[str]) -> int:
        """See `StudyStore.reopen`."""
        opened = 0
        with self.database.writing() as session:
            for first in range(0, len(studies), MOST_PARAMETERS):
                chosen = col(StudyRow.key).in_(studies[first : first + MOST_PARAMETERS])
                opened += session.connection().execute(_REOPEN.where(chosen)).rowcount
        return opened

    def recent_studies(self, limit: int) -> Sequence[Study]:
        """The studies received last, the latest first."""
        query = columns_of(StudyRow).order_by(col(StudyRow.received_at).desc(), col(StudyRow.key)).limit(limit)
        with self.database.reading() as session:
            return [study_of(row) for row in session.connection().execute(query)]

    def sop_classes(self, sops: Sequence[str]) -> Mapping[str, str]:
        """The SOP class each of these SOP pseudonyms is registered under; those that are not are left out."""
        query = select(col(InstanceRow.sop), col(InstanceRow.sop_class))
        with self.database.reading() as session:
            return {row.sop: row.sop_class for row in among(session, query, col(InstanceRow.sop), sops)}


_IS_PENDING = col(StudyRow.state) == literal_column(f"'{StudyState.PENDING}'")  # spelt out, as its index is
_OF = col(StudyRow.key) == bindparam("of")
_CLAIM = update(StudyRow).where(_OF).values(attempts=bindparam("n"), not_before=bindparam("until"))
_PENDING = select(
    col(StudyRow.key),
    col(StudyRow.studied_at),
    col(StudyRow.utc_offset_minutes),
    col(StudyRow.settled_at),
    col(StudyRow.reason),
).where(_IS_PENDING)
_SETTLE = (
    update(StudyRow)
    .where(_OF)
    .values(
        state=bindparam("to"),
        reason=bindparam("why"),
        settled_at=bindparam("at"),
        revision=StudyRow.revision + bindparam("moved"),
    )
)
_REOPEN = (
    update(StudyRow)
    .where(~_IS_PENDING, col(StudyRow.reason).is_distinct_from(Failure.MIXED_PATIENTS))
    .values(state=StudyState.PENDING, attempts=0, not_before=None)
)
_TEXT = {"acquisition": cast(col(InstanceRow.acquisition), String).label("acquisition")}
_INSTANCES = (
    select(
        *(_TEXT.get(column.name, column) for column in InstanceRow.__table__.c),  # type: ignore[attr-defined]  # SQLModel
        col(StudyRow.patient),
        col(StudyRow.accession),
        col(StudyRow.issuer_accession),
    )
    .join(StudyRow)
    .where(col(InstanceRow.conflict).is_(False))
    .order_by(col(InstanceRow.series_number), col(InstanceRow.instance_number), col(InstanceRow.sop))
)


def _due(quiet: Quiet, at: datetime, *, again: bool) -> Any:
    """Pending studies that are quiet and were never tried, or whose rest since their last attempt is over."""
    last, modality = col(StudyRow.last_instance_at), col(StudyRow.modality)
    enough = last <= at - quiet.usual
    if quiet.by_modality:
        usual = modality.not_in(sorted(quiet.by_modality))
        own = (and_(modality == name, last <= at - rest) for name, rest in sorted(quiet.by_modality.items()))
        enough = or_(and_(usual, enough), *own)
    tried = col(StudyRow.attempts) > 0
    turn = and_(tried, col(StudyRow.not_before) <= at) if again else ~tried
    return columns_of(StudyRow).where(_IS_PENDING, enough, turn).order_by(last, col(StudyRow.studied_at))


def _superseded(session: Session, ended: Sequence[Settlement], due: Mapping[str, Any], at: datetime) -> set[str]:
    """Take the earlier answers of re-opened studies out of force, but those that are kept; the studies it touched."""
    kept = {settlement.study: settlement.kept for settlement in ended}
    reopened = [study for study in kept if due[study].settled_at is not None]
    if not reopened:
        return set()
    gone = [(study, version) for study, version, _ in in_force(session, reopened) if version not in kept[study]]
    supersede(session, gone, at=at)
    return {study for study, _ in gone}


def _end(settlement: Settlement, at: datetime, *, moved: bool) -> dict[str, Any]:
    """How a study ends; only where its answers moved are its pairs to be looked at again."""
    return {
        "of": settlement.study,
        "to": settlement.state,
        "why": settlement.reason,
        "at": at,
        "moved": int(moved),
    }


def _counted(settlement: Settlement, before: Any) -> Tally:
    """What a settlement adds to the running counts; a study that ends as it had ended before is no news."""
    tally: Tally = Counter()
    as_before = before.settled_at is not None and before.reason == settlement.reason
    if settlement.state in {StudyState.EXCLUDED, StudyState.FAILED} and not as_before:
        tally[f"studies_{settlement.state}", (str(settlement.reason),)] += 1
    for scored in settlement.scored:
        seconds = scored.features.latency_seconds
        tally[LATENCY_BUCKET, (bucket(seconds),)] += 1
        tally[LATENCY_SUM, ()] += seconds  # type: ignore[assignment]  # a Counter holds any number
        for prediction in scored.predictions:
            outcome = "positive" if prediction.call else "negative"
            tally["predictions", (prediction.model, prediction.version, outcome)] += 1
    return tally
