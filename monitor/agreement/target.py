"""Whether a promised agreement still holds: the exact binomial test of a floor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scipy.special import bdtr

from monitor.core.counts import Counts
from monitor.core.model import Statistic

_SHARES: Mapping[Statistic, Callable[[Counts], tuple[int, int]]] = {
    "ppa": lambda c: (c.tp, c.tp + c.fn),
    "npa": lambda c: (c.tn, c.tn + c.fp),
    "agreement": lambda c: (c.tp + c.tn, c.n),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortfall:
    """How a count stands to a floor: agreeing pairs of all, and the probability of as few were the floor kept."""

    agreeing: int
    n: int
    at_least: float
    p_value: float | None


def shortfall(counts: Counts, statistic: Statistic, at_least: float) -> Shortfall:
    """Test the hypothesis that the true share is `at_least` or more against its being less.

    The p-value is P(X <= agreeing) for X binomial(n, at_least): Clopper & Pearson, "The use of confidence or fiducial
    limits", Biometrika 26, 1934. It is exact, hence at most its nominal level; None where there is no pair.
    """
    agreeing, n = _SHARES[statistic](counts)
    p_value = float(bdtr(agreeing, n, at_least)) if n else None
    return Shortfall(agreeing=agreeing, n=n, at_least=at_least, p_value=p_value)
