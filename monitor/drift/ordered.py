"""Distances between two windows of one number, read off their sorted values; a reference is sorted once for many."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordered:
    """Finite values in ascending order, shape (n,), n at least 1."""

    values: Floats

    @classmethod
    def of(cls, values: Floats) -> "Ordered":
        """Finite values in any order."""
        return cls(values=np.sort(values))


@dataclass(frozen=True, kw_only=True, slots=True)
class RankSum:
    """`statistic` is P(current > reference) + P(equal) / 2: one half where neither window lies higher."""

    statistic: float
    p_value: float


def ks_distance(reference: Ordered, current: Ordered) -> float:
    """The largest gap between the two distribution functions, in [0, 1], in O(n log m)."""
    m, n = reference.values.size, current.values.size
    steps = np.arange(n)
    # Between two current values only the reference's function moves: it is furthest from the other at the ends.
    above = (steps + 1) / n - np.searchsorted(reference.values, current.values, side="right") / m
    below = np.searchsorted(reference.values, current.values, side="left") / m - steps / n
    return float(max(above.max(), below.max(), 0.0))


def wasserstein(reference: Ordered, current: Ordered) -> float:
    """The area between the two quantile functions, in the unit of the values.

    Source: S. S. Vallender, Calculation of the Wasserstein distance between probability distributions on the line,
    Theory of Probability and its Applications 18 (1974) 784-786.
    """
    m, n = reference.values.size, current.values.size
    if m == n:
        return float(np.abs(reference.values - current.values).mean())
    # Both quantile functions are steps; in units of 1 / (m n) their ends are whole numbers.
    ends = np.sort(np.concatenate([np.arange(1, m + 1) * n, np.arange(1, n) * m]), kind="stable")
    starts = np.concatenate([[0], ends[:-1]])
    gaps = np.abs(reference.values[starts // n] - current.values[starts // m])
    return float(gaps @ (ends - starts) / (m * n))


def rank_sum(reference: Ordered, current: Ordered) -> RankSum:
    """The Wilcoxon-Mann-Whitney test, its normal law corrected for ties and continuity.

    It sees a window that moved as a whole with far fewer studies than the Kolmogorov-Smirnov test does, and is blind
    to one that only widened. Source: H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60;
    ties after W. H. Kruskal, W. A. Wallis, Journal of the American Statistical Association 47 (1952) 583-621.
    """
    m, n = reference.values.size, current.values.size
    wins = sum(np.searchsorted(reference.values, current.values, side=side).sum() for side in ("left", "right")) / 2
    pooled = np.sort(np.concatenate([reference.values, current.values]), kind="stable")
    ends = np.flatnonzero(np.concatenate([pooled[1:] != pooled[:-1], [True]])) + 1
    ties = np.diff(ends, prepend=0).astype(np.float64)
    total = float(m + n)
    variance = m * n / 12 * (total + 1 - (ties**3 - ties).sum() / (total * max(total - 1, 1)))
    if variance <= 1e-9 * m * n:
        return RankSum(statistic=0.5, p_value=1.0)
    z = max(abs(wins - m * n / 2) - 0.5, 0.0) / np.sqrt(variance)
    return RankSum(statistic=float(wins / (m * n)), p_value=float(min(1.0, 2 * ndtr(-z))))
