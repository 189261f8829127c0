"""Two opinions on the same cases: version against version, AI against vendor, reader against reader."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from scipy.optimize import brentq
from scipy.stats import binom

from monitor.agreement.proportion import CONFIDENCE, normal_quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    """How often each of two was right on the same cases; `only_first` and `only_second` are the discordant ones."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def n(self) -> int:
        """Cases in all."""
        return self.both + self.only_first + self.only_second + self.neither


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The first's share less the second's, in [-1, 1], with its interval."""

    value: float
    low: float
    high: float
    n: int


def mcnemar(pairing: Pairing) -> float:
    """The exact two-sided p-value that both are right equally often; 1 where no case tells them apart.

    Source: Q. McNemar, Psychometrika 12 (1947) 153-157; exact as the sign test of the discordant cases.
    """
    apart = pairing.only_first + pairing.only_second
    fewer = min(pairing.only_first, pairing.only_second)
    return min(1.0, 2 * float(binom.cdf(fewer, apart, 0.5))) if apart else 1.0


def paired_difference(pairing: Pairing, *, confidence: float = CONFIDENCE) -> Difference | None:
    """The difference of two paired proportions with its score interval.

    Every difference that the score test does not reject; unlike a Wald interval it has a width where no case is
    discordant.

    Source: T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design, Statistics in Medicine 17 (1998) 891-908.

    Returns:
        None where there are no cases.
    """
    if pairing.n == 0:
        return None
    value = (pairing.only_first - pairing.only_second) / pairing.n
    z = normal_quantile(confidence)
    low, high = _bound(pairing, value, -1.0, z), _bound(pairing, value, 1.0, -z)
    return Difference(value=value, low=low, high=high, n=pairing.n)


def non_inferiority(pairing: Pairing, margin: float) -> float | None:
    """One-sided p-value that the first is worse than the second by `margin` or more; small: it is not inferior.

    Tango's score test at a difference of -margin.

    Args:
        pairing: the cases.
        margin: the loss that would be accepted, in (0, 1).

    Returns:
        None where there are no cases.
    """
    return None if pairing.n == 0 else NormalDist().cdf(-_score(pairing, -margin))


def _score(pairing: Pairing, difference: float) -> float:
    """The standardised distance of what was seen from a true difference; the nuisance is at its constrained maximum."""
    b, c, n = pairing.only_first, pairing.only_second, pairing.n
    linear = -b - c + (2 * n - b + c) * difference
    constant = -c * difference * (1 - difference)
    second = (sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * second + difference * (1 - difference))
    distance = b - c - n * difference
    if variance <= 0:
        return 0.0 if distance == 0 else float("inf") * distance
    return distance / sqrt(variance)


def _bound(pairing: Pairing, value: float, end: float, z: float) -> float:
    """Where between the estimate and the end of the scale the score falls to `z`."""
    if value == end:
        return end
    inner = end * (1 - 1e-12)
    if (_score(pairing, inner) - z) * -end < 0:  # not even the end is rejected
        return end
    return float(brentq(lambda difference: _score(pairing, difference) - z, value, inner, xtol=1e-13))
