"""Distances from sorted values against scipy's, whatever the ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, mannwhitneyu, wasserstein_distance

from monitor.drift.ordered import Ordered, ks_distance, rank_sum, wasserstein

windows = st.lists(st.integers(-4, 4) | st.floats(-1e3, 1e3), min_size=1, max_size=30).map(
    lambda values: np.array(values, dtype=np.float64)
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # scipy's, on its p-value at one study
@given(windows, windows)
def test_distances_are_scipys(reference: np.ndarray, current: np.ndarray) -> None:
    """The KS and Wasserstein distances equal scipy's to 1e-12 of the values' size, ties and unequal sizes included."""
    ours = Ordered.of(reference), Ordered.of(current)
    scale = max(1.0, float(np.abs(np.concatenate([reference, current])).max()))
    assert ks_distance(*ours) == pytest.approx(ks_2samp(reference, current, method="asymp").statistic, abs=1e-12)
    assert wasserstein(*ours) == pytest.approx(wasserstein_distance(reference, current), abs=1e-12 * scale)


@given(windows, windows)
def test_the_rank_sum_is_scipys(reference: np.ndarray, current: np.ndarray) -> None:
    """Statistic and p-value are those of scipy's tie-corrected normal law; a constant is no evidence."""
    result = rank_sum(Ordered.of(reference), Ordered.of(current))
    if np.ptp(np.concatenate([reference, current])) == 0:
        assert (result.statistic, result.p_value) == (0.5, 1.0)
        return
    expected = mannwhitneyu(current, reference, method="asymptotic")
    assert result.statistic == pytest.approx(expected.statistic / (reference.size * current.size))
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)
