"""`overread db`."""

import typer

from monitor.cli.output import Json, print_json
from monitor.core.errors import GateFailedError

app = typer.Typer(help="The store's tables.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the store to this version's tables; safe to run twice."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.store import schema  # noqa: PLC0415
    from monitor.store.database import Database  # noqa: PLC0415

    typer.echo(f"revision {schema.upgrade(Database(settings.load().store_url))}")


@app.command()
def check(*, as_json: Json = False) -> None:
    """Compare the store's tables with what this version needs; exit 3 where they differ."""
    from monitor import settings  # noqa: PLC0415
    from monitor.store import revision, schema  # noqa: PLC0415
    from monitor.store.database import Database  # noqa: PLC0415

    database = Database(settings.load().store_url)
    found, needed = revision.pending(database)
    differences = schema.differences(database)
    if as_json:
        print_json({"revision": found, "needed": needed, "differences": differences})
    else:
        typer.echo(f"revision {found or 'none'}, this version needs {needed}")
    if found != needed or differences:
        message = (
            f"the store is not as this version needs it; run `overread db upgrade` ({len(differences)} differences)"
        )
        raise GateFailedError(message)
