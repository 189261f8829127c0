"""Studies as a person looks for them: lists by what became of them, and all that is known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from monitor.core.study import Study
from monitor.store.database import Database, among, columns_of
from monitor.store.records import study_of
from monitor.store.status import is_dead
from monitor.store.tables import InstanceRow, PredictionRow, StudyRow, SupersededRow

_INSTANCE = (
    "digest",
    "sop_class",
    "series_number",
    "instance_number",
    "rows",
    "columns",
    "frames",
    "unusable",
    "conflict",
)
_ANSWER = ("model", "version", "finding", "score", "operating_point", "call", "scored_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which studies are looked for: all that is given must hold."""

    key: str | None = None
    state: str | None = None
    reason: str | None = None
    partial: bool = False
    dead: bool = False
    conflicts: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One study whole. `superseded` are the answers that were in force before, the oldest first."""

    study: Study
    settled_at: datetime | None
    not_before: datetime | None
    instances: Sequence[Mapping[str, Any]]
    predictions: Sequence[Mapping[str, Any]]
    superseded: Sequence[Mapping[str, Any]]


class SqlCasebook:
    """Part of `SqlStore`: reads only."""

    database: Database

    def find_studies(self, wanted: Wanted, *, limit: int | None = None) -> Sequence[Study]:
        """The studies looked for, those received last first. `key` may be the beginning of one."""
        query = columns_of(StudyRow).where(*_conditions(wanted))
        query = query.order_by(col(StudyRow.received_at).desc(), col(StudyRow.key)).limit(limit)
        with self.database.reading() as session:
            return [study_of(row) for row in session.connection().execute(query)]

    def case(self, key: str) -> Case | None:
        """All that is known of a study, or None."""
        with self.database.reading() as session:
            row = session.connection().execute(columns_of(StudyRow).where(col(StudyRow.key) == key)).first()
            if row is None:
                return None
            pages = ((InstanceRow, _INSTANCE), (PredictionRow, _ANSWER), (SupersededRow, (*_ANSWER, "superseded_at")))
            instances, predictions, superseded = (
                [
                    {name: getattr(found, name) for name in names}
                    for found in session.connection().execute(columns_of(table).where(col(table.study) == key))
                ]
                for table, names in pages
            )
        return Case(
            study=study_of(row),
            settled_at=row.settled_at,
            not_before=row.not_before,
            instances=sorted(instances, key=lambda i: (i["series_number"], i["instance_number"], i["digest"])),
            predictions=predictions,
            superseded=superseded,
        )

    def digests_of(self, studies: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The objects each of these studies is made of, conflicts left out; an unreadable object is its own study."""
        found: dict[str, list[str]] = {study: [] for study in studies}
        query = select(col(InstanceRow.study), col(InstanceRow.digest)).where(col(InstanceRow.conflict).is_(False))
        with self.database.reading() as session:
            for study, digest in among(session, query, col(InstanceRow.study), studies):
                found[study].append(digest)
        return {study: digests or [study] for study, digests in found.items()}


def _conditions(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.key is not None:
        conditions.append(col(StudyRow.key).startswith(wanted.key, autoescape=True))
    if wanted.state is not None:
        conditions.append(col(StudyRow.state) == wanted.state)
    if wanted.reason is not None:
        conditions.append(col(StudyRow.reason) == wanted.reason)
    if wanted.partial:
        conditions.append(col(StudyRow.partial))
    if wanted.dead:
        conditions.append(is_dead())
    if wanted.conflicts:
        conditions.append(col(StudyRow.key).in_(select(col(InstanceRow.study)).where(col(InstanceRow.conflict))))
    return conditions
