"""Two windows in all their columns at once: many small shifts that no single test would see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from monitor.drift.permutation import permutation_p, window_sums

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotelling:
    """`statistic` is the squared distance of the means; `effect` its excess over chance, scaled to [0, 1)."""

    statistic: float
    effect: float
    p_value: float


def hotelling(reference: Floats, current: Floats, *, draws: int, rng: np.random.Generator) -> Hotelling:
    """Squared distance of the two means in the metric of the regularised pooled covariance; a permutation test.

    The covariance is the pooled one, which no permutation changes: one inverse serves all, and a batch of permutations
    is one matrix product. The ridge is the share of the mean variance that d features over m + n rows leave uncertain.
    Source: L. S. Chen, D. Paul, R. L. Prentice, P. Wang, A regularized Hotelling's T² test for pathway analysis in
    proteomic studies, Journal of the American Statistical Association 106 (2011) 1345-1360.

    Args:
        reference: finite rows, shape (m, d), m at least 2.
        current: finite rows, shape (n, d), n at least 2.
        draws: permutations at most.
        rng: where they are drawn from.
    """
    rows = np.concatenate([reference, current])
    n, total = len(current), len(rows)
    rows = rows - rows.mean(axis=0)
    scatter = rows.T @ rows / total
    scale = max(float(np.trace(scatter)) / rows.shape[1], np.finfo(float).tiny)
    ridge = (rows.shape[1] / total) * scale + 1e-12 * scale
    values, vectors = np.linalg.eigh(scatter)
    whitened = (rows @ (vectors / np.sqrt(np.maximum(values, 0.0) + ridge))).astype(np.float32)
    factor = total / (n * (total - n))  # all rows sum to 0: the gap of the means is the current sum times this

    def draw(count: int) -> Floats:
        sums = window_sums(whitened, n, count, rng)
        return np.asarray(((factor * sums) ** 2).sum(axis=1), dtype=np.float64)

    observed = float(((factor * whitened[-n:].sum(axis=0)) ** 2).sum())
    chance = float((whitened**2).sum()) / (total - 1) * factor
    excess = max(observed - chance, 0.0)
    return Hotelling(
        statistic=observed, effect=float(excess / (4 + excess)), p_value=permutation_p(observed, draw, draws)
    )


def standard_scores(rows: Floats) -> Floats:
    """Columns in standard deviations, cut at five of them; missing values are 0, and a constant is 0 throughout.

    Args:
        rows: both windows together, shape (m + n, d).
    """
    known = np.isfinite(rows).all(axis=1)
    usable = rows[known] if known.any() else np.zeros((1, rows.shape[1]))
    spread = usable.std(axis=0)
    scores = np.zeros(rows.shape)
    scores[known] = np.clip((rows[known] - usable.mean(axis=0)) / np.where(spread > 0, spread, 1.0), -5.0, 5.0)
    return scores


def rank_scores(values: Floats) -> Floats:
    """Ranks, centred and of variance 1; missing values are 0, and a constant is 0 throughout.

    Ranks make the joint test as deaf to heavy tails and to units as the tests of single columns are.

    Args:
        values: both windows together, shape (m + n,).
    """
    known = np.isfinite(values)
    scores = np.zeros(values.size)
    if known.any():
        centred = rankdata(values[known]) - (known.sum() + 1) / 2
        spread = float(np.sqrt((centred**2).mean()))
        scores[known] = centred / spread if spread > 0 else 0.0
    return scores
