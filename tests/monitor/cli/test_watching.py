"""`overread agreement watch` and `plan`: the shape of the answer, and what is refused."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from monitor.cli.agreement import app
from monitor.core.errors import OverreadError, TableError, UsageError

START = date(2026, 1, 1)


def _rows(flags: Sequence[bool], *, per_day: int = 29, stream: str | None = None) -> list[str]:
    tail = "" if stream is None else f",{stream}"
    return [f"{START + timedelta(days=i // per_day)},{int(flag)}{tail}" for i, flag in enumerate(flags)]


def _table(path: Path, rows: Sequence[str], head: str = "time,discordant") -> Path:
    path.write_text("\n".join([head, *rows, ""]))
    return path


def _run(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def _watch(events: Path, baseline: object = 0.03, **options: object) -> dict[str, Any]:
    chosen = {"budget": 0.1, "per-day": 29} | options
    return _run(
        "watch", "--events", events, "--baseline", baseline, *(w for k, v in chosen.items() for w in (f"--{k}", v))
    )


@pytest.fixture
def changed() -> np.ndarray:
    """A hundred days at .03, then fifty at .12."""
    rng = np.random.default_rng(2)
    return np.concatenate([rng.random(2900) < 0.03, rng.random(1450) < 0.12])


def test_an_alarm_has_its_place_its_time_and_its_evidence(tmp_path: Path, changed: np.ndarray) -> None:
    """The answer of the interface: where, when, how much evidence against which threshold."""
    answer = _watch(_table(tmp_path / "e.csv", _rows(changed)))
    assert answer.keys() >= {"alarm_index", "alarm_time", "statistic", "threshold"}
    assert 2900 <= answer["alarm_index"] < 2900 + 21 * 29
    assert answer["alarm_time"] == str(START + timedelta(days=answer["alarm_index"] // 29))
    assert answer["statistic"] >= answer["threshold"]
    assert answer["verdict"] == "alert"


def test_rows_out_of_order_are_put_in_order(tmp_path: Path, changed: np.ndarray) -> None:
    """A label that comes late takes the place of its study: the answer is that of the sorted table."""
    rows = _rows(changed, per_day=1)
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    assert _watch(_table(tmp_path / "a.csv", rows)) == _watch(_table(tmp_path / "b.csv", shuffled))


def test_each_stream_is_watched_on_its_own(tmp_path: Path, changed: np.ndarray) -> None:
    """Only the stream that changed has an alarm, and the budget is shared: its threshold is twice as high."""
    rows = [*_rows(changed, stream="b"), *_rows(changed[:1000], stream="a")]
    streams = _watch(_table(tmp_path / "e.csv", rows, "time,discordant,stream"))["streams"]
    alone = _watch(_table(tmp_path / "b.csv", _rows(changed)))
    assert [one["stream"] for one in streams] == ["a", "b"]
    assert streams[0]["alarm_index"] is None
    assert streams[1]["alarm_index"] >= alone["alarm_index"]
    assert streams[1]["threshold"] == pytest.approx(2 * alone["threshold"], rel=0.1)


def test_the_baseline_may_be_counted(tmp_path: Path, changed: np.ndarray) -> None:
    """A table of reference cases gives the rate, the number it rests on and the correlation of its cases."""
    reference = _table(tmp_path / "r.csv", _rows(changed[:1740]))
    answer = _watch(_table(tmp_path / "e.csv", _rows(changed[1740:])), reference)
    assert answer["baseline"]["n"] == 1740
    assert answer["baseline"]["rate"] == pytest.approx(changed[:1740].mean())
    assert answer["alarm_index"] > 1160


def test_a_stream_without_reference_is_not_judged(tmp_path: Path, changed: np.ndarray) -> None:
    """Baselines are kept a stream; one that the reference does not know is insufficient data."""
    head = "time,discordant,stream"
    reference = _table(tmp_path / "r.csv", _rows(changed[:900], stream="a"), head)
    rows = [*_rows(changed[:900], stream="a"), *_rows(changed, stream="b")]
    verdicts = [one["verdict"] for one in _watch(_table(tmp_path / "e.csv", rows, head), reference)["streams"]]
    assert verdicts == ["ok", "insufficient_data"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separator_and_byte_order_mark_are_found(tmp_path: Path, separator: str) -> None:
    """A table from a spreadsheet is read as it is, its columns in any order."""
    path = tmp_path / "e.csv"
    lines = [separator.join(line) for line in (("discordant", "site", "time"), ("1", "x", "7"), ("0.0", "y", "6.5"))]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert (_watch(path)["n"], _watch(path)["discordant"]) == (2, 1)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "no column names"),
        ("time,discordant\n", "no rows"),
        ("time,call\n1,1\n", "'discordant' is missing"),
        ("discordant\n1\n", "'time' is missing"),
        ("time,discordant\n1,0\n2,2\n", "row 2: discordant: 0 or 1"),
        ("time,discordant\n1,0\n2,\n3,\n", "row 2 and 1 more: discordant: 0 or 1"),
        ("time,discordant\n1,0\n2,.5\n", "row 2: discordant: 0 or 1"),
        ("time,discordant\n1,0\nsoon,1\n", "row 1 and 1 more: time"),
        ("time,discordant\n2026-01-01,0\n,1\n", "row 2: time"),
        ("time,discordant\n2026-01-01T00:00:00Z,0\n2026-01-01T00:00:00,1\n", "time zone"),
        ("time,discordant,stream\n1,0,a\n2,0,\n", "row 2: stream"),
        ("time discordant\n1 0\n", "is missing"),
    ],
)
def test_what_is_no_stream_is_refused(tmp_path: Path, table: str, said: str) -> None:
    """A table that cannot be watched is one error that names the file, the row and what would be accepted."""
    path = tmp_path / "e.csv"
    path.write_text(table)
    with pytest.raises(TableError, match=said) as caught:
        _watch(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"baseline": 1.2},
        {"baseline": 0},
        {"baseline": "nan"},
        {"budget": 0},
        {"budget": "nan"},
        {"per-day": -1},
        {"per-day": "inf"},
    ],
)
def test_numbers_without_meaning_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    """A baseline is a probability, a budget and a volume are positive."""
    with pytest.raises(UsageError, match="accepted"):
        _watch(_table(tmp_path / "e.csv", ["1,0"]), **({"baseline": 0.03} | options))


def test_a_reference_by_stream_does_not_fit_one_stream(tmp_path: Path) -> None:
    """Which of several baselines holds is not guessed."""
    reference = _table(tmp_path / "r.csv", ["1,0,a"], "time,discordant,stream")
    with pytest.raises(OverreadError, match="both or neither"):
        _watch(_table(tmp_path / "e.csv", ["1,0"]), reference)
    with pytest.raises(OverreadError, match="one stream"):
        _run("plan", "--per-day", 29, "--baseline", reference, "--budget", 1, "--shift", 0.1)


def test_a_plan_has_a_delay_a_shift() -> None:
    """The answer of the interface: threshold, false alarms, and a row for each shift in the order asked."""
    answer = _run("plan", "--per-day", 29, "--baseline", 0.031, "--budget", 0.5, "--shift", 0.055, "--shift", 0.02)
    assert answer["threshold"] > 1
    assert answer["false_alarms_per_year"] == pytest.approx(0.5, rel=0.25)
    seen, unseen = answer["delays"]
    assert seen.keys() >= {"shift", "median_days", "p90_days", "missed_in_year"}
    assert seen["shift"] == 0.055
    assert 8 < seen["median_days"] < seen["p90_days"] < 60
    assert (unseen["shift"], unseen["median_days"], unseen["p90_days"]) == (0.02, None, None)
    assert unseen["missed_in_year"] > 0.95


def test_a_plan_for_no_probability_is_refused() -> None:
    """A rate of 1.5 is none."""
    with pytest.raises(UsageError, match=r"--shift 1\.5"):
        _run("plan", "--per-day", 29, "--baseline", 0.031, "--budget", 0.5, "--shift", 1.5)


def test_people_get_tables(tmp_path: Path, changed: np.ndarray) -> None:
    """Without --json both commands print what a person reads."""
    path = _table(tmp_path / "e.csv", _rows(changed))
    watched = CliRunner().invoke(
        app, ["watch", "--events", str(path), "--baseline", ".03", "--budget", ".1", "--per-day", "29"]
    )
    planned = CliRunner().invoke(
        app, ["plan", "--baseline", ".03", "--budget", ".1", "--per-day", "29", "--shift", ".1"]
    )
    assert "alert" in watched.stdout
    assert "false alarms a year" in planned.stdout
