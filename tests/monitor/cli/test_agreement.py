"""`overread agreement compute`: pairing, exclusions, strata and the shape of the answer."""

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from monitor.cli.agreement import app
from monitor.core.errors import TableError, UsageError

PREDICTIONS = "study_id,finding,score,threshold\n"
READS = "study_id,finding,label\n"
FIELDS = {
    "model",
    "version",
    "finding",
    "stratum",
    "n",
    "tp",
    "fp",
    "fn",
    "tn",
    "agreement",
    "ppa",
    "npa",
    "ppv",
    "npv",
}
FIELDS |= {"kappa", "ac1", "pabak", "prevalence", "auroc", "verdict"}


class Hospital:
    """Two files and the command over them."""

    def __init__(self, folder: Path) -> None:
        self.predictions, self.reads = folder / "predictions.csv", folder / "reads.csv"

    def compute(self, predictions: str, reads: str, *options: str) -> dict[str, Any]:
        """The answer for these two files."""
        self.predictions.write_text(predictions)
        self.reads.write_text(reads)
        return self.again(*options)

    def again(self, *options: str) -> dict[str, Any]:
        """The answer for the files that are there."""
        return json.loads(self.run("--json", *options))

    def run(self, *options: str) -> str:
        """What the command prints."""
        paths = ["--predictions", str(self.predictions), "--reads", str(self.reads)]
        result = CliRunner().invoke(app, ["compute", *paths, *options], catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """An empty hospital."""
    return Hospital(tmp_path)


def _one(answer: dict[str, Any]) -> dict[str, Any]:
    (row,) = answer["rows"]
    return row


def test_counts_every_cell(hospital: Hospital) -> None:
    """Calls are `score >= threshold`, and the row has every field of the interface."""
    rows = "a,x,.5,.5\nb,x,.9,.5\nc,x,.1,.5\nd,x,.49,.5\ne,x,.2,.5\n"
    row = _one(hospital.compute(PREDICTIONS + rows, READS + "a,x,1\nb,x,0\nc,x,1\nd,x,0\ne,x,\n"))
    assert (row["tp"], row["fp"], row["fn"], row["tn"], row["n"]) == (1, 1, 1, 2, 5)
    assert row.keys() >= FIELDS
    assert row["verdict"] == "insufficient_data"
    assert row["model"] == row["version"] == "unknown"
    assert row["auroc"]["value"] == pytest.approx(2 / 6)


def test_an_always_negative_ai_is_seen_through(hospital: Hospital) -> None:
    """At 3 % prevalence it agrees in 97 %, with kappa 0, PPA 0 and an undefined PPV."""
    predictions = PREDICTIONS + "".join(f"s{i},x,.1,.5\n" for i in range(1000))
    reads = READS + "".join(f"s{i},x,{int(i < 30)}\n" for i in range(1000))
    row = _one(hospital.compute(predictions, reads))
    assert row["verdict"] == "ok"
    assert (row["agreement"]["value"], row["ppa"]["value"], row["ppv"]["value"]) == (0.97, 0.0, None)
    assert row["kappa"]["value"] == pytest.approx(0, abs=1e-12)
    assert row["always_negative"] == 0.97


def test_the_ais_own_call_comes_before_the_threshold(hospital: Hospital) -> None:
    """A `call` column wins over the threshold; where it is blank the threshold decides."""
    predictions = "study_id,finding,score,threshold,call\na,x,.9,.5,0\nb,x,.9,.5,\nc,x,.1,,TRUE\n"
    row = _one(hospital.compute(predictions, READS + "a,x,1\nb,x,1\nc,x,1\n"))
    assert (row["tp"], row["fn"]) == (2, 1)


@pytest.mark.parametrize(
    ("rule", "cells"), [("exclude", (1, 0, 0, 0)), ("positive", (2, 0, 1, 0)), ("negative", (1, 1, 0, 1))]
)
def test_uncertain_labels_follow_the_rule(hospital: Hospital, rule: str, cells: tuple[int, ...]) -> None:
    """Uncertain reads are excluded and counted, or taken as positive or negative, as asked."""
    predictions = PREDICTIONS + "a,x,.9,.5\nb,x,.9,.5\nc,x,.1,.5\n"
    answer = hospital.compute(predictions, READS + "a,x,present\nb,x,uncertain\nc,x,-1\n", "--uncertain", rule)
    row = _one(answer)
    assert (row["tp"], row["fp"], row["fn"], row["tn"]) == cells
    assert answer["excluded"] == ({"uncertain": 2} if rule == "exclude" else {})


def test_every_row_is_counted_with_its_reason(hospital: Hospital) -> None:
    """Rows that cannot be used are excluded by reason, and one usable pair remains."""
    predictions = "study_id,finding,score,threshold,call\n" + "".join(
        f"{row}\n"
        for row in (
            "ok,x,.9,.5,",
            ",x,.9,.5,",
            "a,,.9,.5,",
            "b,x,,.5,",
            "c,x,NaN,.5,",
            "d,x,1.01,.5,",
            "e,x,-inf,.5,",
            "f,x,high,.5,",
            "g,x,.9,,",
            "h,x,.9,2,",
            "i,x,.9,.5,perhaps",
            "j,x,.9,.5,",
            "j,x,.9,.5,",
            "k,x,.9,.5,",
            "k,x,.1,.5,",
            "l,x,.9,.5,",
        )
    )
    reads = READS + "ok,x,1\nj,x,maybe\nm,x,1\n,x,1\nn,x,1\nn,x,0\no,x,1\no,x,1\n"
    answer = hospital.compute(predictions, reads)
    assert _one(answer)["n"] == 1
    assert answer["excluded"] == {
        "missing_study_id": 2,
        "missing_finding": 1,
        "missing_score": 1,
        "invalid_score": 4,
        "missing_call": 1,
        "invalid_threshold": 1,
        "invalid_call": 1,
        "duplicate_prediction": 1,
        "conflicting_prediction": 2,
        "invalid_label": 1,
        "unmatched_prediction": 2,
        "unmatched_read": 2,
        "conflicting_read": 2,
        "duplicate_read": 1,
    }


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_final_read_counts(hospital: Hospital, order: int) -> None:
    """Preliminary reads never count, corrections supersede, retractions take back, whatever the order of rows."""
    reads = [
        "a,x,0,preliminary",
        "a,x,0,final",
        "a,x,1,corrected",
        "b,x,1,preliminary",
        "c,x,1,final",
        "c,x,1,retracted",
        "d,x,1,FINAL",
        "e,x,1,who knows",
    ]
    predictions = PREDICTIONS + "".join(f"{study},x,.9,.5\n" for study in "abcde")
    answer = hospital.compute(predictions, "study_id,finding,label,status\n" + "\n".join(reads[::order]))
    assert (_one(answer)["tp"], _one(answer)["n"]) == (2, 2)
    assert answer["excluded"] == {
        "preliminary_read": 2,
        "superseded_read": 1,
        "retracted_read": 2,
        "invalid_status": 1,
        "unmatched_prediction": 3,
    }


def test_a_file_of_retractions_leaves_nothing(hospital: Hospital) -> None:
    """Where every read is retracted there is no pair."""
    answer = hospital.compute(PREDICTIONS + "a,x,.9,.5\n", "study_id,finding,label,status\na,x,1,retracted\n")
    assert answer == {"rows": [], "excluded": {"retracted_read": 1, "unmatched_prediction": 1}}


def test_strata_come_from_either_file_and_add_up(hospital: Hospital) -> None:
    """A stratum may be a column of the predictions or of the reads; blanks are `unknown`; cells sum to the whole."""
    predictions = "study_id,finding,score,threshold,site,model,version\n"
    predictions += "".join(f"s{i},x,{i / 40},.5,{'AB'[i % 2]},m,{1 + i % 3}\n" for i in range(40))
    reads = "study_id,finding,label,reader\n" + "".join(f"s{i},x,{int(i > 15)},{'r' * (i % 2)}\n" for i in range(40))
    whole = hospital.compute(predictions, reads)["rows"]
    split = hospital.again("--by", "site", "--by", "reader")["rows"]
    assert {row["version"] for row in whole} == {"1", "2", "3"}
    assert {tuple(row["stratum"].items()) for row in split} == {
        (("site", "A"), ("reader", "unknown")),
        (("site", "B"), ("reader", "r")),
    }
    for cell in ("tp", "fp", "fn", "tn"):
        assert sum(row[cell] for row in split) == sum(row[cell] for row in whole)


def test_no_rows_are_no_error(hospital: Hospital) -> None:
    """Two empty tables give no rows and no exclusions."""
    assert hospital.compute(PREDICTIONS, READS) == {"rows": [], "excluded": {}}


@pytest.mark.parametrize(
    ("predictions", "reads", "options", "error", "words"),
    [
        ("study_id,finding,prob,threshold\n", READS, (), TableError, r"predictions\.csv: column 'score' .* 'prob'"),
        ("study_id,finding,score\n", READS, (), TableError, "neither 'call' nor 'threshold'"),
        (PREDICTIONS, "study_id,finding,lab\n", (), TableError, r"reads\.csv: column 'label' is missing"),
        (PREDICTIONS, READS, ("--by", "site"), TableError, "--by site: no such column"),
        (PREDICTIONS, READS, ("--by", "model"), UsageError, "--by model"),
    ],
)
def test_a_missing_column_is_a_clear_error(
    hospital: Hospital, predictions: str, reads: str, options: tuple[str, ...], error: type, words: str
) -> None:
    """The error names the file, the column and what was found."""
    with pytest.raises(error, match=words):
        hospital.compute(predictions, reads, *options)


def test_too_many_strata_are_refused(hospital: Hospital) -> None:
    """A stratum that is a different value in every row is an error, not ten thousand rows."""
    count = 10_001
    predictions = "study_id,finding,score,threshold,uid\n" + "".join(f"s{i},x,.9,.5,u{i}\n" for i in range(count))
    with pytest.raises(TableError, match="10001 rows; at most 10000"):
        hospital.compute(predictions, READS + "".join(f"s{i},x,1\n" for i in range(count)), "--by", "uid")


def test_parquet_gives_what_csv_gives(hospital: Hospital, tmp_path: Path) -> None:
    """Typed columns (whole-number study, true or false) answer as their text does, also across the two formats."""
    predictions = PREDICTIONS + "".join(f"{i},x,{i / 60},.5\n" for i in range(60))
    expected = hospital.compute(predictions, READS + "".join(f"{i},x,{int(i > 20)}\n" for i in range(60)))
    hospital.reads = tmp_path / "reads.parquet"
    frame = pl.DataFrame({"study_id": range(60), "finding": ["x"] * 60, "label": [i > 20 for i in range(60)]})
    frame.write_parquet(hospital.reads)
    assert hospital.again() == expected
    hospital.predictions = tmp_path / "predictions.parquet"
    scores = {"score": [i / 60 for i in range(60)], "call": [i >= 30 for i in range(60)]}
    frame.drop("label").with_columns(**{k: pl.Series(v) for k, v in scores.items()}).write_parquet(hospital.predictions)
    assert hospital.again() == expected


def test_the_table_for_people_shows_names_as_they_are(hospital: Hospital) -> None:
    """Without --json a table is printed; a finding that looks like markup is printed as it is."""
    hospital.predictions.write_text(PREDICTIONS + "a,[red],.9,.5\nb,[red],.9,\n")
    hospital.reads.write_text(READS + "a,[red],1\n")
    text = hospital.run()
    assert "[red]" in text
    assert "excluded: 1 × missing_call" in text


rows = st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from(["0", ".4", ".9", "2", ""]))
labels = st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from(["0", "1", "-1", "", "bad"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, max_size=12), st.lists(labels, max_size=12), st.randoms())
def test_order_never_matters_and_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], labels: list[Any], shuffler: random.Random
) -> None:
    """Shuffled rows give the same answer, and predictions = pairs + predictions excluded."""
    hospital = Hospital(tmp_path_factory.mktemp("hospital"))

    def write() -> tuple[str, str]:
        predictions = PREDICTIONS + "".join(f"{','.join(row)},.5\n" for row in rows)
        return predictions, READS + "".join(f"{','.join(row)}\n" for row in labels)

    answer = hospital.compute(*write())
    shuffler.shuffle(rows)
    shuffler.shuffle(labels)
    assert hospital.compute(*write()) == answer
    reasons = ("missing_score", "invalid_score", "duplicate_prediction", "conflicting_prediction")
    lost = sum(answer["excluded"].get(reason, 0) for reason in (*reasons, "unmatched_prediction", "uncertain"))
    assert sum(row["n"] for row in answer["rows"]) + lost == len(rows)
