"""Tables that people bring: CSV or Parquet, read as hostile. What a file cannot be read as is one clear error."""

import csv
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from monitor.core.errors import TableError

MAX_BYTES = 8 << 30
MAX_ROWS = 100_000_000
MAX_COLUMNS = 10_000
MAX_HEADER_BYTES = 1 << 20
SEPARATORS = ",;\t|"
BLANKS = ("", "NA", "N/A", "null", "NULL", "None")
"""Cells that hold nothing, in a CSV file."""

_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_FOREIGN = {
    b"\x1f\x8b": "gzip-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_table(path: Path, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a table, whichever of the two formats its first bytes say it is.

    Every column of a CSV file comes back as text, blanks as null, so that an identifier such as `007` stays itself;
    separator (comma, semicolon, tab or bar) and byte order mark are found. A Parquet file keeps its types.

    Args:
        path: a regular file.
        columns: read these only, those of them that are there; all where None.

    Raises:
        TableError: the file is missing, too large or neither format. No message quotes a cell: it may name a patient.
    """
    start = _first_bytes(path)
    reader = _read_parquet if start.startswith(_PARQUET) else _read_csv
    try:
        return reader(path, columns)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: cannot be read; well-formed CSV in UTF-8 or Parquet is accepted ({type(error).__name__})"
        raise TableError(message) from None


def require(frame: pl.DataFrame, path: Path, columns: Sequence[str], *, found: Sequence[str] | None = None) -> None:
    """Check that a table has these columns.

    Raises:
        TableError: one is missing; names the file, the column and the columns found.
    """
    for column in columns:
        if column not in frame.columns:
            message = f"{path}: column {column!r} is missing; found {listed(found or frame.columns)}"
            raise TableError(message)


def column_names(path: Path) -> list[str]:
    """The names of a table's columns, in order.

    Raises:
        TableError: as `read_table`.
    """
    if _first_bytes(path).startswith(_PARQUET):
        try:
            return list(pl.scan_parquet(path).collect_schema())
        except (pl.exceptions.PolarsError, OSError):
            message = f"{path}: cannot be read; well-formed CSV in UTF-8 or Parquet is accepted"
            raise TableError(message) from None
    return _header(path)[0]


def listed(names: Sequence[str], *, at_most: int = 20) -> str:
    """Names for a message, cut where there are too many."""
    shown = ", ".join(repr(name[:80]) for name in names[:at_most])
    more = len(names) - at_most
    return f"{shown} and {more} more" if more > 0 else shown or "none"


def _first_bytes(path: Path) -> bytes:
    if not path.is_file():
        message = f"{path}: {'not a regular file' if path.exists() else 'no such file'}; CSV or Parquet is accepted"
        raise TableError(message)
    if path.stat().st_size > MAX_BYTES:
        message = f"{path}: {path.stat().st_size} bytes; at most {MAX_BYTES} are accepted"
        raise TableError(message)
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise TableError(message) from None
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            message = f"{path}: this is {what}; CSV in UTF-8 or Parquet is accepted"
            raise TableError(message)
    return start


def _read_parquet(path: Path, columns: Sequence[str] | None) -> pl.DataFrame:
    lazy = pl.scan_parquet(path)
    found = list(lazy.collect_schema())
    _check_width(path, found)
    rows = lazy.select(pl.len()).collect().item()  # from the footer: nothing is unpacked yet
    if rows > MAX_ROWS:
        message = f"{path}: {rows} rows; at most {MAX_ROWS} are accepted"
        raise TableError(message)
    return lazy.select([name for name in found if columns is None or name in columns]).collect()


def _read_csv(path: Path, columns: Sequence[str] | None) -> pl.DataFrame:
    names, separator = _header(path)
    wanted = [index for index, name in enumerate(names) if columns is None or name in columns]
    if not wanted:
        return pl.DataFrame()
    frame = pl.read_csv(
        path, separator=separator, columns=wanted, infer_schema=False, null_values=list(BLANKS), raise_if_empty=False
    )
    frame.columns = [names[index] for index in wanted]
    if frame.height > MAX_ROWS:
        message = f"{path}: {frame.height} rows; at most {MAX_ROWS} are accepted"
        raise TableError(message)
    return frame


def _header(path: Path) -> tuple[list[str], str]:
    """Column names and separator, from the first line."""
    with path.open("rb") as file:
        line = file.readline(MAX_HEADER_BYTES)
    if len(line) >= MAX_HEADER_BYTES:
        message = f"{path}: the first line is longer than {MAX_HEADER_BYTES} bytes; a line of column names is accepted"
        raise TableError(message)
    try:
        text = line.removeprefix(_BOM).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        message = f"{path}: the column names are not UTF-8; CSV in UTF-8 or Parquet is accepted"
        raise TableError(message) from None
    if not text.strip():
        message = f"{path}: no column names; the first line names the columns"
        raise TableError(message)
    rows = {separator: next(csv.reader([text], delimiter=separator)) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda candidate: len(rows[candidate]))
    names = [name.strip() for name in rows[separator]]
    _check_width(path, names)
    return names, separator


def _check_width(path: Path, names: Sequence[str]) -> None:
    if len(names) > MAX_COLUMNS:
        message = f"{path}: {len(names)} columns; at most {MAX_COLUMNS} are accepted"
        raise TableError(message)
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        message = f"{path}: column {repeated[0]!r} is named more than once; each name once is accepted"
        raise TableError(message)
