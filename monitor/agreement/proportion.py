"""A proportion with its interval."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Proportion:
    """`value` of `n` cases, with the interval from `low` to `high`; all three in [0, 1]."""

    value: float
    low: float
    high: float
    n: int


def normal_quantile(confidence: float) -> float:
    """The standard normal quantile that leaves half of `1 - confidence` above it (1.96 for .95)."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: int, n: int, *, confidence: float = CONFIDENCE) -> Proportion | None:
    """The score interval: every p that a two-sided score test at level 1 - confidence does not reject.

    Unlike the Wald interval it stays inside [0, 1] and keeps a width at 0 and n successes.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.

    Args:
        successes: how many of the cases, 0 to n.
        n: how many cases.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        The proportion, or None where there are no cases: it is undefined then, not 0.

    Raises:
        ValueError: `successes` does not lie between 0 and `n`.
    """
    if not 0 <= successes <= n:
        message = f"successes: {successes} of {n}; from 0 to n are accepted"
        raise ValueError(message)
    if n == 0:
        return None
    value = successes / n
    low, high = score_bounds(value, n, confidence=confidence)
    return Proportion(value=value, low=low, high=high, n=n)


def score_bounds(value: float, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's bounds around a mean `value` in [0, 1] of `n` cases, n at least 1."""
    z = normal_quantile(confidence)
    spread = 1 + z * z / n
    centre = (value + z * z / (2 * n)) / spread
    half = z / spread * sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    # At 0 and 1 a bound equals the estimate exactly; rounding must not carry it past.
    return (0.0 if value == 0 else centre - half), (1.0 if value == 1 else centre + half)
