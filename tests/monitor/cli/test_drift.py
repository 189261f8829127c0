"""`overread drift compare`: the shape of the answer, its exit status, and tables that are not what they should be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from monitor.cli.drift import app
from monitor.core.errors import TableError

KEYS = {"column", "kind", "test", "statistic", "effect", "p_value", "p_adjusted", "drifted", "n_reference", "n_current"}


def features(n: int, seed: int, *, shift: float = 0.0, scanner: str = "B") -> pl.DataFrame:
    """A window: identifiers, a date, numbers, a code, words, a score, an embedding and two segments."""
    rng = np.random.default_rng(seed)
    scanners = rng.choice(["A", "B", "C"], n)
    moved = shift * (scanners == scanner)
    return pl.DataFrame(
        {
            "study_id": [f"s{i}" for i in range(n)],
            "uid": [f"1.2.{seed}.{i}" for i in range(n)],
            "day": [f"2026-01-{1 + i % 28:02}" for i in range(n)],
            "mean": rng.normal(size=n) + moved,
            "noise": rng.normal(size=n) + moved,
            "grade": rng.integers(0, 4, n),
            "view": rng.choice(["AP", "PA"], n),
            "score_effusion": rng.beta(2, 8, n),
            **{f"emb_{i}": rng.normal(size=n) + moved for i in range(6)},
            "manufacturer": scanners,
            "site": rng.choice(["north", "south"], n),
        }
    )


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """Where the two windows lie."""
    return tmp_path / "reference.csv", tmp_path / "current.csv"


def run(paths: tuple[Path, Path], *options: str, code: int | None = None) -> dict[str, Any]:
    """What `compare --json` answers."""
    arguments = ["compare", "--reference", str(paths[0]), "--current", str(paths[1]), "--json", *options]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    answer = json.loads(result.stdout)
    assert result.exit_code == ((3 if answer["verdict"] == "drift" else 0) if code is None else code)
    return answer


def write(paths: tuple[Path, Path], reference: pl.DataFrame, current: pl.DataFrame) -> None:
    """Put both windows where the command looks."""
    reference.write_csv(paths[0])
    current.write_csv(paths[1])


def test_a_scanner_that_changed_is_drift_and_the_first_suspect(paths: tuple[Path, Path]) -> None:
    """Exit 3, every field of the interface, and the scanner named first."""
    write(paths, features(400, 1), features(150, 2, shift=2.0))
    answer = run(paths, "--segment", "manufacturer", "--segment", "site", code=3)
    assert answer["verdict"] == "drift"
    assert {column["column"]: column["kind"] for column in answer["columns"]} == {
        "mean": "numeric",
        "noise": "numeric",
        "grade": "categorical",
        "view": "categorical",
        "score_effusion": "numeric",
    }
    assert all(column.keys() >= KEYS for column in [*answer["columns"], answer["embedding"]])
    assert {column["column"] for column in answer["columns"] if column["drifted"]} == {"mean", "noise"}
    assert answer["suspects"][0]["segment"] == {"manufacturer": "B"}
    assert answer["suspects"][0]["lift"] > 1.5
    assert answer["shift"]["type"] == "undetermined"
    assert answer["skipped"] == {"study_id": "identifier", "uid": "identifier", "day": "time"}


def test_no_change_is_no_drift(paths: tuple[Path, Path]) -> None:
    """Exit 0, shift none and no suspects; Parquet and CSV answer alike."""
    write(paths, features(300, 3), features(100, 4))
    answer = run(paths, "--segment", "site", code=0)
    assert (answer["verdict"], answer["shift"], answer["suspects"]) == ("no_drift", {"type": "none"}, [])
    parquet = paths[0].with_suffix(".parquet"), paths[1].with_suffix(".parquet")
    features(300, 3).write_parquet(parquet[0])
    features(100, 4).write_parquet(parquet[1])
    again = run(parquet, "--segment", "site")
    assert [column["p_value"] for column in again["columns"]] == [column["p_value"] for column in answer["columns"]]


def test_patients_count_once(paths: tuple[Path, Path]) -> None:
    """With a patient column a window holds one study a patient, and how many were left out is said."""
    tables = features(200, 3), features(100, 4)
    repeated = [table.with_columns(patient=pl.Series([f"p{i // 2}" for i in range(table.height)])) for table in tables]
    write(paths, *repeated)
    answer = run(paths)
    assert (answer["n_reference"], answer["n_current"]) == (100, 50)
    assert answer["repeated"] == {"reference": 100, "current": 50}


def test_a_reference_that_holds_the_current_window_is_named(paths: tuple[Path, Path]) -> None:
    """Studies that are in both windows, whatever they are called there, are counted and warned of."""
    whole = features(200, 3)
    write(paths, whole, whole[120:].with_columns(study_id=pl.lit("renamed")))
    answer = run(paths, code=0)
    assert (answer["verdict"], answer["shared"]) == ("no_drift", 80)
    arguments = ["compare", "--reference", str(paths[0]), "--current", str(paths[1])]
    assert "80 studies of" in CliRunner().invoke(app, arguments).stderr


def test_a_drift_is_dated_and_shown(paths: tuple[Path, Path]) -> None:
    """With a column of times the change has a day and an interval; the studies that show it are named by their row."""
    days = [f"2026-{1 + i // 280:02}-{1 + i // 10 % 28:02}" for i in range(560)]
    whole = pl.concat([features(420, 1), features(140, 2, shift=3.0)]).with_columns(day=pl.Series(days))
    write(paths, whole[:300], whole[300:])
    answer = run(paths, "--segment", "manufacturer", "--time", "day", code=3)
    assert answer["suspects"][0]["segment"] == {"manufacturer": "B"}
    assert answer["onset"]["low"] <= "2026-02-15" <= answer["onset"]["high"]
    assert answer["onset"]["at"] in {"2026-02-14", "2026-02-15", "2026-02-16"}
    farthest = [row - 1 for row in answer["exemplars"]["farthest"]]
    assert whole[300:][farthest]["manufacturer"].to_list() == ["B"] * 5
    with pytest.raises(TableError, match=r"column 'view', row 1: not a time"):
        run(paths, "--time", "view")


def test_prefixes_are_the_users(paths: tuple[Path, Path]) -> None:
    """Other prefixes make other columns the embedding; without any there is none."""
    write(paths, features(200, 3), features(60, 4))
    assert run(paths, "--embedding-prefix", "vec_")["embedding"] is None
    assert run(paths, "--embedding-prefix", "emb_")["embedding"]["kind"] == "embedding"


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_too_few_rows_are_insufficient_data(paths: tuple[Path, Path], rows: int) -> None:
    """A current window below the minimum is a verdict, not an error, and exits 0."""
    write(paths, features(200, 3), features(29, 4, shift=9.0)[:rows])
    answer = run(paths, "--segment", "site", code=0)
    assert answer["verdict"] == "insufficient_data"
    assert answer["shift"]["type"] == "undetermined"


@pytest.mark.parametrize(
    ("reference", "current", "verdict"),
    [
        (["1.5"] * 60, ["1.5"] * 40, "no_drift"),
        ([""] * 60, [""] * 40, "insufficient_data"),
        ([str(i) for i in range(60)], [""] * 40, "drift"),
        ([str(i) for i in range(60)], ["inf"] * 40, "drift"),
        ([str(i) for i in range(60)], ["NaN"] * 40, "drift"),
        (["AP"] * 60, ["LL"] * 40, "drift"),
        (["AP", ""] * 30, ["AP", ""] * 20, "no_drift"),
        (["1"] * 60, ["1"] * 40, "no_drift"),
    ],
)
def test_bad_columns_have_a_verdict(
    paths: tuple[Path, Path], reference: list[str], current: list[str], verdict: str
) -> None:
    """Constant, empty, infinite and unseen values each end in a named verdict."""
    write(paths, *(pl.DataFrame({"x": values, "study_id": range(len(values))}) for values in (reference, current)))
    assert run(paths)["verdict"] == verdict


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"renamed": "x"}, r"current\.csv: column 'x' of .* is missing; found"),
        ({"x": ["1.5"] * 39 + ["high"]}, r"current\.csv: column 'x', row 40: not a number"),
        ({"emb_0": ["0"] * 39 + ["?"]}, r"current\.csv: column 'emb_0', row 40: not a number"),
    ],
)
def test_tables_that_do_not_fit_are_a_clear_error(paths: tuple[Path, Path], change: dict[str, Any], words: str) -> None:
    """A renamed column, words among numbers and a broken embedding name the file, the column and the row."""
    numbers = {"x": [str(i / 7) for i in range(40)], "emb_0": ["0.5"] * 40}
    current = pl.DataFrame(numbers)
    current = (
        current.rename({"x": "renamed"})
        if "renamed" in change
        else current.with_columns(**{name: pl.Series(values) for name, values in change.items()})
    )
    write(paths, pl.DataFrame(numbers), current)
    with pytest.raises(TableError, match=words) as raised:
        run(paths)
    assert "high" not in str(raised.value)


def test_an_unknown_segment_is_a_clear_error(paths: tuple[Path, Path]) -> None:
    """The error names the segment and the columns there are."""
    write(paths, features(60, 1), features(60, 2))
    with pytest.raises(TableError, match=r"--segment scanner: .* found 'study_id'"):
        run(paths, "--segment", "scanner")


def test_one_column_by_every_distance(paths: tuple[Path, Path]) -> None:
    """`show` gives each distance with what chance makes of it; an identifier and an unknown column are clear errors."""
    write(paths, features(300, 1), features(60, 2))
    where = ["show", "--reference", str(paths[0]), "--current", str(paths[1])]
    answer = json.loads(CliRunner().invoke(app, [*where, "--column", "mean", "--json"], catch_exceptions=False).stdout)
    assert {one["name"] for one in answer["distances"]} == {"jensen_shannon", "psi", "cramer_von_mises", "wasserstein"}
    assert all(0 < one["p_value"] <= 1 and one["by_chance"] > 0 for one in answer["distances"])
    assert "psi" in CliRunner().invoke(app, [*where, "--column", "view"], catch_exceptions=False).stdout
    with pytest.raises(TableError, match=r"study_id: is left out as identifier .* accepted: 'mean'"):
        CliRunner().invoke(app, [*where, "--column", "study_id"], catch_exceptions=False)


def test_the_table_for_people(paths: tuple[Path, Path]) -> None:
    """Without --json the verdict, the columns and the suspects are printed."""
    write(paths, features(300, 1), features(150, 2, shift=2.0))
    arguments = ["compare", "--reference", str(paths[0]), "--current", str(paths[1]), "--segment", "manufacturer"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 3
    assert "drift" in result.stdout
    assert "suspect: manufacturer B" in result.stdout


@pytest.mark.filterwarnings("ignore")  # evidently's own, at import and while it plots
def test_report_writes_html(paths: tuple[Path, Path]) -> None:
    """`report` writes a page with our verdict and says it on stderr."""
    write(paths, features(100, 1), features(60, 2, shift=3.0))
    out = paths[0].with_suffix(".html")
    arguments = ["report", "--reference", str(paths[0]), "--current", str(paths[1]), "--out", str(out)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "Overread: drift" in out.read_text()
    assert "drift" in result.stderr
