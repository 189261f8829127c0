"""What the dashboard asks beyond the ports: its cost grows with days, strata and versions, not with all of history."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from monitor.core.counts import Counts, CountsRow
from monitor.core.pairing import HEADLINE_METHODS
from monitor.core.windows import Window
from monitor.store.cube import STRATA
from monitor.store.database import Database
from monitor.store.pairs import CUBE_COUNTS
from monitor.store.tables import CubeRow, FeatureSetRow
from monitor.store.tally import totals

SLICES = ("model", "version", "finding", *STRATA)


def versions_scored(database: Database) -> Sequence[tuple[str, str]]:
    """Every (model, version) with a prediction, from the running counts: no table of studies is read."""
    with database.reading() as session:
        counted = totals(session).get("predictions", {})
    return sorted({(model, version) for model, version, _ in counted})


def last_day(database: Database, model: str, version: str) -> date | None:
    """The day of the latest study a version scored: one step in the index."""
    query = select(func.max(FeatureSetRow.day)).where(FeatureSetRow.model == model, FeatureSetRow.version == version)
    with database.reading() as session:
        return session.exec(query).one()


def scored_by_day(database: Database, model: str, version: str, window: Window) -> Mapping[date, int]:
    """Studies a version scored on each day of a window that has any; read from the index alone."""
    query = (
        select(col(FeatureSetRow.day), func.count())
        .where(FeatureSetRow.model == model, FeatureSetRow.version == version)
        .where(col(FeatureSetRow.day).between(window.first, window.last))
        .group_by(col(FeatureSetRow.day))
        .order_by(col(FeatureSetRow.day))
    )
    with database.reading() as session:
        return dict(session.exec(query).all())


def sliced(
    database: Database,
    window: Window,
    *,
    where: Mapping[str, str],
    by: Sequence[str] = (),
    daily: bool = False,
) -> Sequence[CountsRow]:
    """Headline counts of a part of the cube: as `EvaluationStore.counts`, of the cells that equal `where`.

    Raises:
        ValueError: `where` names something that is not in `SLICES`, or `by` something that is not a stratum.
    """
    unknown = sorted((set(where) - set(SLICES)) | (set(by) - set(STRATA)))
    if unknown:
        message = f"slice by {unknown}: accepted are {', '.join(SLICES)}; to group by, {', '.join(STRATA)}"
        raise ValueError(message)
    names = ["model", "version", "finding", *(["day"] if daily else []), *by]
    keys: list[Any] = [col(getattr(CubeRow, name)) for name in names]
    sums = [func.sum(col(getattr(CubeRow, name))) for name in CUBE_COUNTS]
    query = (
        select(*keys, *sums)
        .where(col(CubeRow.day).between(window.first, window.last), col(CubeRow.method).in_(HEADLINE_METHODS))
        .where(*(col(getattr(CubeRow, name)) == value for name, value in where.items()))
        .group_by(*keys)
        .order_by(*keys)
    )
    with database.reading() as session:
        rows = [dict(zip((*names, *CUBE_COUNTS), row, strict=True)) for row in session.exec(query)]
    return [
        CountsRow(
            model=row["model"],
            version=row["version"],
            finding=row["finding"],
            day=row.get("day"),
            stratum={name: row[name] for name in by},
            counts=Counts(**{name: int(row[name]) for name in CUBE_COUNTS}),
        )
        for row in rows
    ]
