"""Streams of discordance from a table, and the baseline they are held against."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitor.agreement.baseline import Baseline, counted
from monitor.agreement.inflation import variance_inflation
from monitor.cli.tables import column_names, read_table, require
from monitor.core.errors import TableError, UsageError

_ANSWERS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One stream's cases in order of time; `name` is None where the table has no column `stream`."""

    name: str | None
    times: tuple[str, ...]
    discordant: NDArray[np.bool_]


def read_streams(path: Path) -> list[Stream]:
    """Every stream of a table `time, discordant[, stream]`, sorted by name, each in order of time.

    `time` is an ISO 8601 date or time, or a number; rows of equal time keep their order. `discordant` is 0 or 1.

    Raises:
        TableError: the table cannot be read, has no rows, lacks a column, or a cell is not what its column holds. The
            message names the row and not the cell.
    """
    frame = read_table(path, columns=["time", "discordant", "stream"])
    require(frame, path, ["time", "discordant"], found=column_names(path))
    if frame.height == 0:
        message = f"{path}: no rows; at least one case is accepted"
        raise TableError(message)
    frame = frame.select(pl.all().cast(pl.String).str.strip_chars()).with_columns(
        pl.col("discordant").str.to_lowercase().replace_strict(_ANSWERS, default=None, return_dtype=pl.Boolean)
    )
    _refuse(path, frame["discordant"].is_null(), "discordant: 0 or 1 is")
    if "stream" in frame.columns:
        _refuse(path, frame["stream"].fill_null("") == "", "stream: a name is")
    frame = frame.with_columns(_order(path, frame["time"]).alias("order")).sort("order", maintain_order=True)
    if "stream" not in frame.columns:
        return [_stream(None, frame)]
    return [_stream(str(key[0]), rows) for key, rows in sorted(frame.group_by("stream", maintain_order=True))]


def read_baseline(given: str, *, per_day: float) -> dict[str | None, Baseline]:
    """The baseline by stream: a probability, or one counted on each stream of a table of reference cases.

    What holds for every stream stands under None.

    Raises:
        UsageError: it is neither a probability inside (0, 1) nor a table.
        TableError: as `read_streams`.
    """
    try:
        rate = float(given)
    except ValueError:
        path = Path(given)
        return {
            stream.name: counted(
                int(stream.discordant.sum()),
                stream.discordant.size,
                inflation=variance_inflation(stream.discordant, per_day),
            )
            for stream in read_streams(path)
        }
    if not 0 < rate < 1:
        message = f"--baseline {given}: a probability above 0 and below 1, or a table of reference cases, is accepted"
        raise UsageError(message)
    return {None: Baseline(rate=rate)}


def _stream(name: str | None, rows: pl.DataFrame) -> Stream:
    return Stream(name=name, times=tuple(rows["time"]), discordant=rows["discordant"].to_numpy())


def _order(path: Path, times: pl.Series) -> pl.Series:
    """What to sort by: numbers where all are finite numbers, else moments."""
    numbers = times.cast(pl.Float64, strict=False)
    if numbers.is_finite().fill_null(value=False).all():
        return numbers
    moments = [_moment(cell) for cell in times]
    _refuse(path, pl.Series([moment is None for moment in moments]), "time: an ISO 8601 date or time, or a number, is")
    zoned = {moment.tzinfo is not None for moment in moments if moment is not None}
    if len(zoned) > 1:
        message = f"{path}: time: some rows name a time zone and some do not; one way throughout is accepted"
        raise TableError(message)
    placed = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments if moment is not None)
    return pl.Series([moment.timestamp() for moment in placed], dtype=pl.Float64)


def _moment(cell: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(cell or "")
    except ValueError:
        return None


def _refuse(path: Path, wrong: pl.Series, accepted: str) -> None:
    if wrong.any():
        rows = int(wrong.sum())
        more = f" and {rows - 1} more" if rows > 1 else ""
        first = int(wrong.arg_max() or 0) + 1
        message = f"{path}: row {first}{more}: {accepted} accepted"
        raise TableError(message)
