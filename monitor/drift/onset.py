"""When a change began: one change point, with the days that cannot be ruled out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_SIDE = 3
"""Studies on either side of a change point; fewer are an outlier and no change."""

_INSIDE = 7.36
"""-2 log(1 - sqrt(.95)): a likelihood ratio that each side of a true change point stays below, together in .95."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Onset:
    """`at` is the first day of the change, `low` and `high` the bounds of a 95 % confidence set for it."""

    at: int
    low: int
    high: int


def onset(days: NDArray[np.int64], values: Floats) -> Onset | None:
    """The day from which the mean of values differs most from before, by least squares.

    The set holds every day whose likelihood, as the change point, is within a factor of the best one's. Source of the
    estimate: D. V. Hinkley, Inference about the change-point in a sequence of random variables, Biometrika 57 (1970)
    1-17; of the set: D. Siegmund, Confidence sets in change-point problems, International Statistical Review 56 (1988)
    31-48, its bound without the correction for overshoot, so that it errs to the wide side.

    Args:
        days: day number of each study, shape (n,), in any order.
        values: how far each study has changed, shape (n,), finite.

    Returns:
        None where there are too few days or studies to tell, or nothing varies.
    """
    order = np.argsort(days, kind="stable")
    days, values = days[order], values[order]
    n = values.size
    cuts = np.flatnonzero(days[1:] != days[:-1]) + 1
    cuts = cuts[(cuts >= MIN_SIDE) & (cuts <= n - MIN_SIDE)]
    if cuts.size == 0 or np.ptp(values) == 0:
        return None
    centred = values - values.mean()
    sums = np.cumsum(centred)[cuts - 1]
    explained = sums**2 * n / (cuts * (n - cuts))
    unexplained = np.maximum((centred**2).sum() - explained, np.finfo(float).tiny)
    ratio = n * np.log(unexplained / unexplained.min())
    inside = days[cuts[ratio <= _INSIDE]]
    return Onset(at=int(days[cuts[ratio.argmin()]]), low=int(inside.min()), high=int(inside.max()))
