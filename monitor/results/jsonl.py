"""The production AI's own outputs, one JSON object a line."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from monitor.core.errors import TableError
from monitor.core.result import Result
from monitor.results.answer import Door

MAX_LINE = 64 * 1024


def parse(lines: Iterable[str], *, name: str, door: Door) -> Iterator[Result]:
    """The results of a file, line by line; blank lines are skipped.

    Args:
        lines: the file's lines.
        name: what to call the file in errors.
        door: what results are made with.

    Raises:
        TableError: a line is not a result; the message names file, line, field and what would be accepted.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield door.result(_object(line, name, number), partial(_wrong, name, number))


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise _wrong(name, number, "line", f"at most {MAX_LINE} characters")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise _wrong(name, number, "line", "one JSON object")
    return row


def _wrong(name: str, number: int, field: str, accepted: str) -> TableError:
    return TableError(f"{name}: line {number}: {field}: not accepted; accepted: {accepted}")
