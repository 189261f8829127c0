"""Two windows of one number: the Kolmogorov-Smirnov test."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp


@dataclass(frozen=True, kw_only=True, slots=True)
class Ks:
    """`statistic` is the largest gap between the two distribution functions, in [0, 1]: also the effect."""

    statistic: float
    p_value: float


def ks(reference: NDArray[np.float64], current: NDArray[np.float64]) -> Ks:
    """Two-sided two-sample test: exact up to 10 000 values a side, by the asymptotic law beyond.

    Ties (rounded or constant values) make it conservative, never liberal. Source: J. L. Hodges, The significance
    probability of the Smirnov two-sample test, Arkiv för Matematik 3 (1958) 469-486, as computed by scipy.

    Args:
        reference: finite values, shape (m,), at least one.
        current: finite values, shape (n,), at least one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where the exact sum overflows scipy says so and goes on
        result = ks_2samp(reference, current)
    return Ks(statistic=float(result.statistic), p_value=float(min(max(result.pvalue, 0.0), 1.0)))
