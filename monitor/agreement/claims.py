"""What was promised of an AI, held against local pairs at every look: supported, refuted or undecided."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Literal

from monitor.agreement.proportion import CONFIDENCE, Proportion
from monitor.agreement.sequence import confidence_sequence, log_evidence
from monitor.core.counts import Counts

Share = Literal["agreement", "ppa", "npa", "ppv", "npv"]
MOST_CASES = 10**9  # a sample beyond this settles nothing in anyone's time

_SHARES: Mapping[Share, Callable[[Counts], tuple[int, int]]] = {
    "agreement": lambda c: (c.tp + c.tn, c.n),
    "ppa": lambda c: (c.tp, c.tp + c.fn),
    "npa": lambda c: (c.tn, c.tn + c.fp),
    "ppv": lambda c: (c.tp, c.tp + c.fp),
    "npv": lambda c: (c.tn, c.tn + c.fn),
}


class Standing(StrEnum):
    """How a claim stands."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """That a statistic is at least so much: of one finding (of each, where None), in each value of each `across`."""

    name: str
    statistic: Share
    at_least: float
    finding: str | None = None
    across: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One finding and stratum of a claim.

    `always_negative` is what an AI would reach that never calls the finding, None where that is undefined; where it
    keeps the promise too, the figure is not `meaningful`: it says nothing of this AI. `needed` is how many cases of the
    statistic's denominator would settle the claim were the share seen so far the true one; None where none would.
    """

    stratum: Mapping[str, str]
    standing: Standing
    share: Proportion | None
    always_negative: float | None
    meaningful: bool
    needed: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A claim with its parts: supported where all are, refuted where one is."""

    claim: Claim
    standing: Standing
    parts: tuple[Part, ...]


def settle(claim: Claim, parts: Mapping[tuple[tuple[str, str], ...], Counts]) -> Settled:
    """Hold a claim against the pairs so far.

    Each part has a confidence sequence at 1 - .05 / parts, so that looking every day, at every part, contradicts a true
    claim with probability at most .05, ever.

    Args:
        claim: what was promised.
        parts: the counts of each finding and stratum, under its names and values.
    """
    level = 1 - (1 - CONFIDENCE) / max(len(parts), 1)
    found = tuple(_part(claim, dict(key), counts, level) for key, counts in parts.items())
    standings = {part.standing for part in found}
    if Standing.REFUTED in standings:
        whole = Standing.REFUTED
    else:
        whole = Standing.SUPPORTED if standings == {Standing.SUPPORTED} else Standing.UNDECIDED
    return Settled(claim=claim, standing=whole, parts=found)


def _part(claim: Claim, stratum: Mapping[str, str], counts: Counts, confidence: float) -> Part:
    hits, n = _SHARES[claim.statistic](counts)
    share = confidence_sequence(hits, n, confidence=confidence)
    base = _always_negative(claim.statistic, counts)
    standing = Standing.UNDECIDED
    if share is not None and share.low >= claim.at_least:
        standing = Standing.SUPPORTED
    if share is not None and share.high < claim.at_least:
        standing = Standing.REFUTED
    return Part(
        stratum=stratum,
        standing=standing,
        share=share,
        always_negative=base,
        meaningful=base is None or base < claim.at_least,
        needed=None if share is None else cases_needed(share.value, claim.at_least, confidence=confidence),
    )


def _always_negative(statistic: Share, counts: Counts) -> float | None:
    """The same statistic of an AI that never calls the finding, on the same reads."""
    silent = Counts(fn=counts.tp + counts.fn, tn=counts.fp + counts.tn)
    hits, n = _SHARES[statistic](silent)
    return hits / n if n else None


def cases_needed(share: float, bound: float, *, confidence: float = CONFIDENCE) -> int | None:
    """How many cases, were the share this one throughout, until the confidence sequence no longer holds the bound.

    Returns:
        None where the two are equal or so near that a thousand million cases would not tell.
    """
    limit = -log(1 - confidence)
    low, high = 0, 1
    while log_evidence(bound, share * high, high) < limit:
        low, high = high, high * 2
        if high > MOST_CASES:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if log_evidence(bound, share * middle, middle) >= limit else (middle, high)
    return high
