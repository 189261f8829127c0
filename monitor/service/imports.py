"""Files of reports and of production results, for the command line: rows in, counts out."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from monitor.core.errors import TableError
from monitor.core.ports import Clock
from monitor.core.read import QuarantineReason, SetAside, Taken
from monitor.core.result import Result
from monitor.reads import dicom_sr as report_sr
from monitor.reads.fhir import parse_reports
from monitor.reads.intake import Desk
from monitor.reads.report import QuarantinedError, ReportFacts
from monitor.reads.rows import report_of
from monitor.reads.source import Source
from monitor.results.answer import Door
from monitor.results.dicom_sr import parse_sr
from monitor.results.fhir import parse_observations
from monitor.results.jsonl import parse
from monitor.results.rows import parse_rows
from monitor.store.sql import SqlStore

BATCH = 500
MAX_LINE = 2 << 20
LINES = frozenset({".jsonl", ".ndjson"})
Rows = Iterable[Mapping[str, Any]]


def json_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines.

    Raises:
        TableError: a line is none; names file and line.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if not line.strip():
                continue
            try:
                row = json.loads(line) if len(line) <= MAX_LINE else None
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                message = f"{path}: line {number}: not accepted; accepted: one JSON object of at most {MAX_LINE} bytes"
                raise TableError(message)
            yield row


def import_reads(
    path: Path, rows: Rows | None, *, store: SqlStore, desk: Desk, source: Source, seen: Callable[[int], None]
) -> dict[str, Any]:
    """Take a file of reports in: rows of a table, or a DICOM or FHIR document where `rows` is None.

    Returns:
        `{"received", "stored", "duplicates", "excluded": {reason: count}}`. What is excluded is quarantined too.

    Raises:
        TableError: a row has a value of the wrong kind; what came before it is stored.
    """
    excluded: Counter[str] = Counter()
    received = stored = 0
    taking = _taken(path, rows, desk, source)
    while batch := list(islice(taking, BATCH)):
        stored += store.take(batch)
        excluded.update(str(one.reason) for one in batch if isinstance(one, SetAside))
        received += len(batch)
        seen(received)
    duplicates = received - stored - sum(excluded.values())
    return {"received": received, "stored": stored, "duplicates": duplicates, "excluded": dict(excluded)}


def import_results(
    path: Path, rows: Rows | None, *, store: SqlStore, door: Door, seen: Callable[[int], None]
) -> dict[str, Any]:
    """Take a file of production results in, or every file of a folder.

    Returns:
        `{"received", "stored", "duplicates", "by_status": {status: count}}`.

    Raises:
        TableError: something in it is not a result; what came before it is stored.
    """
    by_status: Counter[str] = Counter()
    received = stored = 0
    taking = _results(path, rows, door)
    while batch := list(islice(taking, BATCH)):
        stored += store.add_results(batch)
        by_status.update(str(one.status) for one in batch)
        received += len(batch)
        seen(received)
    return {
        "received": received,
        "stored": stored,
        "duplicates": received - stored,
        "by_status": dict(sorted(by_status.items())),
    }


def result_door(desk: Desk, source: Source, clock: Clock) -> Door:
    """What results of a file are made with: as reports of the same source."""
    return Door(
        pseudonyms=desk.pseudonyms,
        source=source.name,
        zone=source.zone,
        received_at=clock.now(),
        issuer=source.issuer,
    )


def _taken(path: Path, rows: Rows | None, desk: Desk, source: Source) -> Iterator[Taken]:
    if rows is None:
        content = path.read_bytes()
        if path.suffix == ".json":
            for one in parse_reports(content, source):
                mark = f"{source.name}\x1f{one.identity}\x1f".encode() + one.content
                yield desk.read(one.facts, key=hashlib.sha256(mark).hexdigest(), source=source.name)
            return
        yield _read(lambda: report_sr.parse_sr(content, source), hashlib.sha256(content).hexdigest(), desk, source)
        return
    for number, row in enumerate(rows, start=1):
        said = json.dumps([source.name, sorted((n, str(v)) for n, v in row.items() if v is not None)])
        where = f"{path}: row {number}"

        def made(row: Mapping[str, Any] = row, where: str = where) -> ReportFacts:
            return report_of(row, source, where=where)

        yield _read(made, hashlib.sha256(said.encode()).hexdigest(), desk, source)


def _read(made: Callable[[], ReportFacts], key: str, desk: Desk, source: Source) -> Taken:
    try:
        return desk.read(made(), key=key, source=source.name)
    except QuarantinedError as error:
        return SetAside(key=key, source=source.name, reason=QuarantineReason(error.reason), at=desk.clock.now())


def _results(path: Path, rows: Rows | None, door: Door) -> Iterator[Result]:
    if path.is_dir():
        for file in sorted(found for found in path.rglob("*") if found.is_file()):
            yield from _results(file, None, door)
    elif rows is not None:
        yield from parse_rows(rows, name=str(path), door=door)
    elif path.suffix in LINES:
        with path.open(encoding="utf-8", errors="strict") as lines:
            yield from parse(lines, name=str(path), door=door)
    elif path.suffix == ".json":
        yield from parse_observations(path.read_bytes(), door=door)
    else:
        yield from parse_sr(path.read_bytes(), name=str(path), door=door)
