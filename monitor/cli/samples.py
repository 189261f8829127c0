"""Two tables of features as two windows: what each column is, decided once and for both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from monitor.cli.tables import listed, read_table
from monitor.core.errors import TableError
from monitor.core.study import UNKNOWN
from monitor.drift.columns import EMBEDDING
from monitor.drift.distances import Distance, Table, distances
from monitor.drift.sample import Sample, one_a_patient

MAX_CELLS = 500_000_000
SHOWN, DRAWS = 5_000, 999
CATEGORIES_AT_MOST = 10
"""A column of whole numbers with no more different values than this is a code (a view, a grade), not a measurement."""

_PATIENT = ("patient", "patient_id")
_NAMES = {"study_id", "study_uid", "series_uid", "sop_uid", *_PATIENT, "accession", "accession_number"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """Both windows, the score columns, the columns left out with the reason, and the segments of each row.

    `days` counts from 1970-01-01 where a column of times was named; `rows` are the rows of the files, from 0.
    `repeated` counts the studies left out of each window because another of their patient is in; `shared` the current
    studies that are in the reference, value by value.
    """

    reference: Sample
    current: Sample
    scores: tuple[str, ...]
    skipped: dict[str, str]
    segments: tuple[tuple[dict[str, str], ...], tuple[dict[str, str], ...]]
    days: tuple[np.ndarray, np.ndarray] | None
    rows: tuple[np.ndarray, np.ndarray]
    repeated: tuple[int, int]
    shared: int


def read_windows(
    reference: Path,
    current: Path,
    *,
    embedding_prefix: str,
    score_prefix: str,
    segment: Sequence[str] = (),
    time: str | None = None,
) -> Windows:
    """Read both tables and say what every column is.

    A column is numeric where every value in both files is a number, else categorical. Left out, by name and reason:
    identifiers (known names, or text that hardly repeats) and times. Segments say where a change is; they are not
    tested themselves. With a column `patient` or `patient_id` a window holds one study a patient, drawn evenly.

    Raises:
        TableError: a table cannot be read, the two differ in columns, a column is numeric in one file only, or a time
            is none.
    """
    frames = _same_columns(reference, current, dict.fromkeys(segment, "--segment") | ({time: "--time"} if time else {}))
    both = pl.concat([frame.select(pl.all().cast(pl.String)) for frame in frames])
    split = frames[0].height
    numeric: dict[str, np.ndarray] = {}
    categorical: dict[str, list[str | None]] = {}
    embedding: list[np.ndarray] = []
    skipped: dict[str, str] = {}
    for name in frames[0].columns:
        if name in segment or name == time:
            continue
        values = _numbers(both[name])
        if name.startswith(embedding_prefix):
            embedding.append(_all_numbers(name, values, both[name], (reference, current), split))
            continue
        _refuse_mixture(name, both[name], (reference, current), split)
        if reason := _left_out(name, both[name], frames[0].schema[name], numeric=values is not None):
            skipped[name] = reason
        elif values is not None and (name.startswith(score_prefix) or not _is_code(both[name], values)):
            numeric[name] = values
        else:
            categorical[name] = both[name].to_list()
    whole = Sample(
        numeric=numeric,
        categorical=categorical,
        embedding=np.column_stack(embedding) if embedding else None,
    )
    rows = _rows(both, split)
    return Windows(
        reference=whole.at(rows[0]),
        current=whole.at(rows[1]),
        scores=tuple(name for name in numeric if name.startswith(score_prefix)),
        skipped=skipped,
        segments=(_segments(both[rows[0]], segment), _segments(both[rows[1]], segment)),
        days=None if time is None else _days(both[time], rows, split, (reference, current)),
        rows=(rows[0], rows[1] - split),
        repeated=(split - len(rows[0]), both.height - split - len(rows[1])),
        shared=_shared(both.drop([name for name in both.columns if name.lower() in _NAMES]), split),
    )


def feature_matrix(sample: Sample) -> np.ndarray:
    """Numbers and embedding side by side, shape (n, d); missing values are NaN."""
    parts = [*sample.numeric.values()] + ([] if sample.embedding is None else [sample.embedding])
    return np.column_stack(parts) if parts else np.empty((sample.n, 0))


def column_distances(reference: Path, current: Path, column: str) -> tuple[tuple[int, int], tuple[Distance, ...]]:
    """How many values a column has in both windows, at most SHOWN of each, and every distance between them.

    Raises:
        TableError: a table cannot be read, or the column is not there, or is an identifier or a time.
    """
    windows = read_windows(reference, current, embedding_prefix="\0", score_prefix="\0")
    samples = [
        one.at(np.linspace(0, one.n - 1, min(one.n, SHOWN)).astype(np.intp))
        for one in (windows.reference, windows.current)
    ]
    if column in windows.reference.numeric:
        values = [one.numeric[column][np.isfinite(one.numeric[column])] for one in samples]
        table = Table.of_numbers(*values) if min(map(len, values)) else None
    elif column in windows.reference.categorical:
        values = [np.array([word for word in one.categorical[column] if word is not None]) for one in samples]
        table = Table.of_words(*map(Counter, (one.tolist() for one in values))) if min(map(len, values)) else None
    else:
        known = [*windows.reference.numeric, *windows.reference.categorical]
        reason = f"is left out as {windows.skipped[column]}" if column in windows.skipped else "is not there"
        message = f"--column {column}: {reason} in {reference}; accepted: {listed(known)}"
        raise TableError(message)
    sizes = (len(values[0]), len(values[1]))
    rng = np.random.default_rng(sizes)
    return sizes, () if table is None else distances(table, draws=DRAWS, rng=rng)


def plain_frame(sample: Sample) -> pl.DataFrame:
    """The columns of numbers and of words as a table, for the report."""
    return pl.DataFrame({**sample.numeric, **{name: list(words) for name, words in sample.categorical.items()}})


def _same_columns(reference: Path, current: Path, asked: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = (read_table(reference), read_table(current))
    named = ((reference, frames[0]), (current, frames[1]))
    for (other, theirs), (path, frame) in (named, named[::-1]):
        missing = [name for name in theirs.columns if name not in frame.columns]
        if missing:
            message = f"{path}: column {missing[0]!r} of {other} is missing; found {listed(frame.columns)}"
            raise TableError(message)
        for name, option in asked.items():
            if name not in frame.columns:
                message = f"{option} {name}: {path} has no such column; found {listed(frame.columns)}"
                raise TableError(message)
        if frame.height * frame.width > MAX_CELLS:
            message = f"{path}: {frame.height} rows × {frame.width} columns; at most {MAX_CELLS} cells are accepted"
            raise TableError(message)
    if EMBEDDING in frames[0].columns:
        message = f"{reference}: column {EMBEDDING!r} clashes with the embedding's name; rename it"
        raise TableError(message)
    return frames[0], frames[1].select(frames[0].columns)


def _rows(both: pl.DataFrame, split: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of both tables, one above the other, are in the reference and in the current window."""
    name = next((column for column in both.columns if column.lower() in _PATIENT), None)
    patients = [None] * both.height if name is None else both[name].to_list()
    return one_a_patient(patients[:split]), split + one_a_patient(patients[split:])


def _days(
    times: pl.Series, rows: tuple[np.ndarray, np.ndarray], split: int, paths: tuple[Path, Path]
) -> tuple[np.ndarray, np.ndarray]:
    """Day numbers of both windows."""
    days = times.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if days.is_null().any():
        first = int(days.is_null().arg_max() or 0)
        where = f"{paths[first >= split]}: column {times.name!r}, row {_row(first, split)}"
        message = f"{where}: not a time; YYYY-MM-DD, with or without a time of day, is accepted"
        raise TableError(message)
    numbers = days.to_physical().to_numpy().astype(np.int64)
    return numbers[rows[0]], numbers[rows[1]]


def _shared(values: pl.DataFrame, split: int) -> int:
    """Current rows that are in the reference too; rows that repeat within a window prove nothing."""
    if not values.width:
        return 0
    windows = (values[:split].unique(keep="none"), values[split:].unique(keep="none"))
    return windows[1].join(windows[0], on=values.columns, how="semi", nulls_equal=True).height


def _segments(frame: pl.DataFrame, names: Sequence[str]) -> tuple[dict[str, str], ...]:
    return tuple(frame.select(pl.col(names).fill_null(UNKNOWN)).to_dicts()) if names else ()


def _numbers(column: pl.Series) -> np.ndarray | None:
    """Text as numbers, nothing as NaN; None where a value is no number or there is no value at all in either window."""
    there = column.is_not_null()
    values = column.replace({"true": "1", "false": "0"}).cast(pl.Float64, strict=False)
    if not there.any():
        return np.full(len(column), np.nan)
    return None if (values.is_null() & there).any() else values.fill_null(float("nan")).to_numpy()


def _is_code(column: pl.Series, values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return finite.size > 0 and bool((finite == np.round(finite)).all()) and 1 < column.n_unique() <= CATEGORIES_AT_MOST


def _left_out(name: str, column: pl.Series, kind: pl.DataType, *, numeric: bool) -> str | None:
    if name.lower() in _NAMES:
        return "identifier"
    there = column.drop_nulls()
    dates = there.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if kind.is_temporal() or (not numeric and dates.is_not_null().all()):
        return "time"
    return "identifier" if not numeric and len(there) > 20 and there.n_unique() > len(there) / 2 else None


def _all_numbers(
    name: str, values: np.ndarray | None, column: pl.Series, paths: tuple[Path, Path], split: int
) -> np.ndarray:
    if values is None:
        first = _first_word(column)
        where = f"{paths[first >= split]}: column {name!r}, row {_row(first, split)}"
        message = f"{where}: not a number; an embedding is numbers"
        raise TableError(message)
    return values


def _refuse_mixture(name: str, column: pl.Series, paths: tuple[Path, Path], split: int) -> None:
    """A column that is all numbers in one file and not in the other was filled in differently, not shifted."""
    numeric = [_numbers(part) is not None and part.is_not_null().any() for part in (column[:split], column[split:])]
    if numeric[0] != numeric[1] and column[:split].is_not_null().any() and column[split:].is_not_null().any():
        first = _first_word(column)
        message = (
            f"{paths[first >= split]}: column {name!r}, row {_row(first, split)}: not a number, "
            f"and all are numbers in {paths[first < split]}; one kind in both is accepted"
        )
        raise TableError(message)


def _first_word(column: pl.Series) -> int:
    return int((column.cast(pl.Float64, strict=False).is_null() & column.is_not_null()).arg_max() or 0)


def _row(index: int, split: int) -> int:
    return (index if index < split else index - split) + 1
