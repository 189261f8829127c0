"""`overread audit`."""

import typer

from monitor.cli.output import Json, print_json
from monitor.core.errors import GateFailedError

app = typer.Typer(help="The audit chain.", no_args_is_help=True)


@app.command()
def verify(*, as_json: Json = False) -> None:
    """Walk the audit chain; exit 3 where a link was changed, removed or put in."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service import rooms  # noqa: PLC0415

    store = rooms.open_store(settings.load())
    broken = store.audit_break()
    events = sum(1 for _ in store.audit_events())
    if as_json:
        print_json({"events": events, "intact": broken is None, "broken_at": None if broken is None else broken.seq})
    elif broken is None:
        typer.echo(f"intact: {events} events")
    if broken is not None:
        message = f"audit chain broken at event {broken.seq}: digest {broken.found}, expected {broken.expected}"
        raise GateFailedError(message)
