"""How commands print: data on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def print_json(value: Any) -> None:  # anything JSON holds
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table on stdout, or the sentence `empty`."""
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    Console().print(table if table.row_count else empty, soft_wrap=not table.row_count, markup=False)
