"""The area under the precision-recall curve."""

import numpy as np
from numpy.typing import ArrayLike


def average_precision(positive: ArrayLike, negative: ArrayLike) -> float | None:
    """Mean, over the positives, of the precision at each one's score; ties share a threshold.

    Its floor is the prevalence, not .5: figures of different prevalence cannot be compared.

    Source: as the step-wise sum of M. Zhu, Recall, precision and average precision, Technical report 2004-09,
    University of Waterloo.

    Args:
        positive: scores of the positives, shape (m,), finite.
        negative: scores of the negatives, shape (n,), finite.

    Returns:
        None where there are no positives.
    """
    above, below = np.sort(np.asarray(positive, dtype=np.float64)), np.sort(np.asarray(negative, dtype=np.float64))
    if above.size == 0:
        return None
    true = above.size - np.searchsorted(above, above, side="left")
    false = below.size - np.searchsorted(below, above, side="left")
    return float(np.mean(true / (true + false)))
