"""The Kolmogorov-Smirnov test against scipy, against enumeration, and its tail."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from monitor.drift.ks import ks

values = st.lists(st.floats(-10, 10) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=40).map(np.array)


@pytest.mark.filterwarnings("ignore:ks_2samp")
@settings(max_examples=50, deadline=None)
@given(values, values)
def test_matches_scipy(reference: np.ndarray, current: np.ndarray) -> None:
    """Statistic and exact p-value are scipy's."""
    result, expected = ks(reference, current), ks_2samp(reference, current, method="exact")
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)


def test_p_value_is_the_share_of_all_splits() -> None:
    """For 5 and 4 values it is the share of all 126 splits that are as far apart."""
    pooled = np.array([0.1, 0.7, 0.9, 1.3, 1.4, 2.0, 2.2, 3.1, 4.5])
    rows = [list(chosen) for chosen in combinations(range(9), 4)]
    gaps = [ks(np.delete(pooled, row), pooled[row]).statistic for row in rows]
    for row, gap in list(zip(rows, gaps, strict=True))[::17]:
        share = np.mean(np.array(gaps) >= gap - 1e-12)
        assert ks(np.delete(pooled, row), pooled[row]).p_value == pytest.approx(share)


def test_constant_windows_are_one() -> None:
    """Two windows of one value are no drift: distance 0, p-value 1."""
    result = ks(np.full(30, 2.0), np.full(50, 2.0))
    assert (result.statistic, result.p_value) == (0.0, 1.0)


def test_disjoint_windows_at_size_stay_silent_and_bounded() -> None:
    """Thousands of values without overlap give p in [0, 1] and no warning."""
    result = ks(np.arange(5000.0), np.arange(5000.0, 6000.0))
    assert result.statistic == 1.0
    assert 0 <= result.p_value < 1e-100


@pytest.mark.slow
def test_tail_holds_at_daily_levels() -> None:
    """At 800 by 200 the p-value falls below 2e-3 in at most 2e-3 of 2000 null pairs, within four Monte-Carlo errors."""
    rng = np.random.default_rng(11)
    hits = sum(ks(rng.normal(size=800), rng.normal(size=200)).p_value <= 2e-3 for _ in range(2000))
    assert hits / 2000 <= 2e-3 + 4 * (2e-3 / 2000) ** 0.5
