"""Sequential permutation p-values are valid, and cost little where nothing is to be found."""

import numpy as np
import pytest

from monitor.drift.permutation import ENOUGH, MAX_DRAWS, MIN_DRAWS, draws_for, permutation_p


def _null(rng: np.random.Generator, drawn: list[int]) -> object:
    def draw(n: int) -> np.ndarray:
        drawn.append(n)
        return rng.random(n)

    return draw


def test_never_zero() -> None:
    """An observation beyond every draw has p-value 1 / (B + 1)."""
    assert permutation_p(2.0, np.zeros, 999) == 1 / 1000


def test_ties_count_against_it() -> None:
    """A draw that equals the observation counts: the p-value of a constant statistic is 1."""
    assert permutation_p(0.0, np.zeros, 1999) == 1.0


def test_stops_early_where_nothing_is_to_be_found() -> None:
    """A statistic in the middle of its null needs only the first batch."""
    drawn: list[int] = []
    permutation_p(0.5, _null(np.random.default_rng(1), drawn), 100_000)
    assert sum(drawn) == 128


def test_draws_all_where_something_is() -> None:
    """A statistic in the tail is given every draw."""
    drawn: list[int] = []
    assert permutation_p(0.9999, _null(np.random.default_rng(1), drawn), 9_999) <= ENOUGH / 9_999
    assert sum(drawn) == 9_999


@pytest.mark.parametrize(("alpha", "draws"), [(0.05, MIN_DRAWS), (1e-4, 19_999), (1e-9, MAX_DRAWS)])
def test_draws_follow_the_level(alpha: float, draws: int) -> None:
    """The smallest p-value that can come out is half the level, within the bounds of what is affordable."""
    assert draws_for(alpha) == draws


@pytest.mark.slow
def test_p_values_are_uniform_or_larger() -> None:
    """Over 3000 null observations P(p <= u) <= u at .01, .05, .2 and .5, within four Monte-Carlo errors."""
    rng = np.random.default_rng(5)
    p = np.array([permutation_p(rng.random(), rng.random, 999) for _ in range(3000)])
    for u in (0.01, 0.05, 0.2, 0.5):
        assert np.mean(p <= u) <= u + 4 * (u * (1 - u) / 3000) ** 0.5
