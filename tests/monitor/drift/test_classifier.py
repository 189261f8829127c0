"""The classifier and the reconstruction two-sample tests: what they see, and their nulls."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from monitor.drift.classifier import margins, two_sample
from monitor.drift.reconstruction import reconstruction


def test_the_area_is_that_of_the_margins() -> None:
    """A window that moved is told from the reference, the smallest p-value there is; the area is scikit-learn's."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(200, 6)), rng.normal(0.8, 1, size=(80, 6))
    found = two_sample(x, y, draws=199, rng=rng)
    assert found.p_value == 1 / 200
    area = roc_auc_score(np.r_[np.zeros(200), np.ones(80)], margins(x, y, np.random.default_rng(3)))
    assert found.statistic == pytest.approx(area, abs=0.02)


def test_a_wider_window_is_seen() -> None:
    """Squares of the features show a change of spread that leaves every mean where it was."""
    rng = np.random.default_rng(1)
    assert two_sample(rng.normal(size=(300, 4)), rng.normal(0, 2, size=(100, 4)), draws=199, rng=rng).p_value == 1 / 200


def test_what_leaves_the_directions_is_seen() -> None:
    """Rows off the plane the reference lies in are rebuilt worse; rows moved within it are not."""
    rng = np.random.default_rng(1)
    plane = rng.normal(size=(2, 10))

    def on_plane(n: int, shift: float) -> np.ndarray:
        return rng.normal(shift, 1, size=(n, 2)) @ plane + 0.05 * rng.normal(size=(n, 10))

    reference = on_plane(400, 0.0)
    inside = reconstruction(reference, on_plane(100, 0.0), rng)
    outside = reconstruction(reference, on_plane(100, 0.0) + 0.5 * rng.normal(size=10), rng)
    assert inside.directions <= 2
    assert inside.p_value > 0.01
    assert outside.p_value < 1e-6


@pytest.mark.slow
def test_their_nulls_are_valid() -> None:
    """Without drift p is at most .1 in at most .1 of 120 pairs for both, within four Monte-Carlo errors."""
    rng = np.random.default_rng(2)
    wrong = np.zeros(2)
    for _ in range(120):
        x, y = rng.standard_t(3, (60, 3)), rng.standard_t(3, (30, 3))
        wrong += [two_sample(x, y, draws=99, rng=rng).p_value <= 0.1, reconstruction(x, y, rng).p_value <= 0.1]
    assert (wrong / 120 <= 0.1 + 4 * (0.09 / 120) ** 0.5).all()
