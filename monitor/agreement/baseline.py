"""What the rate of discordance was before monitoring began: known, or counted on reference cases and so uncertain."""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

Floats = NDArray[np.float64]
TAIL = 1e-4  # posterior probability left outside the grid on either side
SPAN = 7.44  # standard errors between the two ends: 2 × 3.72, the normal quantile of that tail
STEP = 1.4  # of the sharpest likelihood's standard error: the midpoint rule then errs by some 1e-4 of its value

FEWEST = 16  # nodes: of a count of few cases the posterior is far from normal, and fewer miss its mean by a hundredth


class Prior(NamedTuple):
    """Rates before a change and how probable each is; both shape (runs or 1, nodes), rows of weights sum to 1."""

    rates: Floats
    weights: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """A rate in (0, 1), and the cases it was counted on; `n` is None where the rate is known.

    `inflation` is how many times the variance of a count exceeds the binomial's (1 for independent cases): a case then
    weighs 1/inflation everywhere.
    """

    rate: float
    n: int | None = None
    inflation: float = 1.0

    def prior(self, further: int) -> Prior:
        """The baseline as a grid, fine enough to follow `further` cases of monitoring."""
        if self.n is None:
            return Prior(np.array([[self.rate]]), np.ones((1, 1)))
        return posterior([self.rate * self.n], self.n, inflation=self.inflation, further=further)


def counted(discordant: int, n: int, *, inflation: float = 1.0) -> Baseline:
    """The baseline that `discordant` of `n` reference cases show, n at least 1."""
    return Baseline(rate=discordant / n, n=n, inflation=inflation)


def posterior(discordant: ArrayLike, n: int, *, inflation: float = 1.0, further: int) -> Prior:
    """The rate given reference counts, under Jeffreys' prior, by the midpoint rule on the arcsine scale.

    On t = asin(sqrt p) Jeffreys' prior is flat and a count of m cases has standard error 1/(2 sqrt m) whatever p, so
    one step fits all: that of the sharpest likelihood to come, where the midpoint rule is exact for all purposes.

    Args:
        discordant: of the n reference cases, shape (runs,).
        n: reference cases.
        inflation: the variance inflation; cases weigh its inverse.
        further: cases that will be monitored; they sharpen what the reference says.

    Returns:
        A grid a run.
    """
    hits, cases = np.atleast_1d(np.asarray(discordant, dtype=np.float64)) / inflation, n / inflation
    ends = beta.ppf([[TAIL], [1 - TAIL]], hits + 0.5, cases - hits + 0.5)
    low, high = np.arcsin(np.sqrt(ends))[..., None]
    nodes = max(FEWEST, ceil(SPAN / STEP * sqrt(1 + further / n)))
    angles = low + (high - low) * (np.arange(nodes) + 0.5) / nodes
    rates = np.sin(angles) ** 2
    likelihood = hits[:, None] * np.log(rates) + (cases - hits)[:, None] * np.log1p(-rates)
    weights = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    return Prior(rates, weights / weights.sum(axis=1, keepdims=True))
