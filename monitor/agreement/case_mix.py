"""Two groups compared within strata: the common odds ratio, and shares at one case mix."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from monitor.agreement.proportion import CONFIDENCE, Proportion, normal_quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class CommonOdds:
    """The odds ratio that strata share, its interval, and the p-value that it is 1."""

    odds_ratio: float
    low: float
    high: float
    p_value: float


def common_odds(tables: ArrayLike, *, confidence: float = CONFIDENCE) -> CommonOdds | None:
    """Cochran-Mantel-Haenszel: whether two sites differ where cases are alike.

    Sources: N. Mantel, W. Haenszel, Journal of the National Cancer Institute 22 (1959) 719-748 (ratio, and the test
    without continuity correction); J. Robins, N. Breslow, S. Greenland, Biometrics 42 (1986) 311-323 (variance).

    Args:
        tables: one fourfold table a stratum, shape (strata, 2, 2): group by outcome.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where no stratum tells the groups apart, or the ratio is 0 or infinite.
    """
    strata = np.asarray(tables, dtype=np.float64)
    n = strata.sum(axis=(1, 2))
    strata, n = strata[n > 1], n[n > 1]
    a, b, c, d = strata[:, 0, 0], strata[:, 0, 1], strata[:, 1, 0], strata[:, 1, 1]
    r, s = a * d / n, b * c / n
    if r.sum() == 0 or s.sum() == 0:
        return None
    ratio = float(r.sum() / s.sum())
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * r).sum() / (2 * r.sum() ** 2)
        + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        + (q * s).sum() / (2 * s.sum() ** 2)
    )
    half = normal_quantile(confidence) * sqrt(variance)
    expected = (a + b) * (a + c) / n
    spread = (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
    statistic = float((a - expected).sum() ** 2 / spread.sum())
    return CommonOdds(
        odds_ratio=ratio,
        low=exp(log(ratio) - half),
        high=exp(log(ratio) + half),
        p_value=float(chi2.sf(statistic, 1)),
    )


def standardised(
    successes: Sequence[int], cases: Sequence[int], weights: Sequence[float], *, confidence: float = CONFIDENCE
) -> Proportion | None:
    """A share as it would be at a standard case mix, so that sites with other cases can be compared.

    Directly standardised: sum of weight × share over the strata. The interval is normal; a stratum's variance is that
    of (x + 1/2) / (n + 1), so that strata of no or only successes still count as uncertain.

    Source: J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions (2003), section 19.3.

    Args:
        successes: by stratum.
        cases: by stratum.
        weights: of the standard, by stratum, in any unit, not negative.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where a stratum that the standard holds has no case here: its share is unknown.
    """
    hits, n = np.asarray(successes, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    share = np.asarray(weights, dtype=np.float64)
    if share.sum() == 0 or (n[share > 0] == 0).any():
        return None
    hits, n, share = hits[share > 0], n[share > 0], share[share > 0] / share.sum()
    value = float((share * hits / n).sum())
    drawn = (hits + 0.5) / (n + 1)
    half = normal_quantile(confidence) * sqrt(float((share**2 * drawn * (1 - drawn) / n).sum()))
    return Proportion(value=value, low=max(0.0, value - half), high=min(1.0, value + half), n=int(n.sum()))
