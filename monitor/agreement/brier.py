"""The Brier score: how far scores lie from what came true."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from monitor.agreement.proportion import CONFIDENCE, score_bounds

FEWEST = 10  # cases on either side


@dataclass(frozen=True, kw_only=True, slots=True)
class Brier:
    """Mean squared distance of score and label, in [0, 1]; 0 is best. `skill` is 1 less its ratio to the prevalence's.

    `skill` is None where all labels are alike.
    """

    value: float
    low: float
    high: float
    skill: float | None
    n: int


def brier(scores: ArrayLike, labels: ArrayLike, *, confidence: float = CONFIDENCE) -> Brier | None:
    """The mean of (score - label)², with Student's interval of a mean.

    With fewer than 10 cases on either side of the label the losses are too skewed for it, and Wilson's bounds, which
    hold for any mean inside [0, 1], stand in; they are wider.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950)
    1-3.

    Args:
        scores: probabilities, shape (n,).
        labels: 0 or 1, shape (n,).
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where there are no cases.
    """
    p, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if p.size == 0:
        return None
    losses = (p - y) ** 2
    value = float(losses.mean())
    plain = float(y.mean() * (1 - y.mean()))
    if min(y.sum(), p.size - y.sum()) < FEWEST:
        low, high = score_bounds(value, p.size, confidence=confidence)
    else:
        half = float(student.ppf(0.5 + confidence / 2, p.size - 1)) * sqrt(losses.var(ddof=1) / p.size)
        low, high = max(0.0, value - half), min(1.0, value + half)
    return Brier(
        value=value,
        low=low,
        high=high,
        skill=1 - value / plain if plain else None,
        n=p.size,
    )
