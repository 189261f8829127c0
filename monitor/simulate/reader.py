"""Those who read: what they see, miss and doubt, and how they write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.core.read import Label
from monitor.simulate.case import Case

MISS = 0.1673
"""Miss probability of a finding of no conspicuity at all. With conspicuity Beta(2.6, 1.5), E[(1 − c)²] = .1793, so a
reader of average care misses 3.0 % of what is there."""
FALSE_POSITIVE = 0.003
"""Probability of reporting a finding that is not there."""
DOUBTED_ABSENCE = 0.008
"""Probability of hedging about a finding that is not there."""
SILENCE = 0.20
"""Probability of not writing anything about a finding that was looked for and not seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A radiologist.

    `care` multiplies every error, `hedging` is the probability of doubting a barely visible finding, `typos` that of a
    slip per report, `habit` that of using a favourite phrase; `paragraphs` says whether sentences are run together.
    """

    number: str
    family: str
    given: str
    care: float
    hedging: float
    typos: float
    habit: float
    paragraphs: bool


ATTENDINGS: Sequence[Reader] = tuple(
    Reader(number=n, family=f, given=g, care=c, hedging=h, typos=t, habit=b, paragraphs=p)
    for n, f, g, c, h, t, b, p in (
        ("R101", "Andersson", "Maja", 0.8, 0.15, 0.02, 0.7, False),
        ("R102", "Bello", "Tunde", 0.9, 0.25, 0.08, 0.3, True),
        ("R103", "Carver", "Ellen", 1.0, 0.35, 0.05, 0.5, True),
        ("R104", "Dufour", "Rémi", 1.1, 0.20, 0.10, 0.1, False),
        ("R105", "Ekström", "Nils", 1.2, 0.30, 0.15, 0.4, True),
    )
)
"""Those who sign final reports; their care averages to 1."""

RESIDENTS: Sequence[Reader] = tuple(
    Reader(number=n, family=f, given=g, care=c, hedging=h, typos=t, habit=b, paragraphs=p)
    for n, f, g, c, h, t, b, p in (
        ("R201", "Faulkner", "Iris", 2.0, 0.45, 0.10, 0.2, False),
        ("R202", "Gupta", "Rohan", 2.2, 0.40, 0.12, 0.2, True),
    )
)
"""Those who sign preliminary reports."""


def miss_probability(conspicuity: float, reader: Reader) -> float:
    """Probability that a reader overlooks a finding: MISS · care · (1 − conspicuity)²."""
    return min(MISS * reader.care * (1.0 - conspicuity) ** 2, 1.0)


def opinion(case: Case, reader: Reader, findings: Sequence[str], rng: np.random.Generator) -> Mapping[str, Label]:
    """What a reader means to say of each finding of a case. A lateral image is read like any other."""
    draws = rng.random((len(findings), 3))
    return {
        name: _seen(conspicuity, reader, *row) if (conspicuity := case.findings.get(name)) else _unseen(reader, *row)
        for name, row in zip(findings, draws, strict=True)
    }


def reconsidered(opinion: Mapping[str, Label], case: Case) -> Mapping[str, Label]:
    """The opinion after a second look: what was missed is reported, what was imagined is taken back."""
    return {
        name: Label.PRESENT if name in case.findings else Label.ABSENT if label is Label.PRESENT else label
        for name, label in opinion.items()
    }


def _seen(conspicuity: float, reader: Reader, miss: float, doubt: float, silence: float) -> Label:
    if miss < miss_probability(conspicuity, reader):
        return _nothing(silence)
    return Label.UNCERTAIN if doubt < reader.hedging * (1.0 - conspicuity) else Label.PRESENT


def _unseen(reader: Reader, imagined: float, doubt: float, silence: float) -> Label:
    if imagined < FALSE_POSITIVE * reader.care:
        return Label.PRESENT
    return Label.UNCERTAIN if doubt < DOUBTED_ABSENCE * reader.care else _nothing(silence)


def _nothing(silence: float) -> Label:
    return Label.NOT_MENTIONED if silence < SILENCE else Label.ABSENT
