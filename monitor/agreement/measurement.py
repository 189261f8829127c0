"""Two measurements of one thing: limits of agreement, and the intraclass correlation."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as fisher
from scipy.stats import t as student

from monitor.agreement.proportion import CONFIDENCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Mean difference `bias` (first less second) with its interval; 95 % of differences lie from `lower` to `upper`.

    `lower_low` and `upper_high` are the outer ends of the limits' own intervals.
    """

    bias: float
    bias_low: float
    bias_high: float
    lower: float
    upper: float
    lower_low: float
    upper_high: float
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Intraclass:
    """ICC(2,1): absolute agreement of single measurements, with its interval."""

    value: float
    low: float
    high: float
    n: int


def limits_of_agreement(first: ArrayLike, second: ArrayLike, *, confidence: float = CONFIDENCE) -> Limits | None:
    """Bias and 95 % limits of agreement.

    Source: J. M. Bland, D. G. Altman, Statistical methods for assessing agreement between two methods of clinical
    measurement, Lancet 327 (1986) 307-310; Measuring agreement in method comparison studies, Statistical Methods in
    Medical Research 8 (1999) 135-160, section 2 (the standard error of a limit).

    Args:
        first: measurements, shape (n,).
        second: of the same cases, shape (n,).
        confidence: of the intervals of bias and limits, in (0, 1).

    Returns:
        None where there are fewer than two cases.
    """
    apart = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    n = apart.size
    if n < 2:
        return None
    bias, deviation = float(apart.mean()), float(apart.std(ddof=1))
    quantile = float(student.ppf(0.5 + confidence / 2, n - 1))
    half = quantile * deviation / sqrt(n)
    edge = quantile * deviation * sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    lower, upper = bias - 1.96 * deviation, bias + 1.96 * deviation
    return Limits(
        bias=bias,
        bias_low=bias - half,
        bias_high=bias + half,
        lower=lower,
        upper=upper,
        lower_low=lower - edge,
        upper_high=upper + edge,
        n=n,
    )


def intraclass_correlation(ratings: ArrayLike, *, confidence: float = CONFIDENCE) -> Intraclass | None:
    """ICC(2,1): two-way random effects, absolute agreement, single measurement.

    Sources: P. E. Shrout, J. L. Fleiss, Intraclass correlations: uses in assessing rater reliability, Psychological
    Bulletin 86 (1979) 420-428; the interval as K. O. McGraw, S. P. Wong, Psychological Methods 1 (1996) 30-46, table 7.

    Args:
        ratings: measurements, one row a case and one column a reader, shape (n, k), none missing.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None with fewer than two cases or readers, or where all measurements are alike.
    """
    values = np.asarray(ratings, dtype=np.float64)
    n, k = values.shape
    if n < 2 or k < 2 or values.min() == values.max():
        return None
    cases, readers, grand = values.mean(axis=1), values.mean(axis=0), values.mean()
    between = k * float(((cases - grand) ** 2).sum()) / (n - 1)
    reader = n * float(((readers - grand) ** 2).sum()) / (k - 1)
    rest = values - cases[:, None] - readers + grand
    error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    value = (between - error) / (between + (k - 1) * error + k * (reader - error) / n)
    if error == 0 and reader == 0:
        return Intraclass(value=value, low=value, high=value, n=n)
    low, high = _icc_bounds(value, (between, reader, error), (n, k), confidence)
    return Intraclass(value=value, low=low, high=high, n=n)


def _icc_bounds(
    value: float, squares: tuple[float, float, float], size: tuple[int, int], confidence: float
) -> tuple[float, float]:
    (between, reader, error), (n, k) = squares, size
    if value >= 1:
        return value, value
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * reader + b * error) ** 2 / ((a * reader) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    tail = 0.5 + confidence / 2
    above, below = float(fisher.ppf(tail, n - 1, freedom)), float(fisher.ppf(tail, freedom, n - 1))
    pooled = k * reader + (k * n - k - n) * error
    low = n * (between - above * error) / (above * pooled + n * between)
    high = n * (below * between - error) / (pooled + n * below * between)
    return low, high
