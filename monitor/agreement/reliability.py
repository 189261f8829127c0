"""Whether a score of .3 means three in ten: bins, the expected calibration error, and its debiased form."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.proportion import Proportion, wilson

BINS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Cases of neighbouring scores: their mean score, and how many came true, with Wilson's interval."""

    mean_score: float
    observed: Proportion


@dataclass(frozen=True, kw_only=True, slots=True)
class Reliability:
    """The bins, in order of score, and how far they lie from the diagonal.

    `error` is the expected calibration error, the mean |observed - score| over cases. `root_error` is the root of the
    mean square, less what chance alone adds to it: 0 where no miscalibration can be told from chance.
    """

    bins: tuple[Bin, ...]
    error: float
    root_error: float


def reliability(scores: ArrayLike, labels: ArrayLike, *, bins: int = BINS) -> Reliability | None:
    """Bins of equal size by score, and the two errors.

    The plug-in error of calibrated scores is above 0 and grows with the number of bins; the debiased square error
    subtracts the variance of each bin's rate, y(1 - y) / (n_b - 1), which makes it unbiased.

    Sources: M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI (2015) 2901-2907 (error); A. Kumar, P. Liang, T. Ma,
    Verified uncertainty calibration, NeurIPS (2019), section 4.1 (debiasing); J. Bröcker, Quarterly Journal of the
    Royal Meteorological Society 138 (2012) 1611-1617.

    Args:
        scores: probabilities, shape (n,).
        labels: 0 or 1, shape (n,).
        bins: at most so many; fewer where there are fewer than two cases for each.

    Returns:
        None where there are fewer than two cases.
    """
    p, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if p.size < 2:
        return None
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, min(bins, p.size // 2))
    shares = np.array([part.size for part in parts]) / p.size
    score, rate = (np.array([values[part].mean() for part in parts]) for values in (p, y))
    chance = rate * (1 - rate) / (np.array([part.size for part in parts]) - 1)
    square = float((shares * ((rate - score) ** 2 - chance)).sum())
    return Reliability(
        bins=tuple(_bin(p, y, part) for part in parts),
        error=float((shares * np.abs(rate - score)).sum()),
        root_error=sqrt(max(square, 0.0)),
    )


def _bin(p: np.ndarray, y: np.ndarray, part: np.ndarray) -> Bin:
    observed = wilson(int(y[part].sum()), part.size)
    assert observed is not None  # noqa: S101  no bin is empty
    return Bin(mean_score=float(p[part].mean()), observed=observed)
