"""Limits of agreement and the intraclass correlation against published examples."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from monitor.agreement.measurement import intraclass_correlation, limits_of_agreement

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_icc_is_that_of_shrout_and_fleiss() -> None:
    """Table 2 of the paper has ICC(2,1) = .29; its interval .02 to .76 is widely reproduced."""
    found = intraclass_correlation(SHROUT_FLEISS)
    assert found is not None
    assert found.value == pytest.approx(0.29, abs=0.005)
    assert (found.low, found.high) == pytest.approx((0.02, 0.76), abs=0.005)


def test_identical_readers_agree_wholly() -> None:
    """Two readers who measure alike have ICC 1; one case or no variety has none."""
    found = intraclass_correlation([[1, 1], [2, 2], [5, 5]])
    assert found is not None
    assert found.value == 1
    assert intraclass_correlation([[1, 2]]) is None
    assert intraclass_correlation([[3, 3], [3, 3]]) is None


def test_limits_are_bias_and_two_deviations() -> None:
    """The bias and its interval are those of the paired t, the limits 1.96 deviations from it."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(5, 1, 40), rng.normal(4.8, 1, 40)
    found = limits_of_agreement(first, second)
    assert found is not None
    expected = ttest_rel(first, second).confidence_interval()
    assert (found.bias_low, found.bias_high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.upper - found.bias == pytest.approx(1.96 * (first - second).std(ddof=1))
    assert found.lower_low < found.lower < found.bias < found.upper < found.upper_high
    assert limits_of_agreement([1], [2]) is None
