"""`overread demo`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.output import Json


def demo(
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="No dashboard, no live traffic: history, then end.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=730, help="Days of history.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same history and the same verdicts.")] = 7,
    shift: Annotated[str, typer.Option(help="What to inject: NAME@DAY[:SITE]; empty injects nothing.")] = (
        "detector_replaced@45:south"
    ),
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day; so that history ends today when not given."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Keep store and spool here; a temporary folder, removed at the end, if not given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run an embedded hospital against the real sidecar, over DICOM and HL7, and open the dashboard.

    History is sent first, with its true dates, then the hospital goes on live. Ctrl-C stops everything.
    """
    from monitor.service.demo import Plan, run_demo  # noqa: PLC0415  # the command line stays quick

    plan = Plan(
        headless=headless,
        days=days,
        seed=seed,
        shift=shift,
        start=None if start is None else start.date(),
        data_dir=data_dir,
        as_json=as_json,
    )
    run_demo(plan)
