"""Waiting times against statsmodels, and labels that come late."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from monitor.agreement.late import censoring_weights, closed, coverage_by_age
from monitor.agreement.survival import kaplan_meier, log_rank

cases = st.lists(st.tuples(st.integers(1, 15), st.booleans(), st.booleans()), min_size=4, max_size=60)


@given(cases)
def test_matches_statsmodels(drawn: list[tuple[int, bool, bool]]) -> None:
    """The product-limit estimate and the log-rank p-value are those of an independent implementation."""
    time, event, group = (np.array(column) for column in zip(*drawn, strict=True))
    assume(event.any() and group.any() and not group.all())
    found, expected = kaplan_meier(time, event), SurvfuncRight(time, event.astype(int))
    assert found.waiting == pytest.approx([expected.surv_prob[list(expected.surv_times).index(t)] for t in found.times])
    p_value = log_rank(time, event, group)
    assume(not np.isnan(p_value))
    assert p_value == pytest.approx(survdiff(time, event.astype(int), group)[1], abs=1e-9)


def test_reads_the_curve_and_its_median() -> None:
    """Half no longer wait after the second of four; before the first all do."""
    found = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0])
    assert (found.at(0.5), found.at(2), found.at(9), found.median) == (1.0, 0.5, 0.25, 2.0)
    assert np.all((found.low <= found.waiting) & (found.waiting <= found.high))
    assert kaplan_meier([1, 2], [0, 0]).median is None


@pytest.mark.slow
def test_late_labels_are_weighed_back() -> None:
    """Where positives are read within hours and negatives in days, weights by class restore the prevalence."""
    rng = np.random.default_rng(6)
    positive = rng.random(20_000) < 0.1
    delay, age = rng.exponential(np.where(positive, 0.2, 4.0)), rng.uniform(1, 10, 20_000)
    there = delay <= age
    weights = np.zeros(20_000)
    for side in (True, False):
        mine = positive == side
        curve = kaplan_meier(np.minimum(delay, age)[mine], there[mine])
        weights[mine & there] = censoring_weights(age[mine & there], curve)
    assert positive[there].mean() > 0.125
    assert (weights * positive).sum() / weights.sum() == pytest.approx(positive.mean(), abs=0.005)


def test_coverage_by_age_and_open_windows() -> None:
    """Young studies have fewer labels; a window closes where enough have come."""
    found = coverage_by_age([0.5, 0.6, 1.5, 1.6], [False, True, True, True], edges=[0, 1, 2, 3])
    assert [(one.first, one.labelled.value) for one in found] == [(0, 0.5), (1, 1.0)]
    assert closed(found[1].labelled, at_least=0.9)
    assert not closed(found[0].labelled, at_least=0.9)
    assert not closed(None, at_least=0.0)
