"""Many tests at once: adjusted p-values."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p_values: ArrayLike) -> Floats:
    """Step-down adjusted p-values; rejecting those at or below alpha errs at all with probability at most alpha.

    Holds under any dependence between the tests. Source: S. Holm, A simple sequentially rejective multiple test
    procedure, Scandinavian Journal of Statistics 6 (1979) 65-70.

    Args:
        p_values: shape (m,), each in [0, 1].

    Returns:
        Adjusted p-values in the order given, shape (m,).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _reordered(np.minimum(steps, 1.0), order)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Step-up adjusted p-values; rejecting those at or below q keeps the expected share of false rejections at most q.

    Holds for independent or positively dependent tests. Source: Y. Benjamini, Y. Hochberg, Controlling the false
    discovery rate, Journal of the Royal Statistical Society B 57 (1995) 289-300.

    Args:
        p_values: shape (m,), each in [0, 1].

    Returns:
        Adjusted p-values in the order given, shape (m,).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[::-1]
    steps = np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1))
    return _reordered(np.minimum(steps, 1.0), order)


def _reordered(steps: Floats, order: NDArray[np.intp]) -> Floats:
    adjusted = np.empty_like(steps)
    adjusted[order] = steps
    return adjusted
