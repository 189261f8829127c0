"""Why agreement moved between two windows: other cases, other prevalence, or another reading of like cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import CONFIDENCE
from monitor.core.counts import Counts

Factor = Literal["case_mix", "prevalence", "ppa", "npa"]
FACTORS: tuple[Factor, ...] = ("case_mix", "prevalence", "ppa", "npa")
REPLICATES = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What a factor adds to the change, with its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Decomposition:
    """The change of agreement, its factors, which add up to it, and each stratum's part in each factor."""

    change: Contribution
    factors: Mapping[Factor, Contribution]
    strata: Mapping[str, Mapping[Factor, float]]


def decompose(
    before: Mapping[str, Counts],
    after: Mapping[str, Counts],
    *,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
    confidence: float = CONFIDENCE,
) -> Decomposition | None:
    """Split the change of agreement over the strata's weights, prevalences, PPA and NPA.

    Agreement is the sum over strata of weight × (prevalence × PPA + (1 - prevalence) × NPA). Each factor moves from its
    value before to that after; what that changes depends on which moved first, so it is averaged over all orders. A
    share that one window cannot show (a stratum without positives) is taken from the other: it did not change. The
    interval is a percentile of samples drawn from each window's own counts.

    Sources: E. M. Kitagawa, Components of a difference between two rates, JASA 50 (1955) 1168-1194; P. Das Gupta,
    Standardization and decomposition of rates (1993), U.S. Bureau of the Census P23-186.

    Args:
        before: counts by stratum.
        after: counts by stratum; those of one window only are empty in the other.
        rng: the source of chance.
        replicates: bootstrap samples.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where a window has no case.
    """
    names = sorted(before.keys() | after.keys())
    first, second = (_cells(window, names) for window in (before, after))
    if first.sum() == 0 or second.sum() == 0:
        return None
    parts = _split(first[None], second[None])[:, 0]
    drawn = _split(_redrawn(rng, first, replicates), _redrawn(rng, second, replicates)).sum(axis=2)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]

    def contribution(value: float, samples: Floats) -> Contribution:
        low, high = np.quantile(samples, tails)
        return Contribution(value=value, low=float(low), high=float(high))

    return Decomposition(
        change=contribution(float(parts.sum()), drawn.sum(axis=0)),
        factors={factor: contribution(float(parts[place].sum()), drawn[place]) for place, factor in enumerate(FACTORS)},
        strata={
            name: {factor: float(parts[place, stratum]) for place, factor in enumerate(FACTORS)}
            for stratum, name in enumerate(names)
        },
    )


def _cells(window: Mapping[str, Counts], names: list[str]) -> Floats:
    """Counts of tp, fp, fn and tn, shape (strata, 4)."""
    tables = [window.get(name, Counts()) for name in names]
    return np.array([[table.tp, table.fp, table.fn, table.tn] for table in tables], dtype=np.float64)


def _redrawn(rng: np.random.Generator, cells: Floats, replicates: int) -> Floats:
    shares = cells.ravel() / cells.sum()
    drawn = rng.multinomial(int(cells.sum()), shares, size=replicates)
    return drawn.reshape(replicates, *cells.shape).astype(np.float64)


def _split(first: Floats, second: Floats) -> Floats:
    """What each factor adds in each stratum; cells of shape (replicates, strata, 4), answer (4, replicates, strata)."""
    windows = [dict(zip(FACTORS, values, strict=True)) for values in _factors(first, second)]
    # Weights sum to 1 in both windows, so a constant off each stratum's agreement moves parts and never the whole.
    middle = sum(_agreement(window, 0.0).sum(axis=1, keepdims=True) for window in windows) / 2
    orders = list(permutations(FACTORS))
    added = dict.fromkeys(FACTORS, np.zeros(first.shape[:2]))
    for order in orders:
        now = dict(windows[0])
        for factor in order:
            moved = {**now, factor: windows[1][factor]}
            added[factor] = added[factor] + _agreement(moved, middle) - _agreement(now, middle)
            now = moved
    return np.array([added[factor] for factor in FACTORS]) / len(orders)


def _agreement(factors: Mapping[Factor, Floats], middle: Floats | float) -> Floats:
    positive = factors["prevalence"]
    return np.asarray(factors["case_mix"] * (positive * factors["ppa"] + (1 - positive) * factors["npa"] - middle))


def _factors(first: Floats, second: Floats) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """The four factors of both windows; a share with nothing below the line is the other window's, or 0."""
    windows = []
    for cells in (first, second):
        tp, fp, fn, tn = np.moveaxis(cells, 2, 0)
        n, positives, negatives = cells.sum(axis=2), tp + fn, fp + tn
        windows.append(((n, n.sum(axis=1, keepdims=True)), (positives, n), (tp, positives), (tn, negatives)))
    shares = [[_ratio(*pair) for pair in window] for window in windows]
    return (
        tuple(np.nan_to_num(np.where(np.isnan(a), b, a)) for a, b in zip(*shares, strict=True)),
        tuple(np.nan_to_num(np.where(np.isnan(b), a, b)) for a, b in zip(*shares, strict=True)),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share
