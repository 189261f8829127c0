"""The detector: false alarms within the budget, alarms soon after a change, and the planner's word on both."""

import numpy as np
import pytest

from monitor.agreement.baseline import Baseline, counted
from monitor.agreement.budget import YEAR, detector, first_alarm
from monitor.agreement.planner import delay, false_alarms_per_year
from monitor.agreement.streams import discordances
from monitor.agreement.watch import change_point, watch


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "correlation"), [(0.1, 0.0), (2.0, 0.0), (0.5, 0.3)])
def test_false_alarms_keep_to_the_budget(budget: float, correlation: float) -> None:
    """Over 1000 simulated years without a change, of seeds of their own, alarms come at most as often as accepted."""
    per_day, inflation = 29, (1 + correlation) / (1 - correlation)
    made = detector(Baseline(rate=0.031, inflation=inflation), per_day=per_day, budget=budget)
    cases = YEAR * per_day
    positions = discordances(np.random.default_rng(17), 0.031, cases=cases, runs=1000, correlation=correlation)
    when, alarmed = first_alarm(made.evidence(positions, cases=cases), positions, made.threshold, cases=cases)
    years = when.sum() / cases
    assert alarmed.sum() <= budget * years + 2.5 * (budget * years) ** 0.5
    assert alarmed.sum() >= 0.6 * budget * years


@pytest.mark.slow
def test_the_error_of_the_baseline_is_in_the_budget() -> None:
    """With baselines counted on 60 days, one a run, alarms still come at most as often as accepted."""
    rng, per_day, budget, runs = np.random.default_rng(23), 10, 0.5, 150
    cases, alarms, years = YEAR * per_day, 0, 0.0
    for hits in rng.binomial(60 * per_day, 0.05, runs):
        made = detector(counted(30 + 5 * round((hits - 30) / 5), 600), per_day=per_day, budget=budget)
        prior = counted(int(hits), 60 * per_day).prior(cases)
        positions = discordances(rng, 0.05, cases=cases, runs=1)
        values = made.evidence(positions, cases=cases, prior=prior)
        when, alarmed = first_alarm(values, positions, made.threshold, cases=cases)
        alarms, years = alarms + int(alarmed[0]), years + when[0] / cases
    assert alarms <= budget * years + 2 * (budget * years) ** 0.5


def test_where_too_little_happens_the_bound_stands_in() -> None:
    """At three discordances a year the threshold is the martingale's own: cases a year over the budget."""
    assert detector(Baseline(rate=0.001), per_day=10, budget=0.1).threshold == pytest.approx(36_500)
    assert detector(counted(0, 500), per_day=10, budget=0.1).threshold == pytest.approx(1.25 * 36_500)


def test_a_smaller_budget_needs_more_evidence() -> None:
    """The threshold falls with the budget, and is the same whenever it is asked for."""
    thresholds = [detector(Baseline(rate=0.05), per_day=20, budget=budget).threshold for budget in (0.05, 0.1, 1, 10)]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_rise_is_seen_and_dated() -> None:
    """At 29 cases a day a rise from .03 to .10 on day 100 is seen within three weeks and dated within ten days."""
    rng = np.random.default_rng(1)
    flags = np.concatenate([rng.random(2900) < 0.03, rng.random(2900) < 0.1])
    seen = watch(flags, detector(Baseline(rate=0.03), per_day=29, budget=0.1))
    assert seen.alarm is not None
    assert seen.since is not None
    assert 2900 < seen.alarm < 2900 + 21 * 29
    assert abs(seen.since - 2900) < 10 * 29
    assert flags[seen.alarm]
    assert seen.statistic >= seen.threshold


def test_a_stream_without_discordances_has_no_alarm() -> None:
    """Nothing discordant is nothing to see."""
    made = detector(counted(3, 100), per_day=29, budget=0.1)
    seen = watch(np.zeros(500, bool), made)
    assert (seen.alarm, seen.since) == (None, None)


def test_an_exact_change_is_dated_exactly() -> None:
    """Where a clean stream turns fully discordant, the change is its first discordant case."""
    assert change_point(np.array([False] * 200 + [True] * 20), 0.01) == 200


def test_the_plan_orders_shifts_by_their_size() -> None:
    """A larger shift is seen sooner, one below the baseline never, and false alarms are about what was accepted."""
    made = detector(Baseline(rate=0.05), per_day=20, budget=0.5)
    small, large, below = (delay(made, shift, per_day=20) for shift in (0.08, 0.2, 0.01))
    assert small.median_days is not None
    assert large.median_days is not None
    assert large.p90_days is not None
    assert large.median_days < large.p90_days < small.median_days
    assert (below.median_days, below.missed_in_year) == (None, 1.0)
    assert false_alarms_per_year(made, per_day=20) == pytest.approx(0.5, rel=0.25)


def test_an_estimated_baseline_delays_the_alarm() -> None:
    """The plan charges for what the reference does not tell."""
    known = delay(detector(Baseline(rate=0.05), per_day=20, budget=0.5), 0.1, per_day=20)
    vague = delay(detector(counted(15, 300), per_day=20, budget=0.5), 0.1, per_day=20)
    assert known.median_days is not None
    assert vague.median_days is not None
    assert known.median_days < vague.median_days
