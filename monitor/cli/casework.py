"""The verbs of `overread reads` that need the store: import, list, link, changes, restated."""

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, print_json, print_table
from monitor.cli.progress import counting

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most this many, the latest first.")]


def import_reads(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, FHIR JSON or a DICOM structured report.")],
    *,
    source: Annotated[str, typer.Option(help="A source of OVERREAD_READS__SOURCES, or a name for this file.")] = "file",
    as_json: Json = False,
) -> None:
    """Take reports in from a file; what cannot be placed is excluded with a reason and counted."""
    from monitor.cli.opened import opened, rows_of  # noqa: PLC0415  # the command line stays quick
    from monitor.reads.rows import COLUMNS  # noqa: PLC0415
    from monitor.service.imports import import_reads as taken  # noqa: PLC0415

    store, desk, sender = opened(source)
    rows = rows_of(file, needed=(("study_uid", "accession"), ("signed_at",), ("text",)), columns=COLUMNS)
    with counting("reports") as seen:
        found = taken(file, rows, store=store, desk=desk, source=sender, seen=seen)
    _say(found, as_json=as_json)


def list_reads(
    *,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only those without a study, and why.")] = False,
    quarantined: Annotated[bool, typer.Option("--quarantined", help="Counts of what was set aside, and why.")] = False,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List reads, the latest first; identities are pseudonyms."""
    from monitor.cli.opened import store_at_hand  # noqa: PLC0415  # the command line stays quick

    store = store_at_hand()
    if quarantined:
        rows = [{"source": s, "reason": r, "messages": n} for (s, r), n in sorted(store.quarantined().items())]
    elif unmatched:
        waiting = store.unmatched_reads(limit)
        rows = [_read(w.read, None) | {"reason": w.reason, "candidates": list(w.candidates)} for w in waiting]
    else:
        rows = [_read(read, study) for read, study in store.recent_reads(limit)]
    if as_json:
        print_json(rows)
        return
    names = tuple(rows[0]) if rows else ()
    print_table(names, [tuple(row.values()) for row in rows], empty="Nothing here.")


def link(
    read: Annotated[str, typer.Argument(help="The read's key, as `reads list` shows it.")],
    study: Annotated[str, typer.Argument(help="The study's key, as `studies list --json` shows it.")],
    *,
    actor: Annotated[str, typer.Option(help="Who says so, for the audit chain.")] = "operator",
) -> None:
    """Say which study a read is of; no rule moves it again. The act is audited."""
    from monitor.cli.opened import clock_at_hand, store_at_hand  # noqa: PLC0415  # the command line stays quick

    store_at_hand().link_read(read, study, actor=actor, at=clock_at_hand().now())
    typer.echo("linked", err=True)


def changed(*, as_json: Json = False) -> None:
    """Count how findings changed from the preliminary to the final report."""
    from monitor.cli.opened import store_at_hand  # noqa: PLC0415  # the command line stays quick

    found = store_at_hand().preliminary_changes()
    rows = [
        {"finding": one.finding, "preliminary": one.preliminary.value, "final": one.final.value, "n": n}
        for one, n in sorted(found.items(), key=lambda item: (item[0].finding, item[0].preliminary, item[0].final))
    ]
    if as_json:
        print_json(rows)
        return
    headings = ("finding", "preliminary", "final", "n")
    print_table(headings, [tuple(row.values()) for row in rows], empty="No report has both.")


def restated(*, as_json: Json = False) -> None:
    """Say by how much counts of judged days moved afterwards, and when."""
    from monitor.cli.opened import store_at_hand  # noqa: PLC0415  # the command line stays quick

    counts = ("tp", "fp", "fn", "tn", "uncertain")
    rows: list[dict[str, Any]] = [
        {
            "day": str(one.day),
            "learnt": str(one.learnt),
            "model": one.model,
            "version": one.version,
            "finding": one.finding,
            **{name: getattr(one.moved, name) for name in counts},
        }
        for one in store_at_hand().restatements()
    ]
    if as_json:
        print_json(rows)
        return
    headings = ("day", "learnt", "model", "version", "finding", *counts)
    print_table(headings, [tuple(row.values()) for row in rows], empty="No judged day has moved.")


def _read(read: Any, study: str | None) -> dict[str, Any]:
    """A read as a row; `read` is a `Read`, whose type would load the core for `--help`."""
    return {
        "read": read.key,
        "source": read.source,
        "status": read.status.value,
        "signed_at": read.signed_at.isoformat(timespec="seconds"),
        "received_at": read.received_at.isoformat(timespec="seconds"),
        "labeler": read.labeler,
        "study": study,
    }


def _say(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(name, value) for name, value in found.items() if not isinstance(value, dict)]
    rows += [(f"  {name}", n) for value in found.values() if isinstance(value, dict) for name, n in value.items()]
    print_table(("", ""), rows, empty="")
