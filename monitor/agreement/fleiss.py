"""Agreement of more than two readers, and how far each stands from the others."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.kappa import Kappa
from monitor.agreement.proportion import CONFIDENCE, Proportion, normal_quantile, wilson

LEAST_CASES = 50  # a reader of fewer is not shown: chance would be taken for a habit


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A reader's cases, and the share in which they differ from the majority of the others."""

    reader: int
    differs: Proportion


def fleiss_kappa(table: ArrayLike, *, confidence: float = CONFIDENCE) -> Kappa | None:
    """Chance-corrected agreement of a fixed number of readers, whoever they are.

    The standard error is the jackknife's over cases, which needs no null hypothesis.

    Sources: J. L. Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76 (1971)
    378-382; B. Efron, C. Stein, Annals of Statistics 9 (1981) 586-596.

    Args:
        table: how many readers chose each category, shape (cases, categories), the same number of readers each.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None with fewer than two cases or readers, or where one category is all that was chosen.

    Raises:
        ValueError: cases differ in their number of readers.
    """
    counts = np.asarray(table, dtype=np.float64)
    readers = counts.sum(axis=1)
    if counts.shape[0] < 2 or readers[0] < 2:
        return None
    if (readers != readers[0]).any():
        message = "table: the cases differ in their number of readers; the same number of each is accepted"
        raise ValueError(message)
    n, k = counts.shape[0], readers[0]
    agreed = ((counts**2).sum(axis=1) - k) / (k * (k - 1))
    total, chosen = agreed.sum(), counts.sum(axis=0)
    chance = float(((chosen / (n * k)) ** 2).sum())
    if chance >= 1:
        return None
    value = float((total / n - chance) / (1 - chance))
    chances = (((chosen - counts) / ((n - 1) * k)) ** 2).sum(axis=1)
    if (chances >= 1).any():
        return None
    left_out = ((total - agreed) / (n - 1) - chances) / (1 - chances)
    error = sqrt(float(((left_out - left_out.mean()) ** 2).sum()) * (n - 1) / n)
    half = normal_quantile(confidence) * error
    return Kappa(value=value, low=max(-1.0, value - half), high=min(1.0, value + half), standard_error=error)


def reader_deviations(labels: ArrayLike, *, least: int = LEAST_CASES) -> tuple[Deviation, ...]:
    """Each reader against the majority of the others on the same cases; ties of the others are left out.

    Args:
        labels: 1, 0 or NaN where a reader did not read, shape (cases, readers).
        least: cases a reader needs to be shown.

    Returns:
        One a reader with enough cases, in order of column.
    """
    said = np.asarray(labels, dtype=np.float64)
    found = []
    for reader in range(said.shape[1]):
        others = np.delete(said, reader, axis=1)
        votes = np.nansum(others * 2 - 1, axis=1)
        judged = ~np.isnan(said[:, reader]) & (votes != 0)
        apart = int(((said[judged, reader] == 1) != (votes[judged] > 0)).sum())
        differs = wilson(apart, int(judged.sum()))
        if differs is not None and differs.n >= least:
            found.append(Deviation(reader=reader, differs=differs))
    return tuple(found)
