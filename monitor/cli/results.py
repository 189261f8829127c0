"""`overread results`: what the production AI answered."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.output import Json, print_json, print_table
from monitor.cli.progress import counting

app = typer.Typer(help="The production AI's own outputs.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """The production AI's own outputs."""


@app.command("import")
def import_results(
    path: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, FHIR JSON, DICOM SR, or a folder of these.")],
    *,
    source: Annotated[str, typer.Option(help="A source of OVERREAD_READS__SOURCES, or a name for this file.")] = "file",
    as_json: Json = False,
) -> None:
    """Take the production AI's outputs in; each becomes a prediction of its own version once its study is there."""
    from monitor.cli.opened import clock_at_hand, opened, rows_of  # noqa: PLC0415  # the command line stays quick
    from monitor.service.imports import import_results as taken  # noqa: PLC0415
    from monitor.service.imports import result_door  # noqa: PLC0415

    store, desk, sender = opened(source)
    needed = (("study_uid", "accession"), ("model",), ("version",))
    rows = None if path.is_dir() else rows_of(path, needed=needed)
    with counting("results") as seen:
        found = taken(path, rows, store=store, door=result_door(desk, sender, clock_at_hand()), seen=seen)
    if as_json:
        print_json(found)
        return
    print_table(("", ""), [*found.items()], empty="")


@app.command()
def status(*, as_json: Json = False) -> None:
    """Count the production AI's outputs by status, and those that wait for their study."""
    from monitor.cli.opened import store_at_hand  # noqa: PLC0415  # the command line stays quick

    found = store_at_hand().results_by_status()
    if as_json:
        print_json(dict(found))
        return
    print_table(("status", "results"), [*found.items()], empty="")
