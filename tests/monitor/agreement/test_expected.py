"""The label-free estimate: right where scores mean what they say, blind where they no longer do."""

import numpy as np
import pytest

from monitor.agreement.expected import expected_counts, prevalence_adjusted


def _cases(seed: int, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and scores calibrated at a prevalence of .1: x of N(0, 1) or N(2, 1)."""
    rng = np.random.default_rng(seed)
    labels = rng.random(40_000) < prevalence
    x = rng.normal(2.0 * labels, 1)
    return labels, 1 / (1 + 9 * np.exp(2 - 2 * x))


def test_calibrated_scores_foretell_the_table() -> None:
    """Of calibrated scores the expected agreement, PPA and NPA are those that labels show."""
    labels, scores = _cases(0, 0.1)
    calls = scores > 0.3
    found = expected_counts(scores, calls)
    assert found.agreement == pytest.approx((calls == labels).mean(), abs=0.005)
    assert found.ppa == pytest.approx(calls[labels].mean(), abs=0.02)
    assert found.npa == pytest.approx(1 - calls[~labels].mean(), abs=0.005)


def test_a_change_of_prevalence_is_adjusted_for() -> None:
    """At four times the prevalence plain scores mislead, adjusted ones recover prevalence and PPA."""
    labels, scores = _cases(1, 0.4)
    calls, adjusted = scores > 0.3, prevalence_adjusted(scores, 0.1)
    assert scores.mean() < 0.35
    assert adjusted.mean() == pytest.approx(0.4, abs=0.01)
    assert expected_counts(adjusted, calls).ppa == pytest.approx(calls[labels].mean(), abs=0.01)


def test_a_change_of_concept_is_not_seen() -> None:
    """Where half the positives get a negative's score, the estimate stays far above the PPA that labels show."""
    labels, scores = _cases(2, 0.1)
    missed = labels & (np.random.default_rng(3).random(labels.size) < 0.5)
    scores[missed] = np.random.default_rng(4).choice(scores[~labels], missed.sum())
    calls = scores > 0.3
    estimate = expected_counts(scores, calls).ppa
    assert estimate is not None
    assert estimate > calls[labels].mean() + 0.1


def test_nothing_is_undefined() -> None:
    """No case leads to expect no share."""
    found = expected_counts([], [])
    assert (found.agreement, found.ppa, found.npa) == (None, None, None)
    assert prevalence_adjusted([], 0.1).size == 0
