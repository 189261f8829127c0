"""The joint test: its statistic, its null, and what it sees that no column shows."""

import numpy as np
import pytest
from scipy.stats import kstest

from monitor.drift.hotelling import hotelling, rank_scores


def test_statistic_is_the_ridged_distance_of_the_means() -> None:
    """Equals gap' (S + ridge)^-1 gap with the covariance of both windows together, to float32."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 5)) * [1, 2, 3, 4, 5], rng.normal(0.3, 1, size=(40, 5))
    rows = np.concatenate([x, y])
    covariance = np.cov(rows.T, bias=True)
    ridged = covariance + 5 / 120 * np.trace(covariance) / 5 * np.eye(5)
    gap = y.mean(axis=0) - x.mean(axis=0)
    result = hotelling(x, y, draws=99, rng=rng)
    assert result.statistic == pytest.approx(gap @ np.linalg.solve(ridged, gap), rel=1e-4)


def test_many_small_shifts_are_seen_together() -> None:
    """A fifth of a standard deviation in each of thirty columns is beyond chance at .001 with 200 studies."""
    rng = np.random.default_rng(2)
    result = hotelling(rng.normal(size=(800, 30)), rng.normal(0.2, 1, size=(200, 30)), draws=1999, rng=rng)
    assert result.p_value <= 0.001


def test_rank_scores_ignore_units_tails_and_gaps() -> None:
    """Any increasing change of unit leaves them alone; missing values and constants are 0."""
    values = np.array([3.0, 1.0, np.nan, 2.0, np.inf])
    assert rank_scores(np.exp(values * 9)) == pytest.approx(rank_scores(values))
    assert rank_scores(values)[[2, 4]].tolist() == [0.0, 0.0]
    assert not rank_scores(np.ones(4)).any()


@pytest.mark.slow
def test_null_p_values_are_uniform() -> None:
    """Over 300 null pairs the p-values of 199 permutations are uniform (KS at .001), heavy tails or not."""
    rng = np.random.default_rng(3)
    p = [
        hotelling(rng.standard_t(2, (60, 6)), rng.standard_t(2, (30, 6)), draws=199, rng=rng).p_value
        for _ in range(300)
    ]
    assert kstest(p, "uniform").pvalue > 0.001
