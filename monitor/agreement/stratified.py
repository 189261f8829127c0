"""Agreement of a classifier with those who coded a stratified sample of its cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.agreement.propagation import propagated
from monitor.agreement.proportion import CONFIDENCE, Proportion, wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class CodedStratum:
    """One stratum: what the classifier calls all of it, its `size`, and how its sample was coded by hand.

    `undecided` cases were drawn and could not be coded either way.
    """

    called: bool
    size: int
    positive: int
    negative: int
    undecided: int = 0

    @property
    def coded(self) -> int:
        """The size of its sample."""
        return self.positive + self.negative + self.undecided


@dataclass(frozen=True, kw_only=True, slots=True)
class StratifiedAgreement:
    """Positive and negative percent agreement in all strata together; None where no such case was found."""

    ppa: Proportion | None
    npa: Proportion | None


@dataclass(frozen=True, slots=True)
class _Sum:
    """How many cases of some strata are coded one way, estimated."""

    value: float
    low: float
    high: float


def stratified_agreement(strata: Sequence[CodedStratum], *, confidence: float = CONFIDENCE) -> StratifiedAgreement:
    """PPA and NPA of the whole from samples of its strata.

    Each stratum's shares are weighted by its size. As the call is constant in a stratum, PPA = A / (A + B), where A
    sums the positives of the strata called positive and B those of the others; both sums carry the Wilson limits of
    their strata, and PPA theirs, by square and add. Begg & Greenes' correction for partial verification is the same
    estimate for two strata. Finite strata are treated as samples themselves: the interval does not shrink to nothing
    where all of a stratum is coded.

    Sources: W. G. Cochran, Sampling techniques, 3rd ed. (1977), ch. 5; C. B. Begg, R. A. Greenes, Assessment of
    diagnostic tests when disease verification is subject to selection bias, Biometrics 39 (1983) 207-215; and, for
    the interval, Zou & Donner (`propagation.py`).

    Raises:
        ValueError: a stratum has cases and none of them is coded, or more are coded than it has.
    """
    for number, stratum in enumerate(strata):
        if stratum.size and not 0 < stratum.coded <= stratum.size:
            message = f"stratum {number}: {stratum.coded} of {stratum.size} cases coded; from 1 to all are accepted"
            raise ValueError(message)
    return StratifiedAgreement(
        ppa=_agreeing(strata, called=True, confidence=confidence),
        npa=_agreeing(strata, called=False, confidence=confidence),
    )


def _agreeing(strata: Sequence[CodedStratum], *, called: bool, confidence: float) -> Proportion | None:
    agreed = _total([one for one in strata if one.called is called], positive=called, confidence=confidence)
    missed = _total([one for one in strata if one.called is not called], positive=called, confidence=confidence)
    if agreed.value + missed.value == 0:
        return None
    low, high = propagated(lambda a, b: a / (a + b) if a + b else 0.0, agreed, missed)
    n = sum(one.positive if called else one.negative for one in strata)
    return Proportion(value=agreed.value / (agreed.value + missed.value), low=max(0.0, low), high=min(1.0, high), n=n)


def _total(strata: Sequence[CodedStratum], *, positive: bool, confidence: float) -> _Sum:
    """How many cases of these strata are of one kind."""
    shares = [
        (one.size, share)
        for one in strata
        if (share := wilson(one.positive if positive else one.negative, one.coded, confidence=confidence)) is not None
    ]
    if not shares:
        return _Sum(0.0, 0.0, 0.0)
    low, high = propagated(
        lambda *values: sum(size * value for (size, _), value in zip(shares, values, strict=True)),
        *(share for _, share in shares),
    )
    return _Sum(sum(size * share.value for size, share in shares), max(0.0, low), high)
