"""Two windows of many numbers at once: the maximum mean discrepancy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.drift.permutation import permutation_p

MAX_REFERENCE, MAX_CURRENT = 2_000, 1_000
"""Rows looked at in each window; a kernel matrix of all would grow with the square. Beyond, an even spread is taken."""

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

    Source: A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf, A. Smola, A kernel two-sample test, JMLR 13 (2012)
    723-773, equation 3; the median heuristic in its section 8.

    Args:
        reference: finite rows, shape (m, d), m at least 2.
        current: finite rows, shape (n, d), n at least 2.
        draws: permutations at most.
        rng: where they are drawn from.
    """
    reference, current = _spread(reference, MAX_REFERENCE), _spread(current, MAX_CURRENT)
    m, n = len(reference), len(current)
    kernel = _kernel(np.concatenate([reference, current]))
    rows = kernel.sum(axis=1, dtype=np.float64)

    def statistic(members: NDArray[np.float32]) -> Floats:
        """MMD² for each row of `members`, shape (b, m + n), 1 where a row counts as current."""
        within = np.einsum("bi,bi->b", members @ kernel, members, dtype=np.float64)
        touching = members @ rows
        outside = rows.sum() - 2 * touching + within
        return np.asarray(within / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * (touching - within) / (m * n))

    def draw(count: int) -> Floats:
        keys = rng.random((count, m + n), dtype=np.float32)
        members = np.zeros((count, m + n), dtype=np.float32)
        np.put_along_axis(members, np.argpartition(keys, n - 1, axis=1)[:, :n], 1.0, axis=1)
        return statistic(members)

    actual = np.zeros((1, m + n), dtype=np.float32)
    actual[0, m:] = 1.0
    observed = float(statistic(actual)[0])
    return Mmd(
        statistic=observed,
        effect=float(np.sqrt(max(observed, 0.0) / 2)),
        p_value=permutation_p(observed, draw, draws),
        n_reference=m,
        n_current=n,
    )


def _spread(rows: Floats, at_most: int) -> Floats:
    if len(rows) <= at_most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, at_most).astype(np.intp)]


def _kernel(rows: Floats) -> NDArray[np.float32]:
    """Kernel between rows less its mean, which cancels and so leaves float32 its digits; 0 on the diagonal."""
    centred = rows - rows.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * centred @ centred.T, 0.0)
    apart = distances[np.triu_indices(len(rows), k=1)]
    apart = apart[apart > 1e-12 * max(float(squares.max(initial=0.0)), np.finfo(float).tiny)]
    if apart.size == 0:  # every row is the same
        return np.zeros(distances.shape, dtype=np.float32)
    kernel: Floats = np.exp(-distances / (2 * np.median(np.sqrt(apart)) ** 2))
    np.fill_diagonal(kernel, 0.0)
    kernel -= kernel.sum() / (len(rows) * (len(rows) - 1))
    np.fill_diagonal(kernel, 0.0)
    return kernel.astype(np.float32)
