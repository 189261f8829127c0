"""The production AI's own outputs, a row each, as a CSV or Parquet table holds them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.core.errors import TableError
from monitor.core.result import Result
from monitor.results.answer import Door


def parse_rows(rows: Iterable[Mapping[str, Any]], *, name: str, door: Door) -> Iterator[Result]:
    """The results of a table.

    Raises:
        TableError: a row is not a result; the message names file, row, column and what would be accepted.
    """
    for number, row in enumerate(rows, start=1):

        def refuse(column: str, accepted: str, at: int = number) -> TableError:
            return TableError(f"{name}: row {at}: column {column!r}: not accepted; accepted: {accepted}")

        yield door.result(row, refuse)
