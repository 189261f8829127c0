"""`overread studies`."""

from typing import Annotated

import typer

from monitor.cli.intake import import_studies, pull_studies
from monitor.cli.output import Json, print_json, print_table

app = typer.Typer(help="Studies received.", no_args_is_help=True)
app.command("import")(import_studies)
app.command("pull")(pull_studies)


@app.command("list")
def list_studies(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many, the latest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List studies, the latest first; identities are pseudonyms."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service import rooms  # noqa: PLC0415

    studies = rooms.open_store(settings.load()).recent_studies(limit)
    rows = [
        {
            "study": study.key,
            "received_at": study.received_at.isoformat(timespec="seconds"),
            "studied_at": study.studied_at.isoformat(timespec="seconds"),
            "site": study.acquisition.site,
            "manufacturer": study.acquisition.manufacturer,
            "model_name": study.acquisition.model_name,
            "state": study.state,
            "reason": study.reason,
        }
        for study in studies
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("study", "received", "site", "scanner", "state"),
        [
            (
                row["study"][:12] if row["study"] else "",
                row["received_at"],
                row["site"],
                row["model_name"],
                f"{row['state']} {row['reason'] or ''}".strip(),
            )
            for row in rows
        ],
        empty="No study has been received yet.",
    )
