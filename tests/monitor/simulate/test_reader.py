from math import sqrt

import numpy as np
import pytest

from monitor.core.read import Label
from monitor.simulate.case import Case
from monitor.simulate.caseload import CONSPICUITY
from monitor.simulate.practice import PREVALENCE
from monitor.simulate.reader import (
    ATTENDINGS,
    FALSE_POSITIVE,
    MISS,
    RESIDENTS,
    Reader,
    miss_probability,
    opinion,
    reconsidered,
)

FINDINGS = tuple(PREVALENCE)
Z = 4.5


def _case(conspicuity: float | None) -> Case:
    present = {} if conspicuity is None else dict.fromkeys(FINDINGS, conspicuity)
    return Case(seed=1, age=60, sex="F", findings=present)


def _opinions(case: Case, reader: Reader, times: int) -> list[Label]:
    rng = np.random.default_rng(5)
    return [label for _ in range(times) for label in opinion(case, reader, FINDINGS, rng).values()]


def test_the_average_miss_rate_is_three_percent() -> None:
    """Averaged over attendings and the distribution of conspicuity, 3 % of what is there is missed."""
    a, b = CONSPICUITY
    faintness = b * (b + 1) / ((a + b) * (a + b + 1))
    care = sum(reader.care for reader in ATTENDINGS) / len(ATTENDINGS)
    assert MISS * care * faintness == pytest.approx(0.03, rel=1e-3)


@pytest.mark.parametrize("conspicuity", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("reader", [ATTENDINGS[2], RESIDENTS[0]], ids=lambda reader: reader.number)
def test_misses_come_at_their_probability(conspicuity: float, reader: Reader) -> None:
    """The share of present findings reported as absent or not at all is the reader's miss probability."""
    labels = _opinions(_case(conspicuity), reader, 1500)
    n, p = len(labels), miss_probability(conspicuity, reader)
    missed = sum(label in {Label.ABSENT, Label.NOT_MENTIONED} for label in labels)
    assert abs(missed - n * p) <= Z * sqrt(n * p * (1 - p))


def test_false_positives_are_few() -> None:
    """The share of absent findings reported as present is the setting."""
    labels = _opinions(_case(None), ATTENDINGS[2], 6000)
    n, p = len(labels), FALSE_POSITIVE
    assert abs(labels.count(Label.PRESENT) - n * p) <= Z * sqrt(n * p * (1 - p))


def test_a_second_look_finds_the_truth() -> None:
    """After a second look every present finding is reported and no absent one is."""
    case = Case(seed=1, age=60, sex="M", findings={"nodule": 0.1, "cardiomegaly": 0.9})
    first = {"nodule": Label.NOT_MENTIONED, "cardiomegaly": Label.UNCERTAIN, "pneumothorax": Label.PRESENT}
    assert reconsidered(first, case) == {
        "nodule": Label.PRESENT,
        "cardiomegaly": Label.PRESENT,
        "pneumothorax": Label.ABSENT,
    }
