"""What the evaluator reads and leaves: features, days, drift results and alarms."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from monitor.core.ports import FeatureRow
from monitor.core.study import StudyState
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup, DriftVerdict, GroupDrift, Suspect
from monitor.core.windows import Window
from monitor.store.database import Database
from monitor.store.records import facts, study_of, unpacked
from monitor.store.tables import AlarmRow, DriftRow, EvaluationRow, FeatureSetRow, ReadRow, StudyRow
from monitor.store.tally import beat


class SqlEvaluations:
    """The parts of the `EvaluationStore` port that are not counts or status."""

    database: Database

    def model_versions(self) -> Sequence[tuple[str, str]]:
        """See `EvaluationStore.model_versions`."""
        query = select(FeatureSetRow.model, FeatureSetRow.version).distinct()
        with self.database.reading() as session:
            return sorted((model, version) for model, version in session.exec(query))

    def first_received(self, model: str, version: str) -> datetime | None:
        """See `EvaluationStore.first_received`."""
        query = (
            select(func.min(StudyRow.received_at))
            .join(FeatureSetRow)
            .where(FeatureSetRow.model == model, FeatureSetRow.version == version)
        )
        with self.database.reading() as session:
            return session.exec(query).one()

    def features(self, model: str, version: str, window: Window) -> Sequence[FeatureRow]:
        """See `EvaluationStore.features`."""
        query = (
            select(FeatureSetRow, StudyRow)
            .join(StudyRow)
            .where(FeatureSetRow.model == model, FeatureSetRow.version == version)
            .where(col(FeatureSetRow.day).between(window.first, window.last))
            .order_by(col(StudyRow.studied_at), col(StudyRow.site))
        )
        with self.database.reading() as session:
            return [_feature_row(row, study) for row, study in session.exec(query)]

    def unsettled_before(self, moment: datetime) -> int:
        """See `EvaluationStore.unsettled_before`."""
        count = func.count()
        queries = (
            select(count).where(StudyRow.state == StudyState.PENDING, col(StudyRow.received_at) < moment),
            select(count).where(col(ReadRow.to_match), col(ReadRow.received_at) < moment),
            select(count).where(col(StudyRow.revision) > col(StudyRow.paired), col(StudyRow.received_at) < moment),
        )
        with self.database.reading() as session:
            return sum(session.exec(query).one() for query in queries)

    def last_evaluated(self) -> date | None:
        """See `EvaluationStore.last_evaluated`."""
        with self.database.reading() as session:
            return session.exec(select(func.max(EvaluationRow.day))).one()

    def record_evaluation(
        self, day: date, *, at: datetime, drifts: Sequence[GroupDrift], alarms: Sequence[Alarm]
    ) -> None:
        """See `EvaluationStore.record_evaluation`."""
        with self.database.writing() as session:
            if session.get(EvaluationRow, day) is not None:
                return
            session.add(EvaluationRow(day=day, at=at))
            session.add_all(DriftRow(**asdict(drift)) for drift in drifts)
            for alarm in alarms:
                if _open_alarm(session, alarm) is None:
                    session.add(AlarmRow(**asdict(alarm)))
                    session.flush()
            beat(self.database, session, "evaluate", at)

    def clear_alarm(self, alarm: Alarm, *, at: datetime) -> None:
        """See `EvaluationStore.clear_alarm`."""
        with self.database.writing() as session:
            row = _open_alarm(session, alarm)
            if row is not None:
                row.cleared_at = at
                session.add(row)

    def alarms(self, *, open_only: bool = False) -> Sequence[Alarm]:
        """See `EvaluationStore.alarms`."""
        query = select(AlarmRow).order_by(col(AlarmRow.at), col(AlarmRow.id))
        if open_only:
            query = query.where(col(AlarmRow.cleared_at).is_(None))
        with self.database.reading() as session:
            return [_alarm_of(row) for row in session.exec(query)]

    def drifts(self, window: Window | None = None) -> Sequence[GroupDrift]:
        """See `EvaluationStore.drifts`."""
        query = select(DriftRow).order_by(
            col(DriftRow.day), col(DriftRow.model), col(DriftRow.version), col(DriftRow.group)
        )
        if window is not None:
            query = query.where(col(DriftRow.day).between(window.first, window.last))
        with self.database.reading() as session:
            return [_drift_of(row) for row in session.exec(query)]


def _feature_row(row: FeatureSetRow, study: StudyRow) -> FeatureRow:
    return FeatureRow(
        study=row.study,
        day=row.day,
        patient=study.patient,
        acquisition=facts(study_of(study).acquisition),
        statistics=row.statistics,
        histogram=tuple(row.histogram),
        chosen=row.chosen,
        scores=row.scores,
        embedding=unpacked(row.embedding),
    )


def _open_alarm(session: Session, alarm: Alarm) -> AlarmRow | None:
    query = select(AlarmRow).where(
        AlarmRow.kind == alarm.kind,
        AlarmRow.model == alarm.model,
        AlarmRow.version == alarm.version,
        AlarmRow.subject == alarm.subject,
        col(AlarmRow.cleared_at).is_(None),
    )
    return session.exec(query).first()


def _alarm_of(row: AlarmRow) -> Alarm:
    given = {field.name: getattr(row, field.name) for field in fields(Alarm)}
    return Alarm(
        **given | {"kind": AlarmKind(row.kind), "suspects": tuple(Suspect(**suspect) for suspect in row.suspects)}
    )


def _drift_of(row: DriftRow) -> GroupDrift:
    given = {field.name: getattr(row, field.name) for field in fields(GroupDrift)}
    return GroupDrift(**given | {"group": DriftGroup(row.group), "verdict": DriftVerdict(row.verdict)})
