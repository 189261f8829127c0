"""`overread reads`: the final reads."""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import casework, labelaudit
from monitor.core.errors import OverreadError, UsageError

if TYPE_CHECKING:
    from monitor.labels import TextLabeler

MAX_LINE = 2 * 1024 * 1024

app = typer.Typer(no_args_is_help=True, help="Final reads: take them in, label their text, look into them.")
app.command("import")(casework.import_reads)
app.command("list")(casework.list_reads)
app.command()(casework.link)
app.command("changes")(casework.changed)
app.command()(casework.restated)
app.command()(labelaudit.audit)


@app.callback()
def reads() -> None:
    """Final reads: take them in, label their text, look into them."""


@app.command()
def label(
    file: Annotated[
        Path | None, typer.Argument(help='JSON lines {"id","text","language"?}; standard input if none.')
    ] = None,
    *,
    profile: Annotated[str, typer.Option(help="Which examination's findings to look for.")] = "chest-radiograph",
    labeler: Annotated[str, typer.Option(help="`rules`, or an installed labeler's name.")] = "rules",
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Label report texts."""
    try:
        _label_all(file, profile, labeler, as_json=as_json)
    except OverreadError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


def _label_all(file: Path | None, profile: str, labeler_name: str, *, as_json: bool) -> None:
    from monitor.labels import labeler_named  # noqa: PLC0415 - compiling lexicons is not part of `overread --help`

    labeler = labeler_named(labeler_name, profile)
    name = "standard input" if file is None else str(file)
    try:
        with nullcontext(sys.stdin.buffer) if file is None else file.open("rb") as stream:
            for row in _labelled(stream, name, labeler):
                typer.echo(json.dumps(row, ensure_ascii=False) if as_json else _line(row))
    except OSError as error:
        message = f"{name}: cannot be read: {error.strerror}; accepted: a readable file of JSON lines"
        raise UsageError(message) from None


def _labelled(stream: IO[bytes], name: str, labeler: "TextLabeler") -> Iterator[dict[str, Any]]:
    from monitor.labels import TextTooLongError  # noqa: PLC0415 - as above

    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if not line.strip():
            continue
        row = _row(line, f"{name}: line {number}")
        try:
            said = labeler.label(row["text"], row.get("language"))
        except TextTooLongError as error:
            message = f"{name}: line {number}: {error}"
            raise UsageError(message) from None
        yield {
            "id": row["id"],
            "status": said.status.value,
            "labels": {finding: found.value for finding, found in said.labels.items()},
            "evidence": {finding: list(span) for finding, span in said.evidence.items()},
            "grades": dict(said.grades),
            "measurements": {finding: asdict(size) for finding, size in said.measurements.items()},
            "laterality": {finding: side.value for finding, side in said.laterality.items()},
            "language": said.language,
            "labeler": said.labeler,
        }


def _row(line: bytes, where: str) -> dict[str, Any]:
    """One input line, checked. Its text is never quoted in an error."""
    if len(line) > MAX_LINE:
        message = f"{where}: line: longer than accepted; accepted: at most {MAX_LINE} bytes"
        raise UsageError(message)
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        message = f'{where}: line: not a JSON object in UTF-8; accepted: {{"id", "text", "language"?}}'
        raise UsageError(message)
    wanted = (("id", (str, int), "a string"), ("text", (str,), "a string"), ("language", (str, type(None)), "a string"))
    for field, kinds, accepted in wanted:
        value = row.get(field)
        if not isinstance(value, kinds) or isinstance(value, bool):
            message = (
                f"{where}: {field}: {'missing' if field not in row else type(value).__name__}; accepted: {accepted}"
            )
            raise UsageError(message)
    return row


def _line(row: dict[str, Any]) -> str:
    said = [_said(finding, found, row) for finding, found in row["labels"].items() if found != "not_mentioned"]
    return "\t".join([str(row["id"]), row["status"], *said])


def _said(finding: str, found: str, row: dict[str, Any]) -> str:
    size = row["measurements"].get(finding)
    more = [
        row["grades"].get(finding),
        f"{size['value']:g} {size['unit']}" if size else None,
        row["laterality"].get(finding),
    ]
    known = [text for text in more if text]
    return f"{finding}={found}" + (f" ({', '.join(known)})" if known else "")
