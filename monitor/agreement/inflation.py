"""How much more a count of discordances varies than it would were the cases independent."""

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

LEAST_DAYS = 20  # fewer blocks say nothing of a variance
LEVEL = 0.05


def variance_inflation(discordant: NDArray[np.bool_], per_day: float) -> float:
    """The variance of a count of consecutive cases over the binomial's; at least 1, and 1 where nothing can be seen.

    The larger of two figures. Neighbouring cases: AR(1) of lag-1 correlation r inflates the variance of a sum to
    (1 + r) / (1 - r). Days: Pearson's dispersion of the counts of blocks of a day's cases. Each is taken only where a
    one-sided test at .05 finds it above chance, since weighing cases down for nothing delays alarms.

    Sources: M. S. Bartlett, Journal of the Royal Statistical Society 98 (1935) 536-543 (correlation and the variance of
    a mean); P. McCullagh, J. A. Nelder, Generalized Linear Models (1989), section 4.5 (dispersion).

    Args:
        discordant: the cases in order of time, shape (n,).
        per_day: cases a day.
    """
    share = float(discordant.mean()) if discordant.size else 0.0
    if not 0 < share < 1:
        return 1.0
    return max(1.0, _neighbours(discordant, share), _days(discordant, share, per_day))


def _neighbours(discordant: NDArray[np.bool_], share: float) -> float:
    away = discordant - share
    correlation = float((away[1:] * away[:-1]).sum() / (away * away).sum())
    if correlation * sqrt(discordant.size) < NormalDist().inv_cdf(1 - LEVEL):
        return 1.0
    return (1 + correlation) / (1 - correlation)


def _days(discordant: NDArray[np.bool_], share: float, per_day: float) -> float:
    size = max(2, round(per_day))
    days = discordant.size // size
    if days < LEAST_DAYS:
        return 1.0
    counts = discordant[: days * size].reshape(days, size).sum(axis=1)
    dispersion = float(counts.var(ddof=1)) / (size * share * (1 - share))
    return dispersion if chi2.sf(dispersion * (days - 1), days - 1) < LEVEL else 1.0
