"""The maximum mean discrepancy against its definition, and its null."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import kstest

from monitor.drift import mmd as module
from monitor.drift.mmd import mmd


def _by_definition(x: np.ndarray, y: np.ndarray) -> float:
    gamma = 1 / (2 * np.median(pdist(np.concatenate([x, y]))) ** 2)
    same = [np.exp(-gamma * pdist(rows, "sqeuclidean")).mean() for rows in (x, y)]
    return sum(same) - 2 * np.exp(-gamma * cdist(x, y, "sqeuclidean")).mean()


@pytest.mark.parametrize(("m", "n", "d", "shift"), [(40, 30, 3, 0.0), (60, 10, 16, 1.0), (2, 2, 1, 5.0)])
def test_statistic_is_the_unbiased_estimate(m: int, n: int, d: int, shift: float) -> None:
    """Equals equation 3 of Gretton et al. summed pair by pair, to float32."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(m, d)), rng.normal(shift, 1, size=(n, d))
    result = mmd(x, y, draws=99, rng=rng)
    assert result.statistic == pytest.approx(_by_definition(x, y), abs=2e-6)
    assert 0 <= result.effect <= 1


def test_far_apart_is_found() -> None:
    """Two windows without overlap have the smallest p-value there is."""
    rng = np.random.default_rng(3)
    result = mmd(rng.normal(size=(80, 8)), rng.normal(3, 1, size=(40, 8)), draws=1999, rng=rng)
    assert result.p_value == 1 / 2000
    assert result.effect > 0.3


def test_identical_rows_are_no_drift() -> None:
    """An embedding that is the same everywhere has distance 0 and p-value 1."""
    result = mmd(np.ones((50, 4)), np.ones((30, 4)), draws=1999, rng=np.random.default_rng(0))
    assert (result.statistic, result.p_value) == (0.0, 1.0)


def test_scale_does_not_matter() -> None:
    """Units of the embedding do not change the statistic: the median heuristic takes them out."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 4)), rng.normal(0.5, 1, size=(40, 4))
    near, far = (mmd(x * s, y * s, draws=99, rng=np.random.default_rng(1)).statistic for s in (1e-6, 1e6))
    assert near == pytest.approx(far, rel=1e-3)


def test_large_windows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more rows than the bound are looked at, and how many were is said."""
    monkeypatch.setattr(module, "MAX_ROWS", 60)
    rng = np.random.default_rng(3)
    result = mmd(rng.normal(size=(500, 2)), rng.normal(size=(50, 2)), draws=99, rng=rng)
    assert (result.n_reference, result.n_current) == (60, 50)


def test_random_features_stand_in_for_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the kernel's bound the statistic is the same to a fifth of its size, and finds the same shift."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(400, 8)), rng.normal(0.5, 1, size=(100, 8))
    exact = mmd(x, y, draws=999, rng=np.random.default_rng(1))
    monkeypatch.setattr(module, "MAX_KERNEL", 100)
    near = mmd(x, y, draws=999, rng=np.random.default_rng(1))
    assert near.statistic == pytest.approx(exact.statistic, rel=0.2)
    assert near.p_value == exact.p_value == 1 / 1000
    assert mmd(np.ones((400, 4)), np.ones((300, 4)), draws=999, rng=rng).p_value == 1.0


@pytest.mark.slow
def test_null_p_values_are_uniform() -> None:
    """Over 400 null pairs of 60 by 30 rows the p-values of 199 permutations are uniform (KS at .001)."""
    rng = np.random.default_rng(8)
    p = [mmd(rng.normal(size=(60, 8)), rng.normal(size=(30, 8)), draws=199, rng=rng).p_value for _ in range(400)]
    assert kstest(p, "uniform").pvalue > 0.001
