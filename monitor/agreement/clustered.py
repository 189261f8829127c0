"""Intervals where patients come more than once, whose cases are alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import CONFIDENCE

REPLICATES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Clustered:
    """A figure with its percentile interval over `clusters` patients."""

    value: float
    low: float
    high: float
    clusters: int


def cluster_bootstrap(
    sums: ArrayLike,
    figure: Callable[[Floats], Floats],
    *,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
    confidence: float = CONFIDENCE,
) -> Clustered | None:
    """Resample patients, not cases: all of a patient's cases come or stay away together.

    Source: A. C. Davison, D. V. Hinkley, Bootstrap Methods and their Application (1997), section 3.8; C. A. Field,
    A. H. Welsh, Journal of the Royal Statistical Society B 69 (2007) 369-390.

    Args:
        sums: what each patient adds to the counts the figure is made of, shape (patients, counts).
        figure: from totals, shape (replicates, counts), to figures, shape (replicates,); NaN where undefined.
        rng: the source of chance.
        replicates: how many times to resample.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where there are fewer than two patients, or the figure of all is undefined.
    """
    parts = np.asarray(sums, dtype=np.float64)
    if parts.shape[0] < 2:
        return None
    value = float(figure(parts.sum(axis=0)[None])[0])
    if np.isnan(value):
        return None
    times = rng.multinomial(parts.shape[0], np.full(parts.shape[0], 1 / parts.shape[0]), size=replicates)
    figures = figure(times @ parts)
    low, high = np.nanquantile(figures, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Clustered(value=value, low=float(low), high=float(high), clusters=parts.shape[0])
