"""The type of a shift: said where scores can tell, refused where they cannot."""

from collections import Counter

import numpy as np
import pytest

from monitor.core.verdict import ShiftType
from monitor.drift.compare import compare
from monitor.drift.sample import Sample
from monitor.drift.shift import MIN_STUDIES, estimated_prevalence, shift_type


def window(n: int, *, prevalence: float = 0.15, images: float = 0.0, leak: float = 0.0, seed: int = 0) -> Sample:
    """Scores calibrated at prevalence .15; `images` moves an image statistic, `leak` of which reaches the score."""
    rng = np.random.default_rng([seed, n])
    evidence = rng.normal(size=n) + 2 * (rng.random(n) < prevalence)
    logit = 2 * evidence - 2 + np.log(0.15 / 0.85) + leak * images
    statistics = rng.normal(loc=(images, 0.0), size=(n, 2))
    numbers = {"score": 1 / (1 + np.exp(-logit)), "mean": statistics[:, 0], "noise": statistics[:, 1]}
    return Sample(numeric=numbers, embedding=np.c_[evidence, statistics])


def kind(reference: Sample, current: Sample) -> ShiftType:
    """The shift type of two windows."""
    return shift_type(reference, current, compare(reference, current, alpha=0.01), scores=["score"])


@pytest.mark.parametrize("truth", [0.05, 0.15, 0.4])
def test_prevalence_is_recovered(truth: float) -> None:
    """From 20 000 calibrated scores the estimate is within .02 of the true prevalence."""
    scores = window(20_000, prevalence=truth).numeric["score"]
    assert estimated_prevalence(scores, 0.15) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ShiftType.NONE),
        ({"prevalence": 0.4}, ShiftType.PREVALENCE),
        ({"images": 0.6}, ShiftType.COVARIATE),
        ({"prevalence": 0.4, "images": 0.6}, ShiftType.MIXED),
    ],
)
@pytest.mark.slow
def test_shifts_are_told_apart(change: dict[str, float], expected: ShiftType) -> None:
    """In at least 3 of 4 simulated pairs of 1000 and 1000 studies the type is right, and never another."""
    kinds = Counter(kind(window(1000), window(1000, seed=seed, **change)) for seed in range(1, 5))
    assert kinds[expected] >= 3
    assert kinds.keys() <= {expected, ShiftType.UNDETERMINED}


@pytest.mark.slow
def test_images_that_move_scores_are_not_taken_for_a_prevalence() -> None:
    """A change of images that reaches the score is covariate or undetermined in 2 of 2 pairs."""
    kinds = {kind(window(900), window(600, seed=seed, images=0.9, leak=1.0)) for seed in range(1, 3)}
    assert kinds <= {ShiftType.COVARIATE, ShiftType.UNDETERMINED}


def test_refuses_below_its_minimum() -> None:
    """One study fewer than the minimum, or no scores, and the type of a drift is undetermined."""
    current = window(MIN_STUDIES - 1, images=2.0)
    assert kind(window(600), current) is ShiftType.UNDETERMINED
    enough = window(600, images=2.0)
    drifted = compare(window(601), enough)
    assert shift_type(window(601), enough, drifted, scores=[]) is ShiftType.UNDETERMINED
