"""P-values by drawing from the permutation null, stopped early where nothing is to be found."""

from collections.abc import Callable
from math import ceil

import numpy as np
from numpy.typing import NDArray

ENOUGH = 20
MIN_DRAWS, MAX_DRAWS = 999, 100_000
_FIRST_BATCH, _LAST_BATCH = 128, 4_096
_MANY_ROWS = 4_000
"""Beyond this, picking the few rows of each window costs less than a row of keys for all."""


def draws_for(alpha: float) -> int:
    """How many permutations a decision at level `alpha` needs: enough for p-values down to half of it."""
    return int(min(max(MIN_DRAWS, ceil(2 / alpha) - 1), MAX_DRAWS))


def permutation_p(observed: float, draw: Callable[[int], NDArray[np.floating]], draws: int) -> float:
    """P-value of `observed` against its permutation null.

    (1 + #{null >= observed}) / (B + 1) after all B draws; after l draws already, ENOUGH / l, once ENOUGH of them have
    reached the observed value. Both are valid at every level, and days without drift cost next to nothing. Source:
    J. Besag, P. Clifford, Sequential Monte Carlo p-values, Biometrika 78 (1991) 301-304.

    Args:
        observed: the statistic; larger is further from the null.
        draw: gives that many statistics of fresh permutations, shape (n,).
        draws: B.
    """
    slack = 1e-7 * max(1.0, abs(observed))  # a tie must stay a tie in float32
    reached, done, batch = 0, 0, _FIRST_BATCH
    while done < draws:
        null = draw(min(batch, draws - done))
        hits = np.flatnonzero(null >= observed - slack)
        if reached + hits.size >= ENOUGH:
            return ENOUGH / (done + int(hits[ENOUGH - reached - 1]) + 1)
        reached, done, batch = reached + hits.size, done + null.size, min(2 * batch, _LAST_BATCH)
    return (1 + reached) / (draws + 1)


def windows(count: int, total: int, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Fresh permutations of which rows are current: 1 for each of the n that are, shape (count, total)."""
    keys = rng.random((count, total), dtype=np.float32)
    members = np.zeros((count, total), dtype=np.float32)
    np.put_along_axis(members, np.argpartition(keys, n - 1, axis=1)[:, :n], 1.0, axis=1)
    return members


def window_sums(rows: NDArray[np.float32], n: int, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The sum of the current rows under fresh permutations: rows of shape (total, d) give shape (count, d)."""
    if len(rows) <= _MANY_ROWS:
        return np.asarray(windows(count, len(rows), n, rng) @ rows)
    picks = (rng.choice(len(rows), n, replace=False, shuffle=False) for _ in range(count))
    return np.stack([rows[pick].sum(axis=0) for pick in picks])
