"""Questions to the cube: their cost grows with days and strata, never with studies."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from monitor.core.counts import Counts, CountsRow
from monitor.core.pairing import HEADLINE_METHODS
from monitor.core.windows import Window
from monitor.store.database import Database
from monitor.store.pairs import CUBE_COUNTS
from monitor.store.tables import CubeMoveRow, CubeRow

STRATA = ("site", "manufacturer", "visibility")


class SqlCube:
    """The counting part of the `EvaluationStore` port."""

    database: Database

    def counts(
        self, window: Window | None = None, *, by: Sequence[str] = (), daily: bool = False, as_of: date | None = None
    ) -> Sequence[CountsRow]:
        """See `EvaluationStore.counts`."""
        unknown = set(by) - set(STRATA)
        if unknown:
            message = f"by={sorted(unknown)}: accepted are {', '.join(STRATA)}"
            raise ValueError(message)
        cells: Any = CubeRow if as_of is None else CubeMoveRow
        names = ["model", "version", "finding", *(["day"] if daily else []), *by]
        keys: list[Any] = [col(getattr(cells, name)) for name in names]
        sums = [func.sum(col(getattr(cells, name))) for name in CUBE_COUNTS]
        query = select(*keys, *sums).where(col(cells.method).in_(HEADLINE_METHODS)).group_by(*keys).order_by(*keys)
        query = query.having(sum(sums[1:], sums[0]) > 0)  # what was restated to nothing is not there
        if window is not None:
            query = query.where(col(cells.day).between(window.first, window.last))
        if as_of is not None:
            query = query.where(col(cells.learnt) <= as_of)
        with self.database.reading() as session:
            return [_counts_row(dict(zip((*names, *CUBE_COUNTS), row, strict=True)), by) for row in session.exec(query)]


def _counts_row(cells: dict[str, Any], by: Sequence[str]) -> CountsRow:
    return CountsRow(
        model=cells["model"],
        version=cells["version"],
        finding=cells["finding"],
        day=cells.get("day"),
        stratum={name: cells[name] for name in by},
        counts=Counts(**{name: int(cells[name]) for name in CUBE_COUNTS}),
    )
