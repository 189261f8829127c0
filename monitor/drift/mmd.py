"""Two windows of many numbers at once: the maximum mean discrepancy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.drift.permutation import permutation_p, window_sums, windows

MAX_KERNEL = 3_000
"""Rows of both windows for which the kernel matrix is held; beyond, random features stand in for it."""

MAX_ROWS, ENOUGH_ROWS, TIMES_CURRENT = 50_000, 2_000, 10
"""Reference rows looked at: ten for each current one, since more would sharpen nothing, within these bounds; beyond, an
even spread is taken. Current rows only within the upper bound."""

FREQUENCIES = 256
_FOR_MEDIAN = 1_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mmd:
    """`statistic` is the unbiased MMD², `effect` the distance it estimates scaled to [0, 1]; sizes as looked at."""

    statistic: float
    effect: float
    p_value: float
    n_reference: int
    n_current: int


def mmd(reference: Floats, current: Floats, *, draws: int, rng: np.random.Generator) -> Mmd:
    """Unbiased MMD² with a Gaussian kernel, gamma = 1 / (2 median²), and its pooled permutation p-value.

    All permutations of a batch are one matrix product: with s the 0/1 vector of who is current, s'Ks is all it takes.
    Beyond MAX_KERNEL rows K is ZZ' with Z random Fourier features: a kernel of its own, so that the p-value stays
    exact, at a cost linear in the rows.

    Source: A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf, A. Smola, A kernel two-sample test, JMLR 13 (2012)
    723-773, equation 3; the median heuristic in its section 8. A. Rahimi, B. Recht, Random features for large-scale
    kernel machines, NeurIPS 2007.

    Args:
        reference: finite rows, shape (m, d), m at least 2.
        current: finite rows, shape (n, d), n at least 2.
        draws: permutations at most.
        rng: where they are drawn from.
    """
    current = _spread(current, MAX_ROWS)
    reference = _spread(reference, min(MAX_ROWS, max(ENOUGH_ROWS, TIMES_CURRENT * len(current))))
    m, n = len(reference), len(current)
    rows = np.concatenate([reference, current])
    if m + n <= MAX_KERNEL:
        total, draw, observed = _by_kernel(rows, n, rng)
    else:
        total, draw, observed = _by_features(rows, n, rng)

    def statistic(sums: Sums) -> Floats:
        """MMD² from the kernel's sums within the current rows, and between them and all."""
        outside = total - 2 * sums.touching + sums.within
        between = sums.touching - sums.within
        return np.asarray(sums.within / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * between / (m * n))

    value = float(statistic(observed)[0])
    return Mmd(
        statistic=value,
        effect=float(np.sqrt(max(value, 0.0) / 2)),
        p_value=permutation_p(value, lambda count: statistic(draw(count)), draws),
        n_reference=m,
        n_current=n,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """Of the kernel without its diagonal: its sum within the current rows and between them and all, shape (b,)."""

    within: Floats
    touching: Floats


Method = tuple[float, Callable[[int], Sums], Sums]
"""The kernel's sum over all pairs, the sums of fresh permutations, and the sums of the windows as they are."""


def _by_kernel(rows: Floats, n: int, rng: np.random.Generator) -> Method:
    kernel = _kernel(rows)
    degrees = kernel.sum(axis=1, dtype=np.float64)

    def sums(members: NDArray[np.float32]) -> Sums:
        within = np.einsum("bi,bi->b", members @ kernel, members, dtype=np.float64)
        return Sums(within=within, touching=members @ degrees)

    def draw(count: int) -> Sums:
        return sums(windows(count, len(rows), n, rng))

    actual = np.zeros((1, len(rows)), dtype=np.float32)
    actual[0, -n:] = 1.0
    return float(degrees.sum()), draw, sums(actual)


def _by_features(rows: Floats, n: int, rng: np.random.Generator) -> Method:
    features = _features(rows, rng)
    total = features.sum(axis=0, dtype=np.float64)

    def sums(chosen: Floats) -> Sums:
        # A row's product with itself is 1: n of them lie within, and as many between the current rows and all.
        within = np.einsum("bf,bf->b", chosen, chosen) - n
        return Sums(within=within, touching=chosen @ total - n)

    def draw(count: int) -> Sums:
        return sums(window_sums(features, n, count, rng).astype(np.float64))

    return float(total @ total - len(rows)), draw, sums(features[-n:].sum(axis=0, dtype=np.float64)[None, :])


def _features(rows: Floats, rng: np.random.Generator) -> NDArray[np.float32]:
    """Cosines and sines at random frequencies: each row has length 1; shape (m + n, 2 FREQUENCIES)."""
    centred = (rows - rows.mean(axis=0)).astype(np.float32)
    few = centred[rng.choice(len(rows), min(len(rows), _FOR_MEDIAN), replace=False)].astype(np.float64)
    median = _median_distance(_squared_distances(few))
    frequencies = rng.normal(scale=1 / median if median > 0 else 0.0, size=(rows.shape[1], FREQUENCIES))
    phases = centred @ frequencies.astype(np.float32)
    waves = np.concatenate([np.cos(phases), np.sin(phases)], axis=1)
    return np.asarray(waves / np.sqrt(FREQUENCIES), dtype=np.float32)


def _spread(rows: Floats, at_most: int) -> Floats:
    if len(rows) <= at_most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, at_most).astype(np.intp)]


def _squared_distances(rows: Floats) -> Floats:
    squares = np.einsum("ij,ij->i", rows, rows)
    return np.asarray(np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0))


def _median_distance(squared: Floats) -> float:
    """Median distance of rows that are not the same, 0 where all are."""
    apart = squared[np.triu_indices(len(squared), k=1)]
    apart = apart[apart > 1e-12 * max(float(squared.max(initial=0.0)), np.finfo(float).tiny)]
    return float(np.median(np.sqrt(apart))) if apart.size else 0.0


def _kernel(rows: Floats) -> NDArray[np.float32]:
    """Kernel between rows less its mean, which cancels and so leaves float32 its digits; 0 on the diagonal."""
    distances = _squared_distances(rows - rows.mean(axis=0))
    median = _median_distance(distances)
    if median == 0:  # every row is the same
        return np.zeros(distances.shape, dtype=np.float32)
    kernel: Floats = np.exp(-distances / (2 * median**2))
    np.fill_diagonal(kernel, 0.0)
    kernel -= kernel.sum() / (len(rows) * (len(rows) - 1))
    np.fill_diagonal(kernel, 0.0)
    return kernel.astype(np.float32)
