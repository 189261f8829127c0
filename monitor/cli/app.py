"""The commands, by noun."""

from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import agreement, audit, bench, db, drift, models, reads, results, studies
from monitor.cli.demo import demo
from monitor.cli.doctor import doctor
from monitor.cli.serve import dashboard, serve
from monitor.cli.status import status

app = typer.Typer(
    name="overread",
    help="Watches radiology AI after it goes live: shadow inference, agreement with the final read, drift, alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001  # how typer hands over a flag
    if wanted:
        typer.echo(f"overread {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Settings come from OVERREAD_… variables or the YAML file OVERREAD_CONFIG names; `overread doctor` shows them."""
    del version


for command in (demo, serve, dashboard, doctor, status):
    app.command()(command)
for name, noun in (
    ("models", models.app),
    ("studies", studies.app),
    ("reads", reads.app),
    ("results", results.app),
    ("agreement", agreement.app),
    ("drift", drift.app),
    ("audit", audit.app),
    ("db", db.app),
    ("bench", bench.app),
):
    app.add_typer(noun, name=name)
