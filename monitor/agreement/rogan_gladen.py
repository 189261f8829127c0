"""Agreement corrected for the error of the label itself."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from monitor.agreement.propagation import propagated
from monitor.agreement.proportion import CONFIDENCE, Proportion, wilson
from monitor.core.counts import Counts


class Unidentifiable(StrEnum):
    """Why a corrected figure cannot be told."""

    NO_CASES = "no_cases"
    LABEL_LIKE_CHANCE = "label_like_chance"
    NO_POSITIVES_BEYOND_ERROR = "no_positives_beyond_error"
    NO_NEGATIVES_BEYOND_ERROR = "no_negatives_beyond_error"


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectedAgreement:
    """What the figures of a fourfold table would be had every label been right, each or why it cannot be told."""

    prevalence: Proportion | Unidentifiable
    agreement: Proportion | Unidentifiable
    ppa: Proportion | Unidentifiable
    npa: Proportion | Unidentifiable


def rogan_gladen(share: Proportion, *, label_ppa: Proportion, label_npa: Proportion) -> Proportion | Unidentifiable:
    """The true share of positives behind a labelled one: (share + NPA - 1) / (PPA + NPA - 1), cut to [0, 1].

    The interval carries those of all three inputs (`propagation.py`).

    Source: W. J. Rogan, B. Gladen, Estimating prevalence from the results of a screening test, American Journal of
    Epidemiology 107 (1978) 71-76.

    Args:
        share: of cases labelled positive.
        label_ppa: the label's agreement with the truth, of true positives: its sensitivity.
        label_npa: the same of true negatives: its specificity. Both from a sample of their own.

    Returns:
        `LABEL_LIKE_CHANCE` where the interval of PPA + NPA - 1 reaches 0: such a label tells nothing of the truth.
    """
    if _like_chance(label_ppa, label_npa):
        return Unidentifiable.LABEL_LIKE_CHANCE
    low, high = propagated(_true_share, share, label_ppa, label_npa)
    value = _true_share(share.value, label_ppa.value, label_npa.value)
    return Proportion(value=_cut(value), low=_cut(low), high=_cut(high), n=share.n)


def corrected_agreement(
    counts: Counts, *, label_ppa: Proportion, label_npa: Proportion, confidence: float = CONFIDENCE
) -> CorrectedAgreement:
    """The fourfold figures corrected for the label's error, which must not depend on the AI's call given the truth.

    Rogan & Gladen's estimate in the cases the AI calls and in those it does not gives the true positives of each; the
    share of calls joins them. Where the label's own errors could account for every positive, PPA is of nothing and is
    refused; likewise NPA.

    Args:
        counts: the AI's call against the label.
        label_ppa: as in `rogan_gladen`.
        label_npa: as in `rogan_gladen`.
        confidence: coverage aimed at, that of `label_ppa` and `label_npa` too.
    """
    called = wilson(counts.tp + counts.fp, counts.n, confidence=confidence)
    if called is None:
        return _refused(Unidentifiable.NO_CASES)
    if _like_chance(label_ppa, label_npa):
        return _refused(Unidentifiable.LABEL_LIKE_CHANCE)
    nothing = Proportion(value=0.0, low=0.0, high=1.0, n=0)
    among_called = wilson(counts.tp, counts.tp + counts.fp, confidence=confidence) or nothing
    among_others = wilson(counts.fn, counts.fn + counts.tn, confidence=confidence) or nothing
    inputs = (called, among_called, among_others, label_ppa, label_npa)
    positives, n = counts.tp + counts.fn, counts.n
    low, high = propagated(_prevalence, *inputs)
    return CorrectedAgreement(
        prevalence=_figure(_prevalence, inputs, n),
        agreement=_figure(_agreement, inputs, n),
        ppa=_figure(_ppa, inputs, positives) if low > 0 else Unidentifiable.NO_POSITIVES_BEYOND_ERROR,
        npa=_figure(_npa, inputs, n - positives) if high < 1 else Unidentifiable.NO_NEGATIVES_BEYOND_ERROR,
    )


def _like_chance(ppa: Proportion, npa: Proportion) -> bool:
    return propagated(lambda a, b: a + b - 1, ppa, npa)[0] <= 0


def _refused(reason: Unidentifiable) -> CorrectedAgreement:
    return CorrectedAgreement(prevalence=reason, agreement=reason, ppa=reason, npa=reason)


def _figure(of: Callable[..., float], inputs: tuple[Proportion, ...], n: int) -> Proportion:
    low, high = propagated(of, *inputs)
    return Proportion(value=_cut(of(*(one.value for one in inputs))), low=_cut(low), high=_cut(high), n=n)


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))


def _true_share(share: float, ppa: float, npa: float) -> float:
    """Rogan and Gladen's estimate, not cut. PPA + NPA - 1 is kept off 0, which an input at its limit may reach."""
    return (share + npa - 1) / max(ppa + npa - 1, 1e-9)


def _cells(called: float, among_called: float, among_others: float, ppa: float, npa: float) -> tuple[float, float]:
    """The shares of all cases that are called and truly positive, and that are not called and truly positive."""
    hit = called * _true_share(among_called, ppa, npa)
    missed = (1 - called) * _true_share(among_others, ppa, npa)
    return hit, missed


def _prevalence(*inputs: float) -> float:
    return sum(_cells(*inputs))


def _agreement(*inputs: float) -> float:
    hit, missed = _cells(*inputs)
    return hit + (1 - inputs[0]) - missed


def _ppa(*inputs: float) -> float:
    hit, missed = (max(0.0, cell) for cell in _cells(*inputs))
    return hit / (hit + missed) if hit + missed else 0.0


def _npa(*inputs: float) -> float:
    called = inputs[0]
    hit, missed = _cells(*inputs)
    spared, alarmed = max(0.0, 1 - called - missed), max(0.0, called - hit)
    return spared / (spared + alarmed) if spared + alarmed else 0.0
