"""Shares of all cases from those that were adjudicated, where not every case had the same chance to be."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.proportion import CONFIDENCE, Proportion, normal_quantile


def weighted_share(
    outcomes: ArrayLike, probabilities: ArrayLike, *, confidence: float = CONFIDENCE
) -> Proportion | None:
    """Hájek's estimate: the mean outcome, each case weighing the inverse of its chance to be sampled.

    Where all discordant pairs and one in twenty concordant ones are adjudicated, the plain share of the adjudicated
    says nothing of all cases; this does. The variance is that of its linear part under independent (Poisson) sampling,
    and counts cases as drawn from a larger population. The interval is Wilson's at the number of cases that would give
    this variance.

    Sources: D. G. Horvitz, D. J. Thompson, JASA 47 (1952) 663-685; J. Hájek, comment in V. P. Godambe, D. A. Sprott,
    Foundations of Statistical Inference (1971) 236; C.-E. Särndal, B. Swensson, J. Wretman, Model Assisted Survey
    Sampling (1992), section 5.7.

    Args:
        outcomes: 0 or 1 of the sampled cases, shape (n,).
        probabilities: each one's chance to be sampled, in (0, 1], shape (n,).
        confidence: coverage aimed at, in (0, 1).

    Returns:
        The share, `n` being the sampled cases; None where there are none.

    Raises:
        ValueError: a probability is not in (0, 1].
    """
    y, chance = np.asarray(outcomes, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if y.size == 0:
        return None
    if not ((chance > 0) & (chance <= 1)).all():
        message = "probabilities: above 0 and at most 1 are accepted"
        raise ValueError(message)
    weight = 1 / chance
    value = float((weight * y).sum() / weight.sum())
    variance = float((weight**2 * (y - value) ** 2).sum() / weight.sum() ** 2)
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    effective = value * (1 - value) / variance if variance > 0 else kish
    z = normal_quantile(confidence)
    centre, spread = (value + z * z / (2 * effective)), 1 + z * z / effective
    half = z * sqrt(value * (1 - value) / effective + z * z / (4 * effective**2))
    low, high = max(0.0, (centre - half) / spread), min(1.0, (centre + half) / spread)
    return Proportion(value=value, low=min(low, value), high=max(high, value), n=y.size)
