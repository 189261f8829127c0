"""What the verbs that take files in open first: the store, a desk, the source that a file is of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor import settings
from monitor.cli.tables import read_table
from monitor.core.errors import TableError, UsageError
from monitor.core.ports import Clock
from monitor.reads.intake import Desk
from monitor.reads.source import Source
from monitor.service import reporting, rooms
from monitor.service.clocks import clock_of
from monitor.service.imports import LINES, json_rows
from monitor.store.sql import SqlStore

TABLES = frozenset({".csv", ".parquet", ".pq", ".tsv"})


def store_at_hand() -> SqlStore:
    """The store the settings name."""
    return rooms.open_store(settings.load())


def clock_at_hand() -> Clock:
    """The clock the settings name."""
    return clock_of(settings.load().clock.file)


def opened(source: str) -> tuple[SqlStore, Desk, Source]:
    """The store, what makes reads, and the source of this name: one that is set, or a new one for a file.

    Raises:
        UsageError: the name is none that a source can have.
    """
    loaded = settings.load()
    named = next((one for one in reporting.sources(loaded) if one.name == source), None)
    if named is None and not source.replace("-", "").replace("_", "").isalnum():
        message = f"--source {source!r}: not accepted; accepted: letters, digits, - and _"
        raise UsageError(message)
    sender = named or replace(Source(zone=loaded.zone), name=source)
    return rooms.open_store(loaded), reporting.desk(loaded, clock_of(loaded.clock.file)), sender


def rows_of(
    file: Path, *, needed: Sequence[Sequence[str]], columns: Sequence[str] | None = None
) -> Iterable[Mapping[str, Any]] | None:
    """The rows of a table or of JSON lines; None for a document of another kind.

    Args:
        file: the file.
        needed: of each of these, one column must be there.
        columns: read only these of a table.

    Raises:
        TableError: the file is not there, or a column is missing.
    """
    if not file.exists():
        message = f"{file}: no such file; accepted: CSV, Parquet, JSON lines, FHIR JSON or a DICOM structured report"
        raise TableError(message)
    if file.suffix in LINES:
        return json_rows(file)
    if file.suffix not in TABLES:
        return None
    frame = read_table(file, columns=columns)
    for choice in needed:
        if not set(choice) & set(frame.columns):
            message = f"{file}: column {' or '.join(map(repr, choice))} is missing"
            raise TableError(message)
    return _named(frame)


def _named(frame: Any) -> Iterator[Mapping[str, Any]]:
    yield from frame.iter_rows(named=True)
