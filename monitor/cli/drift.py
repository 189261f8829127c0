"""`overread drift`: whether two windows differ, in what, and where."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.core.errors import GateFailedError

if TYPE_CHECKING:
    from monitor.cli.samples import Windows
    from monitor.drift.compare import Comparison
    from monitor.drift.onset import Onset

app = typer.Typer(no_args_is_help=True, help="Whether two windows differ, in what, and where.")

Reference = Annotated[Path, typer.Option(help="CSV or Parquet: the reference window, one row a study.")]
Current = Annotated[Path, typer.Option(help="CSV or Parquet: the current window, the same columns.")]
EmbeddingPrefix = Annotated[str, typer.Option(help="Columns that begin so are the embedding, tested as one.")]
ScorePrefix = Annotated[str, typer.Option(help="Columns that begin so are scores: probabilities, one a finding.")]
Segments = Annotated[list[str] | None, typer.Option(help="Column to look for suspects in; may be repeated.")]
Time = Annotated[str | None, typer.Option(help="Column of study times: a drift is then dated.")]
Alpha = Annotated[float, typer.Option(min=1e-6, max=0.5, help="False verdicts of drift accepted, as a probability.")]


@app.command()
def compare(  # noqa: PLR0913, PLR0917  one parameter an option
    reference: Reference,
    current: Current,
    embedding_prefix: EmbeddingPrefix = "emb_",
    score_prefix: ScorePrefix = "score_",
    segment: Segments = None,
    time: Time = None,
    alpha: Alpha = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Compare two windows of features; exit 3 where they differ.

    One verdict over all columns and the embedding: without drift it is wrong with probability at most alpha.
    """
    prefixes = (embedding_prefix, score_prefix)
    windows, comparison = _compared(reference, current, prefixes, segment, time, alpha)
    answer = _answer(windows, comparison)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        _show(answer)
    if comparison.verdict == "drift":
        raise typer.Exit(GateFailedError.exit_code)


@app.command()
def show(
    reference: Reference,
    current: Current,
    column: Annotated[str, typer.Option(help="The column to look at.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Show one column by every distance people ask for, PSI among them, beside what chance alone makes of each.

    It describes and decides nothing: for a verdict over all columns use `compare`.
    """
    from monitor.cli.output import print_json, print_table  # noqa: PLC0415
    from monitor.cli.samples import column_distances  # noqa: PLC0415

    sizes, found = column_distances(reference, current, column)
    if as_json:
        rows = [{name: getattr(one, name) for name in ("name", "value", "by_chance", "p_value")} for one in found]
        print_json({"column": column, "n_reference": sizes[0], "n_current": sizes[1], "distances": rows})
        return
    cells = [(one.name, f"{one.value:.4g}", f"{one.by_chance:.4g}", f"{one.p_value:.3g}") for one in found]
    print_table(("distance", "value", "by chance", "p"), cells, empty="no values in one of the windows")
    typer.echo(
        f"{sizes[0]} reference and {sizes[1]} current studies. PSI grows as they get fewer: hold it against what is "
        "there by chance, not against .1 or .2.",
        err=True,
    )


@app.command()
def report(
    reference: Reference,
    current: Current,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    embedding_prefix: EmbeddingPrefix = "emb_",
    score_prefix: ScorePrefix = "score_",
    alpha: Alpha = 0.05,
) -> None:
    """Write an HTML report of two windows: our verdict, and evidently's plots of every column."""
    from monitor.cli.samples import plain_frame  # noqa: PLC0415  heavy imports wait for the command that needs them
    from monitor.drift.report import write_report  # noqa: PLC0415

    windows, comparison = _compared(reference, current, (embedding_prefix, score_prefix), None, None, alpha)
    frames = [plain_frame(window).to_pandas() for window in (windows.reference, windows.current)]
    write_report(frames[0], frames[1], out, comparison=comparison)
    typer.echo(f"{out}: {comparison.verdict.value}", err=True)


def _compared(
    reference: Path,
    current: Path,
    prefixes: tuple[str, str],
    segment: list[str] | None,
    time: str | None,
    alpha: float,
) -> tuple["Windows", "Comparison"]:
    from monitor.cli.samples import read_windows  # noqa: PLC0415
    from monitor.drift.compare import compare as compare_windows  # noqa: PLC0415

    windows = read_windows(
        reference, current, embedding_prefix=prefixes[0], score_prefix=prefixes[1], segment=segment or [], time=time
    )
    if 2 * windows.shared >= windows.current.n > 0:
        overlap = f"{windows.shared} studies of {current} are in {reference} too"
        typer.echo(f"{overlap}: what changed in them is hidden", err=True)
    return windows, compare_windows(windows.reference, windows.current, alpha=alpha)


def _answer(windows: "Windows", comparison: "Comparison") -> dict[str, Any]:
    from monitor.cli.samples import feature_matrix  # noqa: PLC0415
    from monitor.core.verdict import DriftVerdict  # noqa: PLC0415
    from monitor.drift.changes import carriers_of  # noqa: PLC0415
    from monitor.drift.shift import shift_type  # noqa: PLC0415

    matrices = feature_matrix(windows.reference), feature_matrix(windows.current)
    drifted = comparison.verdict is DriftVerdict.DRIFT and matrices[0].shape[1] > 0
    change = carriers_of(*matrices, windows.segments, windows.days) if drifted else None
    kind = shift_type(windows.reference, windows.current, comparison, scores=windows.scores)
    return {
        **comparison.as_json(),
        "shift": {"type": kind.value},
        "suspects": [
            {"segment": dict(one.segment), "share": one.share, "lift": one.lift}
            for one in (change.suspects if change else ())
        ],
        "onset": _onset(change.onset) if change and change.onset else None,
        "exemplars": _exemplars(windows, change.nearest, change.farthest) if change else None,
        "skipped": windows.skipped,
        "repeated": {"reference": windows.repeated[0], "current": windows.repeated[1]},
        "shared": windows.shared,
    }


def _onset(found: "Onset") -> dict[str, str]:
    from datetime import date, timedelta  # noqa: PLC0415

    days = {"at": found.at, "low": found.low, "high": found.high}
    return {name: str(date(1970, 1, 1) + timedelta(days=day)) for name, day in days.items()}


def _exemplars(windows: "Windows", nearest: Iterable[int], farthest: Iterable[int]) -> dict[str, list[int]]:
    """Row numbers in the current file, from 1: who a study is of stays in the file."""
    rows = windows.rows[1] + 1
    return {"nearest": [int(rows[i]) for i in nearest], "farthest": [int(rows[i]) for i in farthest]}


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    console.print(f"{answer['verdict']}  (shift: {answer['shift']['type']})", highlight=False)
    table = Table("column", "test", "effect", "adjusted p", "drifted", "n reference", "n current")
    for one in [*answer["columns"], *([answer["embedding"]] if answer["embedding"] else [])]:
        figures = ["–" if one[name] is None else f"{one[name]:.3g}" for name in ("effect", "p_adjusted")]
        sizes = [str(one["n_reference"]), str(one["n_current"])]
        cells = [one["column"], one["test"], *figures, "yes" if one["drifted"] else "no", *sizes]
        table.add_row(*(Text(cell) for cell in cells))  # Text, not markup: a column named "[red]" is a name
    console.print(table)
    for one in answer["suspects"]:
        where = ", ".join(f"{name} {value}" for name, value in one["segment"].items())
        console.print(Text(f"suspect: {where}: {one['share']:.0%} of the changed studies, lift {one['lift']:.1f}"))
    if answer["onset"]:
        began = answer["onset"]
        console.print(f"began: {began['at']} (95 %: {began['low']} to {began['high']})", highlight=False)
    if answer["exemplars"]:
        rows = ", ".join(map(str, answer["exemplars"]["farthest"]))
        console.print(f"least like the reference: rows {rows} of the current file", highlight=False)
