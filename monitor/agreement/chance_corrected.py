"""AC1 and PABAK with their intervals."""

from math import sqrt

from monitor.agreement.kappa import Kappa, gwet_ac1
from monitor.agreement.proportion import CONFIDENCE, normal_quantile, wilson
from monitor.core.counts import Counts


def ac1_interval(counts: Counts, *, confidence: float = CONFIDENCE) -> Kappa | None:
    """Gwet's AC1 with its large-sample standard error and a Wald interval cut to [-1, 1].

    AC1 = 1 - (1 - p_a) / (1 - p_e), p_e = 2q(1 - q). The variance is that of its linear part over the four cells. Where
    it is 0, in perfect agreement, Wilson's bounds of p_a are carried through with p_e as observed.

    Source: K. L. Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008) 29-48.

    Returns:
        None where there are no cases.
    """
    value, n = gwet_ac1(counts), counts.n
    agreement = wilson(counts.tp + counts.tn, n, confidence=confidence)
    if value is None or agreement is None:
        return None
    mean = (2 * counts.tp + counts.fp + counts.fn) / (2 * n)
    room = 1 - 2 * mean * (1 - mean)
    apart, lean = 1 - agreement.value, 2 * (1 - 2 * mean)
    # Each cell's influence: what it adds to agreement, less what it adds to agreement by chance.
    cells = ((counts.tp, 1, 1.0), (counts.fp, 0, 0.5), (counts.fn, 0, 0.5), (counts.tn, 1, 0.0))
    parts = [(count / n, agrees / room - apart * lean * positive / room**2) for count, agrees, positive in cells]
    average = sum(share * part for share, part in parts)
    error = sqrt(max(sum(share * (part - average) ** 2 for share, part in parts) / n, 0.0))
    if error < 1e-9:
        low, high = (1 - (1 - bound) / room for bound in (agreement.low, agreement.high))
        return Kappa(value=value, low=max(-1.0, low), high=min(1.0, high), standard_error=0.0)
    half = normal_quantile(confidence) * error
    return Kappa(value=value, low=max(-1.0, value - half), high=min(1.0, value + half), standard_error=error)


def pabak_interval(counts: Counts, *, confidence: float = CONFIDENCE) -> Kappa | None:
    """PABAK = 2 p_o - 1, Wilson's bounds of p_o carried through. None where there are no cases.

    Source: T. Byrt, J. Bishop, J. B. Carlin, Journal of Clinical Epidemiology 46 (1993) 423-429.
    """
    share = wilson(counts.tp + counts.tn, counts.n, confidence=confidence)
    if share is None:
        return None
    error = 2 * sqrt(share.value * (1 - share.value) / share.n)
    return Kappa(value=2 * share.value - 1, low=2 * share.low - 1, high=2 * share.high - 1, standard_error=error)
