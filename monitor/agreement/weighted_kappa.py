"""Kappa for ordered categories such as BI-RADS, where one step apart is less than three."""

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.kappa import Kappa
from monitor.agreement.proportion import CONFIDENCE, normal_quantile


def weighted_kappa(
    table: ArrayLike, *, weights: Literal["linear", "quadratic"] = "quadratic", confidence: float = CONFIDENCE
) -> Kappa | None:
    """Agreement beyond chance of two readers on an ordinal scale, with its large-sample error and a Wald interval.

    Sources: J. Cohen, Weighted kappa, Psychological Bulletin 70 (1968) 213-220; J. L. Fleiss, J. Cohen, B. S. Everitt,
    Psychological Bulletin 72 (1969) 323-327.

    Args:
        table: cases by first reader's category (rows) and second's (columns), both in order, shape (k, k).
        weights: whether disagreement grows with the distance or with its square.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where there are no cases, or both use one and the same category throughout.
    """
    counts = np.asarray(table, dtype=np.float64)
    n = counts.sum()
    if n == 0:
        return None
    p = counts / n
    places = np.arange(counts.shape[0]) / max(counts.shape[0] - 1, 1)
    distance = np.abs(places[:, None] - places)
    credit = 1 - (distance if weights == "linear" else distance**2)
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = float(rows @ credit @ columns)
    if chance >= 1:
        return None
    value = float(((p * credit).sum() - chance) / (1 - chance))
    lean = (credit @ columns)[:, None] + rows @ credit
    spread = float((p * (credit - lean * (1 - value)) ** 2).sum() - (value - chance * (1 - value)) ** 2)
    error = sqrt(max(spread, 0.0) / n) / (1 - chance)
    half = normal_quantile(confidence) * error
    return Kappa(value=value, low=max(-1.0, value - half), high=min(1.0, value + half), standard_error=error)
