"""Many strata at once: which p-values stand when so many were looked at."""

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.baseline import Floats


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p-values; those at most q hold a share of false discoveries of q at most, in expectation.

    Source: Y. Benjamini, Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289-300.

    Args:
        p_values: one a stratum, shape (m,), independent or positively dependent.

    Returns:
        Shape (m,), in the order given.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)[::-1]
    steps = np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
