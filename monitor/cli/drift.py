"""`overread drift`: whether two windows differ, in what, and where."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.core.errors import GateFailedError

if TYPE_CHECKING:
    from monitor.cli.samples import Windows
    from monitor.drift.compare import Comparison

app = typer.Typer(no_args_is_help=True, help="Whether two windows differ, in what, and where.")

Reference = Annotated[Path, typer.Option(help="CSV or Parquet: the reference window, one row a study.")]
Current = Annotated[Path, typer.Option(help="CSV or Parquet: the current window, the same columns.")]
EmbeddingPrefix = Annotated[str, typer.Option(help="Columns that begin so are the embedding, tested as one.")]
ScorePrefix = Annotated[str, typer.Option(help="Columns that begin so are scores: probabilities, one a finding.")]
Segments = Annotated[list[str] | None, typer.Option(help="Column to look for suspects in; may be repeated.")]
Alpha = Annotated[float, typer.Option(min=1e-6, max=0.5, help="False verdicts of drift accepted, as a probability.")]


@app.command()
def compare(
    reference: Reference,
    current: Current,
    embedding_prefix: EmbeddingPrefix = "emb_",
    score_prefix: ScorePrefix = "score_",
    segment: Segments = None,
    alpha: Alpha = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,  # noqa: FBT002  typer's way
) -> None:
    """Compare two windows of features; exit 3 where they differ.

    One verdict over all columns and the embedding: without drift it is wrong with probability at most alpha.
    """
    windows, comparison = _compared(reference, current, embedding_prefix, score_prefix, segment, alpha)
    answer = _answer(windows, comparison)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))
    else:
        _show(answer)
    if comparison.verdict == "drift":
        raise typer.Exit(GateFailedError.exit_code)


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

    windows, comparison = _compared(reference, current, embedding_prefix, score_prefix, None, alpha)
    frames = [plain_frame(window).to_pandas() for window in (windows.reference, windows.current)]
    write_report(frames[0], frames[1], out, comparison=comparison)
    typer.echo(f"{out}: {comparison.verdict.value}", err=True)


def _compared(
    reference: Path, current: Path, embedding: str, score: str, segment: list[str] | None, alpha: float
) -> tuple["Windows", "Comparison"]:
    from monitor.cli.samples import read_windows  # noqa: PLC0415
    from monitor.drift.compare import compare as compare_windows  # noqa: PLC0415

    windows = read_windows(reference, current, embedding_prefix=embedding, score_prefix=score, segment=segment or [])
    if 2 * windows.shared >= windows.current.n > 0:
        typer.echo(
            f"{windows.shared} studies of {current} are in {reference} too: a change in them is hidden", err=True
        )
    return windows, compare_windows(windows.reference, windows.current, alpha=alpha)


def _answer(windows: "Windows", comparison: "Comparison") -> dict[str, Any]:
    from monitor.cli.samples import feature_matrix  # noqa: PLC0415
    from monitor.core.verdict import DriftVerdict  # noqa: PLC0415
    from monitor.drift.shift import shift_type  # noqa: PLC0415
    from monitor.drift.suspects import suspects  # noqa: PLC0415

    drifted = comparison.verdict is DriftVerdict.DRIFT
    matrices = feature_matrix(windows.reference), feature_matrix(windows.current)
    before, after = windows.segments
    found = suspects(*matrices, after, before) if drifted and after and matrices[0].shape[1] else ()
    kind = shift_type(windows.reference, windows.current, comparison, scores=windows.scores)
    return {
        **comparison.as_json(),
        "shift": {"type": kind.value},
        "suspects": [{"segment": dict(one.segment), "share": one.share, "lift": one.lift} for one in found],
        "skipped": windows.skipped,
        "repeated": {"reference": windows.repeated[0], "current": windows.repeated[1]},
        "shared": windows.shared,
    }


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
