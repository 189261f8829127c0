"""What `overread agreement watch` and `plan` answer."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import typer

from monitor.agreement.baseline import Baseline
from monitor.agreement.budget import detector
from monitor.agreement.planner import delay, false_alarms_per_year
from monitor.agreement.watch import watch
from monitor.cli.events import Stream, read_baseline, read_streams
from monitor.cli.output import print_table
from monitor.core.errors import TableError, UsageError
from monitor.core.verdict import Verdict

MOST = 1_000_000


def watch_streams(events: Path, baseline: str, *, budget: float, per_day: float) -> dict[str, Any]:
    """One answer, or one a stream under `streams` where the table has that column.

    A stream of which the reference has no case is not judged: `insufficient_data`.
    """
    _check(budget, per_day)
    streams = read_streams(events)
    baselines = read_baseline(baseline, per_day=per_day)
    if streams[0].name is None and None not in baselines:
        message = f"{baseline}: has a column 'stream' and {events} has none; both or neither are accepted"
        raise TableError(message)
    share = budget / len(streams)
    answers = [
        _watched(stream, baselines.get(None, baselines.get(stream.name)), budget=share, per_day=per_day)
        for stream in streams
    ]
    if streams[0].name is None:
        return answers[0]
    return {"streams": [{"stream": one.name, **answer} for one, answer in zip(streams, answers, strict=True)]}


def plan_stream(baseline: str, shifts: Sequence[float], *, budget: float, per_day: float) -> dict[str, Any]:
    """The threshold, the simulated false alarms and the simulated delay to each shift."""
    _check(budget, per_day)
    for shift in shifts:
        if not 0 < shift < 1:
            message = f"--shift {shift}: a probability above 0 and below 1 is accepted"
            raise UsageError(message)
    baselines = read_baseline(baseline, per_day=per_day)
    if None not in baselines:
        message = f"{baseline}: has a column 'stream'; a table of one stream is accepted"
        raise TableError(message)
    planned = detector(baselines[None], per_day=per_day, budget=budget)
    return {
        "threshold": planned.threshold,
        "false_alarms_per_year": false_alarms_per_year(planned, per_day=per_day),
        "delays": [asdict(delay(planned, shift, per_day=per_day)) for shift in shifts],
        "baseline": _baseline(baselines[None]),
    }


def show_watched(answer: dict[str, Any]) -> None:
    """The answer as a table."""
    heads = ("stream", "cases", "rate", "before", "alarm", "changed since", "verdict")
    rows = [
        (
            one.get("stream", "–"),
            one["n"],
            _short(one["discordant"] / one["n"]),
            _short(one["baseline"] and one["baseline"]["rate"]),
            one["alarm_time"] or "–",
            one["since_time"] or "–",
            one["verdict"],
        )
        for one in answer.get("streams", [answer])
    ]
    print_table(heads, rows, empty="No streams.")


def show_plan(answer: dict[str, Any]) -> None:
    """The answer as a table, and the false alarms it costs below it."""
    rows = [
        (one["shift"], _short(one["median_days"]), _short(one["p90_days"]), f"{one['missed_in_year']:.0%}")
        for one in answer["delays"]
    ]
    print_table(("rate after", "median days", "90 % within", "missed in a year"), rows, empty="No shifts.")
    typer.echo(f"false alarms a year: {answer['false_alarms_per_year']:.2g}")


def _watched(stream: Stream, baseline: Baseline | None, *, budget: float, per_day: float) -> dict[str, Any]:
    seen = {"n": stream.discordant.size, "discordant": int(stream.discordant.sum())}
    if baseline is None:
        none = dict.fromkeys(("alarm_index", "alarm_time", "statistic", "threshold", "since_time", "baseline"))
        return {**none, **seen, "verdict": Verdict.INSUFFICIENT_DATA.value}
    watched = watch(stream.discordant, detector(baseline, per_day=per_day, budget=budget))
    return {
        "alarm_index": watched.alarm,
        "alarm_time": None if watched.alarm is None else stream.times[watched.alarm],
        "statistic": watched.statistic,
        "threshold": watched.threshold,
        "since_time": None if watched.since is None else stream.times[watched.since],
        "baseline": _baseline(baseline),
        **seen,
        "verdict": (Verdict.OK if watched.alarm is None else Verdict.ALERT).value,
    }


def _baseline(baseline: Baseline) -> dict[str, Any]:
    """`n` is null where the rate is known."""
    return asdict(baseline)


def _check(budget: float, per_day: float) -> None:
    for option, value in (("--budget", budget), ("--per-day", per_day)):
        if not (isfinite(value) and 0 < value <= MOST):
            message = f"{option} {value}: a number above 0 and at most {MOST} is accepted"
            raise UsageError(message)


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
