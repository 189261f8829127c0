"""The bench's oracle and rules, on streams small enough to follow."""

import numpy as np
import pytest

from monitor.bench.detection import SETTINGS, Setting, cusum, measure


def test_the_cusum_is_pages() -> None:
    """At each discordant case it is what the case-by-case recursion gives."""
    flags = np.random.default_rng(0).random(400) < 0.1
    state, expected = 0.0, []
    for flag in flags:
        state = max(0.0, state + (np.log(0.2 / 0.1) if flag else np.log(0.8 / 0.9)))
        if flag:
            expected.append(state)
    assert cusum(np.flatnonzero(flags)[None], np.array([0.1]), 0.2)[0] == pytest.approx(expected)


def test_every_detector_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting gives a row a detector, each with its false alarms and a delay to every shift."""
    monkeypatch.setattr("monitor.bench.detection.ORACLE_RUNS", 200)
    rows = list(measure(Setting(name="small", per_day=10), runs=20))
    assert [row.detector for row in rows] == ["mixture Shiryaev-Roberts", "7-day interval", "oracle CUSUM"]
    assert all(len(row.delays) == 3 and row.false_alarms_per_year >= 0 for row in rows)
    assert {setting.name for setting in SETTINGS} >= {"known", "estimated"}
