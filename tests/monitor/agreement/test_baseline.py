"""The baseline's grid against the Beta distribution it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from monitor.agreement.baseline import Baseline, counted, posterior


@given(st.integers(20, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(1, 3))
def test_has_the_moments_of_the_posterior(counts: tuple[int, int], inflation: float) -> None:
    """Mean and standard deviation are those of the Beta posterior under Jeffreys' prior, cases weighing 1/inflation."""
    rates, weights = counted(*counts, inflation=inflation).prior(counts[1])
    hits, cases = counts[0] / inflation, counts[1] / inflation
    expected = beta(hits + 0.5, cases - hits + 0.5)
    mean = float((weights * rates).sum())
    deviation = float((weights * (rates - mean) ** 2).sum()) ** 0.5
    assert weights.sum() == pytest.approx(1)
    assert mean == pytest.approx(expected.mean(), rel=0.01, abs=1e-4)
    assert deviation == pytest.approx(expected.std(), rel=0.06)


def test_the_grid_follows_the_cases_to_come() -> None:
    """A short reference before a long stream needs a finer grid than the reference alone."""
    assert counted(3, 100).prior(10_000).rates.size > 3 * counted(3, 100).prior(10).rates.size


def test_a_known_rate_is_one_node() -> None:
    """What is known has no error to average over."""
    rates, weights = Baseline(rate=0.03).prior(10_000)
    assert (rates.tolist(), weights.tolist()) == ([[0.03]], [[1.0]])


def test_runs_have_grids_of_their_own() -> None:
    """Several counts give one row each."""
    rates, weights = posterior([3, 30], 100, further=100)
    assert rates.shape == weights.shape
    assert np.all(rates[0].max() < rates[1].max())
