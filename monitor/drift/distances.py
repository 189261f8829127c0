"""Distances people ask for by name, each beside what chance alone makes of it at these numbers of studies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.drift.permutation import permutation_p

BINS = 10
EXPECTED_DRAWS = 200
MAX_ROWS = 10_000
"""Studies of both windows up to which shuffling them is the quicker way to draw."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Distance:
    """`by_chance` is the mean of the distance between two windows of these sizes that are one."""

    name: str
    value: float
    by_chance: float
    p_value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Counts of both windows over ordered values (of numbers, each its own value) or over words."""

    counts: NDArray[np.int64]
    values: Floats | None

    @classmethod
    def of_numbers(cls, reference: Floats, current: Floats) -> "Table":
        """Finite values, shapes (m,) and (n,), at least one each; ties stay ties."""
        values, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
        sides = (codes[: reference.size], codes[reference.size :])
        return cls(counts=np.stack([np.bincount(side, minlength=values.size) for side in sides]), values=values)

    @classmethod
    def of_words(cls, reference: Mapping[str, int], current: Mapping[str, int]) -> "Table":
        """Counts by word, at least one case in each window."""
        words = sorted({*reference, *current})
        counts = [[side.get(word, 0) for word in words] for side in (reference, current)]
        return cls(counts=np.array(counts, dtype=np.int64), values=None)


def distances(table: Table, *, draws: int, rng: np.random.Generator) -> tuple[Distance, ...]:
    """Every distance that is defined for the table, with its permutation p-value.

    Numbers: Cramér-von Mises and Wasserstein between the values; Jensen-Shannon and PSI over tenths of both windows
    together. Words: G, Jensen-Shannon and PSI over the words. The null is exact, ties included: the margins of the
    table are fixed, and what falls into the current window is drawn from its multivariate hypergeometric law.

    PSI has no threshold that holds at every size: between two windows that are one it is near (bins - 1)(1/m + 1/n), so
    that 50 studies in ten bins reach .18 by chance, and the usual .1 and .2 say nothing. Half a study is added to every
    bin, without which an empty one makes it infinite.

    Sources: T. W. Anderson, Annals of Mathematical Statistics 33 (1962) 1148-1159 (Cramér-von Mises, two samples);
    S. S. Vallender, Theory of Probability and its Applications 18 (1974) 784-786; J. Lin, IEEE Transactions on
    Information Theory 37 (1991) 145-151 (Jensen-Shannon, here its square root to base 2, a distance in [0, 1]);
    B. Yurdakul, Statistical properties of population stability index, Western Michigan University (2018).
    """
    total, size = table.counts.sum(axis=0), int(table.counts[1].sum())
    binned = _binned(total) if table.values is not None else np.arange(total.size)
    measures: dict[str, Callable[[Counts], Floats]] = {
        "jensen_shannon": lambda current: _jensen_shannon(_summed(current, binned), _summed(total, binned)),
        "psi": lambda current: _psi(_summed(current, binned), _summed(total, binned)),
    }
    if table.values is None:
        measures["g"] = lambda current: _g(current, total)
    else:
        gaps = np.diff(table.values)
        measures["cramer_von_mises"] = lambda current: _cramer_von_mises(current, total)
        measures["wasserstein"] = lambda current: np.abs(_distribution_gap(current, total))[:, :-1] @ gaps

    def draw(count: int) -> Counts:
        return rng.multivariate_hypergeometric(
            total, size, size=count, method="count" if total.sum() <= MAX_ROWS else "marginals"
        )

    expected = draw(EXPECTED_DRAWS)

    def distance(name: str, measure: Callable[[Counts], Floats]) -> Distance:
        value = float(measure(table.counts[1:])[0])
        p_value = permutation_p(value, lambda count: measure(draw(count)), draws)
        return Distance(name=name, value=value, by_chance=float(measure(expected).mean()), p_value=p_value)

    return tuple(distance(name, measure) for name, measure in measures.items())


def _binned(total: Counts) -> NDArray[np.intp]:
    """The tenth of both windows together that each value lies in."""
    middle = np.cumsum(total) - total / 2
    return np.asarray(np.minimum(middle * BINS // total.sum(), BINS - 1), dtype=np.intp)


def _summed(counts: Counts, bins: NDArray[np.intp]) -> Counts:
    """Counts of the bins, shape (..., k), the empty ones left out."""
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    return np.asarray(np.add.reduceat(counts, starts, axis=-1))


def _shares(current: Counts, total: Counts) -> tuple[Floats, Floats]:
    sizes = current.sum(axis=1, keepdims=True)
    return (total - current) / (total.sum() - sizes), current / sizes


def _distribution_gap(current: Counts, total: Counts) -> Floats:
    reference, now = _shares(current, total)
    return np.asarray(np.cumsum(reference - now, axis=1))


def _cramer_von_mises(current: Counts, total: Counts) -> Floats:
    n, whole = current.sum(axis=1), total.sum()
    return np.asarray(n * (whole - n) / whole**2 * (_distribution_gap(current, total) ** 2 @ total))


def _jensen_shannon(current: Counts, total: Counts) -> Floats:
    reference, now = _shares(current, total)
    middle = (reference + now) / 2
    divergence = (_relative(reference, middle) + _relative(now, middle)).sum(axis=1) / (2 * np.log(2))
    return np.asarray(np.sqrt(np.maximum(divergence, 0.0)))


def _psi(current: Counts, total: Counts) -> Floats:
    padded = [counts + 0.5 for counts in (total - current, current)]
    reference, now = (counts / counts.sum(axis=1, keepdims=True) for counts in padded)
    return np.asarray(((now - reference) * np.log(now / reference)).sum(axis=1))


def _g(current: Counts, total: Counts) -> Floats:
    reference, now = _shares(current, total)
    pooled = (total / total.sum())[None, :]
    n = current.sum(axis=1)
    old, new = _relative(reference, pooled).sum(axis=1), _relative(now, pooled).sum(axis=1)
    return np.asarray(2 * ((total.sum() - n) * old + n * new))


def _relative(shares: Floats, expected: Floats) -> Floats:
    """P log(p / q), 0 where p is."""
    ratio = np.divide(shares, expected, out=np.ones_like(shares), where=shares > 0)
    return np.asarray(shares * np.log(ratio))
