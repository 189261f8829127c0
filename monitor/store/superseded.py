"""Answers that are no longer in force: kept for audit, and out of every count."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, literal, select
from sqlmodel import Session, col

from monitor.core.ports import ModelVersion
from monitor.store.database import among
from monitor.store.instants import UtcDateTime
from monitor.store.tables import FeatureSetRow, PredictionRow, SupersededRow

_KEPT = ("study", "model", "version", "finding", "score", "operating_point", "call", "scored_at")
_KEY = ("study", "model", "version")


def in_force(session: Session, studies: Sequence[str]) -> Iterator[tuple[str, ModelVersion, str]]:
    """The study, the model version and the object looked at, of every answer in force for these studies."""
    query = select(
        col(FeatureSetRow.study), col(FeatureSetRow.model), col(FeatureSetRow.version), col(FeatureSetRow.instance)
    )
    for study, model, version, instance in among(session, query, col(FeatureSetRow.study), studies):
        yield study, (model, version), instance


def supersede(session: Session, answers: Collection[tuple[str, ModelVersion]], *, at: datetime) -> None:
    """Move these answers out of force: predictions to the history, what the model saw is let go."""
    if not answers:
        return
    keys = [{"of": study, "by": model, "at": version} for study, (model, version) in answers]
    connection = session.connection()
    connection.execute(_keep(at), keys)
    connection.execute(_DROP_PREDICTIONS, keys)
    connection.execute(_DROP_FEATURES, keys)


def _keep(at: datetime) -> Any:
    old: Any = select(*(col(getattr(PredictionRow, name)) for name in _KEPT), literal(at, UtcDateTime()))
    old = old.where(*_these(PredictionRow))
    return insert(SupersededRow).from_select([*_KEPT, "superseded_at"], old)


def _these(table: type[PredictionRow] | type[FeatureSetRow]) -> Iterable[Any]:
    return (col(getattr(table, name)) == bindparam(bound) for name, bound in zip(_KEY, ("of", "by", "at"), strict=True))


_DROP_PREDICTIONS = delete(PredictionRow).where(*_these(PredictionRow))
_DROP_FEATURES = delete(FeatureSetRow).where(*_these(FeatureSetRow))
