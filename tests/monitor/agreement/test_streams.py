"""Simulated streams have the rate, the correlation and the change asked for."""

import numpy as np
import pytest

from monitor.agreement.inflation import variance_inflation
from monitor.agreement.streams import changed, discordances


def _flags(positions: np.ndarray, cases: int) -> np.ndarray:
    flags = np.zeros((positions.shape[0], cases), dtype=bool)
    for row, flag in zip(positions, flags, strict=True):
        flag[row[row < cases]] = True
    return flags


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_has_the_rate_and_the_correlation(correlation: float) -> None:
    """Over 600 000 cases the rate is .1 and neighbours correlate as asked, within four standard errors."""
    positions = discordances(np.random.default_rng(3), 0.1, cases=2000, runs=300, correlation=correlation)
    flags = _flags(positions, 2000)
    away = flags - 0.1
    lagged = (away[:, 1:] * away[:, :-1]).mean() / 0.09
    assert flags.mean() == pytest.approx(0.1, abs=4 * (0.09 * 1.86 / 600_000) ** 0.5)
    assert lagged == pytest.approx(correlation, abs=0.01)


def test_changes_where_it_is_told() -> None:
    """Before the change the events are those of the first stream, after it those of the second."""
    joined = changed(np.array([[1, 5, 12, 40]]), np.array([[0, 3, 80]]), at=10, cases=20)
    assert joined[0][joined[0] < 20].tolist() == [1, 5, 10, 13]
    assert np.all(np.diff(joined, axis=1) > 0)


def test_correlated_cases_inflate_the_variance() -> None:
    """Independent cases inflate by 1; AR(1) of .3 by 1.3 / .7."""
    rng = np.random.default_rng(5)
    for correlation, expected in ((0.0, 1.0), (0.3, 1.3 / 0.7)):
        positions = discordances(rng, 0.1, cases=20_000, runs=20, correlation=correlation)
        seen = [variance_inflation(flags, 29) for flags in _flags(positions, 20_000)]
        assert np.median(seen) == pytest.approx(expected, rel=0.1)


def test_days_that_differ_inflate_the_variance() -> None:
    """A rate that changes from day to day shows in the days, though neighbours hardly correlate."""
    rng = np.random.default_rng(6)
    rates = np.repeat(rng.choice([0.01, 0.2], 200), 30)
    assert variance_inflation(rng.random(6000) < rates, 30) > 2


@pytest.mark.parametrize("flags", [np.zeros(0, bool), np.zeros(50, bool), np.ones(50, bool)])
def test_no_variety_is_no_inflation(flags: np.ndarray) -> None:
    """Where nothing can be seen the cases count as independent."""
    assert variance_inflation(flags, 10) == 1.0
