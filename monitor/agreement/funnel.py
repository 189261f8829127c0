"""Funnel limits: which sites stand out, given how few their cases are and how much sites differ anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

TRIM = 0.1  # of the sites at either end, whose scores are drawn in before the dispersion is estimated


@dataclass(frozen=True, kw_only=True, slots=True)
class Funnel:
    """One entry a site: its standardised distance from `target`, and whether it lies outside the limits.

    `dispersion` is the winsorised variance of the distances, 1 where chance explains all of it; `between` is the
    standard deviation between sites that accounts for the rest.
    """

    target: float
    dispersion: float
    between: float
    scores: tuple[float, ...]
    outside: tuple[bool, ...]


def funnel(
    successes: Sequence[int], cases: Sequence[int], *, target: float | None = None, tail: float = 0.001
) -> Funnel:
    """Sites against a common share, with overdispersion as an additive random effect.

    Source: D. J. Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24 (2005)
    1185-1202, sections 2.2, 5.2 and appendix A.3.

    Args:
        successes: by site.
        cases: by site, each at least 1.
        target: the share sites are held to, inside (0, 1); the pooled one where None.
        tail: probability beyond either limit.

    Raises:
        ValueError: there is no site, a site has no case, or the target is not inside (0, 1).
    """
    hits, n = np.asarray(successes, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    if n.size == 0 or n.min() < 1:
        message = "cases: every site needs one at least"
        raise ValueError(message)
    share = float(hits.sum() / n.sum()) if target is None else target
    if not 0 < share < 1:
        message = f"target: {share}; a share above 0 and below 1 is accepted"
        raise ValueError(message)
    variance = share * (1 - share) / n
    apart = hits / n - share
    drawn = np.sort(apart / np.sqrt(variance))
    cut = int(TRIM * n.size)
    drawn = np.clip(drawn, drawn[cut], drawn[n.size - 1 - cut])
    dispersion = float((drawn**2).mean())
    weight = 1 / variance
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    excess = n.size * dispersion - (n.size - 1)
    between = excess / room if excess > 0 and room > 0 else 0.0
    scores = apart / np.sqrt(variance + between)
    limit = NormalDist().inv_cdf(1 - tail)
    return Funnel(
        target=share,
        dispersion=dispersion,
        between=sqrt(between),
        scores=tuple(float(score) for score in scores),
        outside=tuple(bool(abs(score) > limit) for score in scores),
    )
