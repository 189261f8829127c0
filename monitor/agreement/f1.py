"""F1: the harmonic mean of PPA and PPV."""

from monitor.agreement.proportion import CONFIDENCE, Proportion, wilson
from monitor.core.counts import Counts


def f1(counts: Counts, *, confidence: float = CONFIDENCE) -> Proportion | None:
    """2 tp / (2 tp + fp + fn), with an interval.

    F1 = 2J / (1 + J), where J = tp / (tp + fp + fn). Given how many pairs either side calls positive, tp is binomial
    with probability J; F1 rises with J, so Wilson's bounds of J carried through are bounds of F1.

    Sources: C. J. van Rijsbergen, Information Retrieval (1979), chapter 7; E. B. Wilson, JASA 22 (1927) 209-212.

    Returns:
        The figure, `n` being the pairs that either side calls positive; None where there are none.
    """
    share = wilson(counts.tp, counts.tp + counts.fp + counts.fn, confidence=confidence)
    if share is None:
        return None
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Proportion(value=value, low=low, high=high, n=share.n)
