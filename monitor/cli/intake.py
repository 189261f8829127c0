"""`overread studies import` and `overread studies pull`: studies in by hand."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, print_json, print_table
from monitor.core.errors import UsageError

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def import_studies(
    path: Annotated[Path, typer.Argument(help="A DICOM file, or a folder of them at any depth.")],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take DICOM files into the spool; run it again after a break and it goes on where it was.

    Ends with 1 where a file that may be an image could not be taken.
    """
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.ingest.folder import import_folder, walk  # noqa: PLC0415
    from monitor.service import doors, rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415

    if not path.exists():
        message = f"{path}: no such file or folder; accepted: a DICOM file, or a folder of them"
        raise UsageError(message)
    loaded = settings.load()
    store = rooms.open_store(loaded)
    doorway = doors.open_doorway(loaded, store, clock_of(loaded.clock.file), dry_run=dry_run)
    with _progress("files", sum(1 for _ in walk(path))) as advance:
        imported = import_folder(path, doorway, on_file=advance)
    found = {"dry_run": dry_run, **imported.as_json()}
    _show(found, _IMPORTED, as_json=as_json)
    if imported.refused:
        raise typer.Exit(1)


def pull_studies(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Earliest study date; OVERREAD_DICOMWEB__LOOKBACK_DAYS ago if none."),
    ] = None,
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Fetch by DICOMweb what the archive has and this sidecar has not; ends with 1 where a study could not be had."""
    import time  # noqa: PLC0415  # the command line stays quick

    from monitor import settings  # noqa: PLC0415
    from monitor.ingest.pull import Pulled  # noqa: PLC0415
    from monitor.service import doors, rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415

    loaded = settings.load()
    store, clock = rooms.open_store(loaded), clock_of(loaded.clock.file)
    puller = doors.open_puller(loaded, store, time.sleep)
    first = since.date() if since else doors.first_day(loaded, clock)
    listing = puller.look(first, loaded.dicomweb.modalities)
    pulled = Pulled()
    if not dry_run:
        with _progress("studies", len(listing.gaps)) as advance:
            pulled = puller.pull(
                listing.gaps, doors.open_doorway(loaded, store, clock), on_study=lambda _gap: advance()
            )
    found = {"dry_run": dry_run, "since": first.isoformat(), **listing.as_json(), **pulled.as_json()}
    _show(found, _PULLED, as_json=as_json)
    if pulled.failed or found["refused"]:
        raise typer.Exit(1)


_IMPORTED = {
    "found": "files",
    "imported": "durable in the spool; `overread serve` scores them",
    "known": "were here already",
    "skipped": "are no DICOM images",
    "refused": "may be images and could not be taken",
}
_PULLED = {
    "listed": "studies the archive has since {since}",
    "complete": "are here",
    "missing": "are not here",
    "incomplete": "are here in part",
    "pulled": "were fetched",
    "instances": "instances, durable in the spool; `overread serve` scores them",
    "known": "instances were here already",
    "refused": "instances could not be taken",
    "failed": "studies could not be fetched",
}


def _show(found: Mapping[str, Any], meanings: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(name, *_count(found[name]), meaning.format(**found)) for name, meaning in meanings.items()]
    if found["dry_run"]:
        typer.echo("dry run: nothing was done", err=True)
    headings = ("", "number", "that")
    print_table(headings, [(name, total, meaning + reasons) for name, total, reasons, meaning in rows], empty="")


def _count(value: int | Mapping[str, int]) -> tuple[int, str]:
    """A count, and what it is made up of."""
    if isinstance(value, int):
        return value, ""
    reasons = ", ".join(f"{number} {name}" for name, number in value.items())
    return sum(value.values()), f": {reasons}" if reasons else ""


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr where that is a terminal; gives what advances it by one."""
    from rich.console import Console  # noqa: PLC0415  # the command line stays quick
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
