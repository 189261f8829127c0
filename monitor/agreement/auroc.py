"""The area under the ROC curve with its interval."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.agreement.proportion import CONFIDENCE, normal_quantile, score_bounds

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Auroc:
    """Probability that a positive scores above a negative (ties count half), with DeLong's standard error."""

    value: float
    low: float
    high: float
    standard_error: float
    n_positive: int
    n_negative: int


def auroc(positive: ArrayLike, negative: ArrayLike, *, confidence: float = CONFIDENCE) -> Auroc | None:
    """Area under the ROC curve, its variance by DeLong, its interval on the logit scale.

    The logit keeps the interval inside [0, 1]. Where the variance is 0 (complete separation) or cannot be seen (a
    single case in a class), Wilson's bounds over as many cases as the smaller class has stand in: a point would claim
    certainty.

    Sources: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988) 837-845; midranks in O(n log n) by
    X. Sun, W. Xu, IEEE Signal Processing Letters 21 (2014) 1389-1393; the logit interval by M. S. Pepe, The Statistical
    Evaluation of Medical Tests for Classification and Prediction (2003), section 5.2.4.

    Args:
        positive: scores of the positives, shape (m,), finite.
        negative: scores of the negatives, shape (n,), finite.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where either class is empty.

    Raises:
        ValueError: a score is not finite.
    """
    above, below = np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)
    m, n = above.size, below.size
    if not (np.isfinite(above).all() and np.isfinite(below).all()):
        message = "score: not finite; exclude and count such rows before they come here"
        raise ValueError(message)
    if m == 0 or n == 0:
        return None
    both = midranks(np.concatenate([above, below]))
    # V10: the share of negatives each positive beats; V01: the share of positives that beat each negative.
    v10 = (both[:m] - midranks(above)) / n
    v01 = 1 - (both[m:] - midranks(below)) / m
    value = float(np.clip(v10.mean(), 0.0, 1.0))
    error = sqrt(_mean_variance(v10) + _mean_variance(v01))
    low, high = _interval(value, error, min(m, n), confidence)
    return Auroc(value=value, low=low, high=high, standard_error=error, n_positive=m, n_negative=n)


def midranks(values: Floats) -> Floats:
    """Rank of each value from 1, ties sharing the mean of their ranks; shape (n,) in, shape (n,) out."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, values.size])
    ranks = np.empty(values.size)
    ranks[order] = np.repeat(starts + (lengths + 1) / 2, lengths)
    return ranks


def _mean_variance(components: Floats) -> float:
    """Variance of the mean; a single case shows none."""
    return 0.0 if components.size < 2 else float(components.var(ddof=1)) / components.size


def _interval(value: float, error: float, fewer: int, confidence: float) -> tuple[float, float]:
    if error == 0 or fewer < 2 or value in {0.0, 1.0}:
        return score_bounds(value, fewer, confidence=confidence)
    centre = log(value / (1 - value))
    half = normal_quantile(confidence) * error / (value * (1 - value))
    return 1 / (1 + exp(half - centre)), 1 / (1 + exp(-half - centre))
