"""`overread doctor`."""

from typing import Annotated

import typer

from monitor.cli.output import Json, print_json, print_table


def doctor(
    *,
    settings_only: Annotated[
        bool, typer.Option("--settings", help="List every setting, its value and meaning.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check settings, store, models, device and ports: one line each. Exit 1 where one is not well."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service.checks import check_all  # noqa: PLC0415

    loaded = settings.load()
    if settings_only:
        rows = settings.rows(loaded)
        if as_json:
            print_json([dict(zip(("name", "value", "meaning"), row, strict=True)) for row in rows])
        else:
            print_table(("setting", "value", "meaning"), rows, empty="")
        return
    checks = check_all(loaded)
    if as_json:
        print_json([{"check": check.name, "ok": check.ok, "finding": check.finding} for check in checks])
    else:
        print_table(("", "check", "finding"), [("✓" if c.ok else "✗", c.name, c.finding) for c in checks], empty="")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
