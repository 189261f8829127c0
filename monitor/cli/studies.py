"""`overread studies`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.case import case_of, print_case, row_of
from monitor.cli.intake import import_studies, pull_studies
from monitor.cli.output import Json, print_json, print_table
from monitor.core.errors import UsageError
from monitor.core.study import Exclusion, Failure, StudyState

if TYPE_CHECKING:
    from monitor.store.sql import SqlStore

app = typer.Typer(help="Studies received.", no_args_is_help=True)
app.command("import")(import_studies)
app.command("pull")(pull_studies)


State = Annotated[StudyState | None, typer.Option(help="Only studies in this state.")]
Reason = Annotated[str | None, typer.Option(help="Only studies excluded or failed for this reason.")]
Dead = Annotated[bool, typer.Option("--dead", help="Only dead letters: tried as often as allowed.")]


@app.command("list")
def list_studies(  # one filter an option
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many, the latest first.")] = 20,
    state: State = None,
    reason: Reason = None,
    partial: Annotated[bool, typer.Option("--partial", help="Only those whose association broke off.")] = False,
    dead: Dead = False,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Only those with an instance in conflict.")] = False,
    as_json: Json = False,
) -> None:
    """List studies, the latest first; identities are pseudonyms."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service import rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415
    from monitor.store.casebook import Wanted  # noqa: PLC0415

    loaded = settings.load()
    wanted = Wanted(state=state, reason=_known(reason), partial=partial, dead=dead, conflicts=conflicts)
    now = clock_of(loaded.clock.file).now()
    rows = [row_of(study, now) for study in rooms.open_store(loaded).find_studies(wanted, limit=limit)]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("study", "received", "site", "scanner", "state"),
        [(row["study"][:12], row["received_at"], row["site"], row["model_name"], _standing(row)) for row in rows],
        empty="No such study." if wanted != Wanted() else "No study has been received yet.",
    )


@app.command("show")
def show_study(
    key: Annotated[str, typer.Argument(help="A study's key, or enough of its beginning to be the only one.")],
    *,
    as_json: Json = False,
) -> None:
    """Show one study: its instances, answers with their earlier versions, tries, and why it ended as it did."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service import rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415

    loaded = settings.load()
    store = rooms.open_store(loaded)
    case = store.case(_only(store, key))
    if case is None:  # gone since it was found
        raise UsageError
    found = case_of(case, clock_of(loaded.clock.file).now())
    if as_json:
        print_json(found)
    else:
        print_case(found)


@app.command("reprocess")
def reprocess_studies(
    *,
    study: Annotated[str | None, typer.Option(help="One study, by its key or enough of its beginning.")] = None,
    reason: Reason = None,
    dead: Dead = False,
    as_json: Json = False,
) -> None:
    """Put studies back to be scored, where their bytes are still in the spool; it is noted in the audit chain."""
    from dataclasses import asdict  # noqa: PLC0415  # the command line stays quick

    from monitor import settings  # noqa: PLC0415
    from monitor.service import rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415
    from monitor.service.reprocess import reprocess  # noqa: PLC0415
    from monitor.store.casebook import Wanted  # noqa: PLC0415

    if study is None and reason is None and not dead:
        message = "which studies? accepted: --study KEY, --reason REASON, --dead, or several of them"
        raise UsageError(message)
    loaded = settings.load()
    store = rooms.open_store(loaded)
    wanted = Wanted(key=None if study is None else _only(store, study), reason=_known(reason), dead=dead)
    asked = ", ".join(f"{name}={value}" for name, value in asdict(wanted).items() if value)
    done = reprocess(store, rooms.open_spool(loaded), clock_of(loaded.clock.file), wanted, asked=asked)
    if as_json:
        print_json(asdict(done))
        return
    typer.echo(f"{done.reopened} put back to be scored")
    if done.bytes_gone:
        days = loaded.study.keep_failed_days
        typer.echo(f"{done.bytes_gone} left: their bytes are gone (kept for {days:g} days after a failure)")
    if done.quarantined:
        typer.echo(f"{done.quarantined} left: objects of two patients are never scored")


def _known(reason: str | None) -> str | None:
    """A reason on the closed list, or None.

    Raises:
        UsageError: it is on none.
    """
    accepted = [*Exclusion, *Failure]
    if reason is not None and reason not in accepted:
        message = f"--reason {reason}: accepted are {', '.join(accepted)}"
        raise UsageError(message)
    return reason


def _only(store: "SqlStore", key: str) -> str:
    """The key of the one study that begins so.

    Raises:
        UsageError: there is none, or more than one.
    """
    from monitor.store.casebook import Wanted  # noqa: PLC0415  # the command line stays quick

    found = store.find_studies(Wanted(key=key), limit=2)
    if len(found) != 1:
        count = "more than one" if found else "no"
        message = f"study {key!r}: {count} study has a key that begins so; `overread studies list` has them"
        raise UsageError(message)
    return found[0].key


def _standing(row: dict[str, Any]) -> str:
    words = (row["state"], row["reason"], "partial" if row["partial"] else "", "dead" if row["dead"] else "")
    return " ".join(word for word in words if word)
