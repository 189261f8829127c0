"""An interval for a proportion that holds however often one looks."""

from collections.abc import Callable
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, xlog1py, xlogy

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import CONFIDENCE, Proportion

PRIOR = 0.5  # Jeffreys' prior: Beta(1/2, 1/2)
_STEPS = 60  # halvings of the unit interval: to the last bit


def confidence_sequence(successes: int, n: int, *, confidence: float = CONFIDENCE) -> Proportion | None:
    """Every p that the cases so far do not reject, at a level that covers all looks before and after this one.

    For independent cases of one probability p the ratio of the Beta-binomial mixture to the likelihood at p is a
    martingale from 1, so that it ever reaches 1 / (1 - confidence) with probability at most 1 - confidence (Ville). The
    interval holds the p at which it has not. It is wider than Wilson's, by about half at 100 cases, and may be read
    every day.

    Sources: H. Robbins, Annals of Mathematical Statistics 41 (1970) 1397-1409; S. R. Howard, A. Ramdas, J. McAuliffe,
    J. Sekhon, Annals of Statistics 49 (2021) 1055-1080.

    Args:
        successes: so many of the cases until this look, 0 to n.
        n: cases until this look.
        confidence: probability that the interval holds p at every look, in (0, 1).

    Returns:
        The proportion, or None where there are no cases.

    Raises:
        ValueError: `successes` does not lie between 0 and `n`.
    """
    if not 0 <= successes <= n:
        message = f"successes: {successes} of {n}; from 0 to n are accepted"
        raise ValueError(message)
    if n == 0:
        return None
    low, high = sequence_bounds(successes, n, confidence=confidence)
    return Proportion(value=successes / n, low=float(low), high=float(high), n=n)


def log_evidence(p: ArrayLike, successes: ArrayLike, n: ArrayLike) -> Floats:
    """Logarithm of how many times likelier the Beta-binomial mixture makes the cases than the probability `p` does.

    It exceeds log(1 / alpha) at any look with probability at most alpha where p is true. Shapes are broadcast.
    """
    hits = np.asarray(successes, dtype=np.float64)
    misses = np.asarray(n, dtype=np.float64) - hits
    mixture = betaln(hits + PRIOR, misses + PRIOR) - betaln(PRIOR, PRIOR)
    return np.asarray(mixture - xlogy(hits, p) - xlog1py(misses, -np.asarray(p)))


def sequence_bounds(successes: ArrayLike, n: ArrayLike, *, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
    """The bounds at many looks at once; `successes` and `n` are running counts of one shape, n at least 1."""
    hits, cases = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    limit = -log(1 - confidence)

    def inside(p: Floats) -> NDArray[np.bool_]:
        return np.asarray(log_evidence(p, hits, cases) < limit)

    share = hits / cases
    return _edge(inside, share, np.zeros_like(share)), _edge(inside, share, np.ones_like(share))


def _edge(inside: Callable[[Floats], NDArray[np.bool_]], start: Floats, end: Floats) -> Floats:
    """The last p inside between `start`, which is, and `end`; the likelihood falls all the way."""
    reaches_end = inside(end)
    kept, beyond = start, end
    for _ in range(_STEPS):
        middle = (kept + beyond) / 2
        held = inside(middle)
        kept, beyond = np.where(held, middle, kept), np.where(held, beyond, middle)
    return np.where(reaches_end, end, beyond)
