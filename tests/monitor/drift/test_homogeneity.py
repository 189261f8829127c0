"""A reference is one piece, or is said not to be."""

import numpy as np
import pytest

from monitor.core.verdict import DriftVerdict
from monitor.drift.homogeneity import homogeneity
from monitor.drift.sample import Sample


def reference(n: int, *, step: float = 0.0, seed: int = 1) -> Sample:
    """Three numbers in order of time; the last quarter of the first is `step` higher."""
    rows = np.random.default_rng(seed).normal(size=(n, 3))
    rows[3 * n // 4 :, 0] += step
    return Sample(numeric={f"x{i}": rows[:, i] for i in range(3)})


@pytest.mark.parametrize(
    ("n", "step", "verdict", "parts"),
    [
        (400, 0.0, DriftVerdict.NO_DRIFT, 4),
        (400, 1.0, DriftVerdict.DRIFT, 4),
        (150, 0.0, DriftVerdict.NO_DRIFT, 2),
        (80, 5.0, DriftVerdict.INSUFFICIENT_DATA, 0),
    ],
)
def test_a_step_within_is_found(n: int, step: float, verdict: DriftVerdict, parts: int) -> None:
    """A quarter that moved by one SD is drift within; too few studies for halves are insufficient data."""
    found = homogeneity(reference(n, step=step))
    assert (found.verdict, len(found.parts)) == (verdict, parts)


@pytest.mark.slow
def test_a_homogeneous_reference_is_seldom_refused() -> None:
    """Of 60 references of one piece at most .1 are refused at alpha .1, within four Monte-Carlo errors."""
    wrong = sum(homogeneity(reference(300, seed=seed), alpha=0.1).verdict is DriftVerdict.DRIFT for seed in range(60))
    assert wrong / 60 <= 0.1 + 4 * (0.09 / 60) ** 0.5
