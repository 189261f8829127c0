"""`overread agreement`: what AI and radiologist agree on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.agreement.uncertain import Uncertain
from monitor.core.counts import Counts
from monitor.core.errors import GateFailedError, TableError

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from monitor.cli.pairs import Paired

MAX_ROWS_OUT = 10_000
app = typer.Typer(no_args_is_help=True, help="What AI and radiologist agree on, for whom, and how surely.")


@app.callback()
def agreement() -> None:
    """What AI and radiologist agree on, for whom, and how surely."""


@app.command()
def compute(
    predictions: Annotated[Path, typer.Option(help="CSV or Parquet: study_id, finding, score, threshold or call.")],
    reads: Annotated[Path, typer.Option(help="CSV or Parquet: study_id, finding, label, perhaps status.")],
    by: Annotated[list[str] | None, typer.Option(help="Column of either file to stratify by; may be repeated.")] = None,
    uncertain: Annotated[Uncertain, typer.Option(help="What an uncertain label counts as.")] = Uncertain.EXCLUDE,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Compare the AI's calls with the radiologists' final labels.

    One row a model, version, finding and stratum, with every figure and its 95 % interval; every row that could not be
    used is counted with its reason.
    """
    from monitor.cli.pairs import pair  # noqa: PLC0415  polars takes a while to import

    paired = pair(predictions, reads, by=by or [], uncertain=uncertain)
    answer = {"rows": list(rows_of(paired, by or [])), "excluded": paired.excluded}
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        _show(answer)


@app.command()
def watch(
    events: Annotated[Path, typer.Option(help="CSV or Parquet: time, discordant (0 or 1), perhaps stream.")],
    baseline: Annotated[str, typer.Option(help="Rate of discordance before, or a table of reference cases.")],
    budget: Annotated[float, typer.Option(help="False alarms accepted a year, over all streams together.")],
    per_day: Annotated[float, typer.Option(help="Cases a day, in each stream.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Watch streams of discordance for a rise: when the alarm came, and since when the rate has most likely changed.

    Places are counted from 0 in order of time. With a column `stream` every stream is watched on its own and the budget
    shared evenly.
    """
    from monitor.cli.watching import show_watched, watch_streams  # noqa: PLC0415  scipy and polars take a while

    answer = watch_streams(events, baseline, budget=budget, per_day=per_day)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        show_watched(answer)


@app.command()
def plan(
    per_day: Annotated[float, typer.Option(help="Cases a day.")],
    baseline: Annotated[str, typer.Option(help="Rate of discordance before, or a table of reference cases.")],
    budget: Annotated[float, typer.Option(help="False alarms accepted a year.")],
    shift: Annotated[list[float], typer.Option(help="Rate after a change; may be repeated.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Say how many days each change would take to be seen at this volume, baseline and budget, by simulation."""
    from monitor.cli.watching import plan_stream, show_plan  # noqa: PLC0415

    answer = plan_stream(baseline, shift, budget=budget, per_day=per_day)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        show_plan(answer)


@app.command()
def claims(
    predictions: Annotated[Path, typer.Option(help="CSV or Parquet: study_id, finding, score, threshold or call.")],
    reads: Annotated[Path, typer.Option(help="CSV or Parquet: study_id, finding, label, perhaps status.")],
    claims: Annotated[Path, typer.Option(help="YAML: claims, each name, statistic, at_least, finding, across.")],
    uncertain: Annotated[Uncertain, typer.Option(help="What an uncertain label counts as.")] = Uncertain.EXCLUDE,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Hold what was promised against local pairs: supported, refuted or undecided; exit 3 where one is refuted.

    The intervals hold at every look, so this may be asked every day.
    """
    from monitor.cli.claims import refuted, settle_claims, show_claims  # noqa: PLC0415

    answer = settle_claims(predictions, reads, claims, uncertain=uncertain)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        show_claims(answer)
    if refuted(answer):
        raise typer.Exit(GateFailedError.exit_code)


def rows_of(paired: "Paired", by: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of the interface, in order of model, version, finding and stratum.

    Raises:
        TableError: the strata are too many to be read as rows.
    """
    from monitor.agreement.judgement import judge  # noqa: PLC0415  scipy is not needed for --help
    from monitor.cli.pairs import STRATUM  # noqa: PLC0415

    keys = ["model", "version", "finding", *(STRATUM + name for name in by)]
    cells = _cells(paired.frame, keys)
    if cells.height > MAX_ROWS_OUT:
        message = f"--by {', '.join(by)}: {cells.height} rows; at most {MAX_ROWS_OUT} are accepted"
        raise TableError(message)
    for cell in cells.iter_slices(1):
        counts = Counts(**{name: int(cell[name][0]) for name in ("tp", "fp", "fn", "tn", "uncertain")})
        judgement = judge(counts, (cell["positives"][0].to_numpy(), cell["negatives"][0].to_numpy()))
        named = {name: cell[name][0] for name in keys}
        stratum = {name: named.pop(STRATUM + name) for name in by}
        yield {**named, "stratum": stratum, **judgement.as_json()}


def _cells(frame: "pl.DataFrame", keys: list[str]) -> "pl.DataFrame":
    """Counts and scores of every cell, in one pass over the pairs."""
    import polars as pl  # noqa: PLC0415

    call, label, score = pl.col("call"), pl.col("label"), pl.col("score")
    return (
        frame.group_by(keys)
        .agg(
            tp=(call & label).sum(),
            fp=(call & ~label).sum(),
            fn=(~call & label).sum(),
            tn=(~call & ~label).sum(),
            uncertain=label.is_null().sum(),
            positives=score.filter(label),
            negatives=score.filter(~label),
        )
        .sort(keys)
    )


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    if answer["rows"]:
        console.print(_table(answer["rows"]))
    else:
        console.print("No pairs.")
    for reason, count in answer["excluded"].items():
        console.print(f"excluded: {count} × {reason}", highlight=False)


def _table(rows: list[dict[str, Any]]) -> "Table":
    from rich.box import SIMPLE  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    intervals = ("ppa", "npa", "agreement", "kappa", "auroc")
    heads = ("PPA", "NPA", "agree", "kappa", "AUROC")
    table = Table("finding", "n", "prev.", *heads, "AC1", "verdict", box=SIMPLE, padding=(0, 1, 0, 0))
    for row in rows:
        strata = [f"{name}={value}" for name, value in row["stratum"].items()]
        where = "\n".join([row["finding"], f"{row['model']} {row['version']}", *strata])
        cells = [where, str(row["n"]), _figure(row["prevalence"])]
        cells += [_interval(row[name]) for name in intervals]
        # Text, not markup: a finding named "[red]" is a name.
        table.add_row(*(Text(cell) for cell in [*cells, _figure(row["ac1"]), row["verdict"].replace("_", "\n")]))
    return table


def _figure(value: float | None) -> str:
    """Two decimals without the nought before them, so that a row fits a terminal of 80 columns."""
    return "–" if value is None else f"{value:.2f}".replace("0.", ".")


def _interval(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    return f"{_figure(figure['value'])}\n{_figure(figure['low'])} {_figure(figure['high'])}"
