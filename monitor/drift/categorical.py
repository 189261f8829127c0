"""Two windows of one category, and of how often a value is missing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from monitor.drift.permutation import permutation_p

MAX_CATEGORIES = 50
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Categorical:
    """`statistic` as the test defines it; `effect` is the total variation distance, in [0, 1]."""

    statistic: float
    effect: float
    p_value: float


def chi_square(reference: Counts, current: Counts, *, draws: int, rng: np.random.Generator) -> Categorical:
    """Pearson's statistic of the 2 × k table with its permutation p-value.

    The p-value is drawn from the multivariate hypergeometric law that both windows follow when they are one: valid
    however sparse the table is, and at the small levels where the chi-square law is not. Beyond 50 categories the
    rarest are pooled into one. Source: K. Pearson, Philosophical Magazine 50 (1900) 157-175; for the exact law
    W. M. Patefield, Applied Statistics 30 (1981) 91-97.

    Args:
        reference: count per category, shape (k,); at least one case in all.
        current: count per category in the same order, shape (k,); at least one case in all.
        draws: permutations at most.
        rng: where they are drawn from.
    """
    table = _pooled(np.stack([reference, current]).astype(np.int64))
    total = table.sum(axis=0)
    sizes = table.sum(axis=1)
    shares = table / sizes[:, None]
    observed = _pearson(table[1][None, :], total, sizes)[0]
    if total.size < 2:
        return Categorical(statistic=0.0, effect=0.0, p_value=1.0)
    p_value = permutation_p(
        float(observed),
        lambda n: _pearson(rng.multivariate_hypergeometric(total, int(sizes[1]), size=n), total, sizes),
        draws,
    )
    return Categorical(
        statistic=float(observed), effect=float(np.abs(shares[0] - shares[1]).sum() / 2), p_value=p_value
    )


def missing_rate(missing: tuple[int, int], sizes: tuple[int, int]) -> Categorical:
    """Fisher's exact test of the share of missing values; the statistic and the effect are the gap between the shares.

    Args:
        missing: how many values are missing in the reference and in the current window.
        sizes: how many rows they have, at least one each.
    """
    gap = abs(missing[0] / sizes[0] - missing[1] / sizes[1])
    table = [[absent, size - absent] for absent, size in zip(missing, sizes, strict=True)]
    return Categorical(statistic=gap, effect=gap, p_value=float(fisher_exact(table).pvalue))


def _pooled(table: Counts) -> Counts:
    """Categories that occur, commonest first, the rare ones beyond the bound as one."""
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] <= MAX_CATEGORIES:
        return table
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    kept, rest = table[:, : MAX_CATEGORIES - 1], table[:, MAX_CATEGORIES - 1 :]
    return np.column_stack([kept, rest.sum(axis=1)])


def _pearson(current: Counts, total: Counts, sizes: Counts) -> NDArray[np.float64]:
    """Pearson's statistic of each row of `current`, shape (b, k), the margins being fixed."""
    n = sizes.sum()
    expected = total * (sizes[1] / n)
    gap = (current - expected) ** 2
    return np.asarray((gap / expected).sum(axis=1) * (n / sizes[0]))
