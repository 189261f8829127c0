"""Agreement beyond chance: Cohen's kappa, and two figures that stay readable at low prevalence."""

from dataclasses import dataclass
from math import sqrt

from monitor.agreement.proportion import CONFIDENCE, Proportion, normal_quantile, wilson
from monitor.core.counts import Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class Kappa:
    """Cohen's kappa with its large-sample standard error and interval, all in [-1, 1]."""

    value: float
    low: float
    high: float
    standard_error: float


def cohen_kappa(counts: Counts, *, confidence: float = CONFIDENCE) -> Kappa | None:
    """Observed agreement beyond the chance agreement of the two margins.

    kappa = (p_o - p_e) / (1 - p_e), with the non-null standard error of Fleiss, Cohen & Everitt and a Wald interval cut
    to [-1, 1]. That standard error is 0 when the two agree in every case, or when one of them never changes its answer;
    a Wald interval would then be a point and claim certainty. There the Wilson interval of the observed agreement is
    carried through the formula with p_e held at its observed value.

    Sources: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46; J. L. Fleiss, J. Cohen, B. S. Everitt,
    Large sample standard errors of kappa and weighted kappa, Psychological Bulletin 72 (1969) 323-327.

    Returns:
        None where kappa is undefined: no cases, or both give the same single answer throughout.
    """
    n = counts.n
    agreement = wilson(counts.tp + counts.tn, n, confidence=confidence)
    if agreement is None:
        return None
    call, label = (counts.tp + counts.fp) / n, (counts.tp + counts.fn) / n
    room = call * (1 - label) + label * (1 - call)  # 1 - p_e, without the cancellation
    if room == 0:
        return None
    value = 1 - (counts.fp + counts.fn) / n / room
    error = _standard_error(counts, call, label, value, room)
    if error < 1e-9:
        return _carried(agreement, value, room)
    half = normal_quantile(confidence) * error
    return Kappa(value=value, low=max(-1.0, value - half), high=min(1.0, value + half), standard_error=error)


def _standard_error(counts: Counts, call: float, label: float, kappa: float, room: float) -> float:
    """Equation 13 of Fleiss, Cohen & Everitt for two categories; `room` is 1 - p_e."""
    n = counts.n
    away = 1 - kappa
    diagonal = counts.tp / n * (1 - (call + label) * away) ** 2 + counts.tn / n * (1 - (2 - call - label) * away) ** 2
    off = away**2 * (counts.fp / n * (label + 1 - call) ** 2 + counts.fn / n * (call + 1 - label) ** 2)
    variance = (diagonal + off - (kappa - (1 - room) * away) ** 2) / (n * room**2)
    return sqrt(max(variance, 0.0))


def _carried(agreement: Proportion, value: float, room: float) -> Kappa:
    low, high = (1 - (1 - bound) / room for bound in (agreement.low, agreement.high))
    return Kappa(value=value, low=max(-1.0, low), high=min(1.0, high), standard_error=0.0)


def gwet_ac1(counts: Counts) -> float | None:
    """Gwet's AC1: chance agreement is 2q(1-q), q the mean of the two prevalences. None where there are no cases.

    Source: K. L. Gwet, Computing inter-rater reliability and its variance in the presence of high agreement, British
    Journal of Mathematical and Statistical Psychology 61 (2008) 29-48.
    """
    if counts.n == 0:
        return None
    mean = (2 * counts.tp + counts.fp + counts.fn) / (2 * counts.n)
    chance = 2 * mean * (1 - mean)
    return ((counts.tp + counts.tn) / counts.n - chance) / (1 - chance)


def pabak(counts: Counts) -> float | None:
    """Prevalence- and bias-adjusted kappa: 2 p_o - 1. None where there are no cases.

    Source: T. Byrt, J. Bishop, J. B. Carlin, Bias, prevalence and kappa, Journal of Clinical Epidemiology 46 (1993)
    423-429.
    """
    return None if counts.n == 0 else 2 * (counts.tp + counts.tn) / counts.n - 1
