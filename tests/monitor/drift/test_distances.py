"""Named distances against scipy's, and their nulls."""

from collections import Counter

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import cramervonmises_2samp, power_divergence, wasserstein_distance

from monitor.drift.distances import Table, distances


def _numbers(reference: np.ndarray, current: np.ndarray, draws: int = 99) -> dict[str, tuple[float, float, float]]:
    table = Table.of_numbers(reference, current)
    found = distances(table, draws=draws, rng=np.random.default_rng(1))
    return {one.name: (one.value, one.by_chance, one.p_value) for one in found}


def test_numbers_are_scipys() -> None:
    """Cramér-von Mises and Wasserstein equal scipy's, without ties and, for Wasserstein, with them."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=70), rng.normal(0.3, 1, size=41)
    assert _numbers(x, y)["cramer_von_mises"][0] == pytest.approx(_anderson(x, y))
    for pair in ((x, y), (np.round(x), np.round(y))):
        assert _numbers(*pair)["wasserstein"][0] == pytest.approx(wasserstein_distance(*pair))


def _anderson(x: np.ndarray, y: np.ndarray) -> float:
    """The statistic that is summed over the values themselves, whatever scipy shifts it by for its exact law."""
    return float(cramervonmises_2samp(x, y).statistic)


def test_words_are_scipys() -> None:
    """G and Jensen-Shannon of two tables equal scipy's, with a word that one window lacks."""
    counts = Counter(AP=60, PA=30, LL=10), Counter(AP=20, PA=25)
    found = {one.name: one.value for one in distances(Table.of_words(*counts), draws=99, rng=np.random.default_rng(1))}
    table = np.array([[60, 10, 30], [20, 0, 25]])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    g = power_divergence(table, expected, lambda_="log-likelihood", axis=None).statistic
    assert found["g"] == pytest.approx(g)
    assert found["jensen_shannon"] == pytest.approx(jensenshannon(*table, base=2))


def test_psi_depends_on_the_number_of_studies() -> None:
    """Without any drift PSI is near (bins - 1)(1/m + 1/n): beyond the usual .1 at 50 studies, near 0 at 5000."""
    rng = np.random.default_rng(1)
    for n, expected in ((50, 9 / 50 + 9 / 5000), (5000, 18 / 5000)):
        _, by_chance, p_value = _numbers(rng.normal(size=5000).round(2), rng.normal(size=n).round(2))["psi"]
        assert by_chance == pytest.approx(expected, rel=0.15)
        assert p_value > 0.05


@pytest.mark.slow
def test_null_p_values_are_valid_with_ties() -> None:
    """Rounded values, no drift: each distance has p at most .1 in at most .1 of 150 pairs, within four errors."""
    rng = np.random.default_rng(2)
    wrong: Counter[str] = Counter()
    for _ in range(150):
        found = _numbers(np.round(rng.standard_t(2, 80)), np.round(rng.standard_t(2, 30)))
        wrong.update(name for name, (_, _, p) in found.items() if p <= 0.1)
    assert max(wrong.values()) / 150 <= 0.1 + 4 * (0.09 / 150) ** 0.5
