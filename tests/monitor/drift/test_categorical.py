"""The chi-square statistic against scipy, its permutation p-value against Fisher's, and its effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact

from monitor.drift.categorical import MAX_CATEGORIES, chi_square, missing_rate

rows = st.integers(2, 8).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(1, 60), min_size=k, max_size=k).map(np.array)] * 2)
)


@given(rows)
def test_statistic_and_effect(table: tuple[np.ndarray, np.ndarray]) -> None:
    """The statistic is scipy's; the effect is the total variation distance and lies in [0, 1]."""
    result = chi_square(*table, draws=99, rng=np.random.default_rng(0))
    assert result.statistic == pytest.approx(chi2_contingency(np.stack(table), correction=False).statistic)
    shares = [counts / counts.sum() for counts in table]
    assert result.effect == pytest.approx(np.maximum(shares[0] - shares[1], 0).sum())
    assert 0 <= result.effect <= 1


def test_p_value_nears_the_chi_square_law_where_that_holds() -> None:
    """With hundreds a cell the drawn p-value is the asymptotic one, within four Monte-Carlo errors."""
    table = (np.array([400, 300, 300]), np.array([170, 120, 150]))
    expected = chi2_contingency(np.stack(table)).pvalue
    result = chi_square(*table, draws=20_000, rng=np.random.default_rng(1))
    assert result.p_value == pytest.approx(expected, rel=4 / np.sqrt(20))


def test_p_value_is_exact_where_the_table_is_sparse() -> None:
    """In a sparse 2 × 2 table it is Fisher's, where the chi-square law is three times too small."""
    table = (np.array([999, 1]), np.array([96, 4]))
    result = chi_square(*table, draws=100_000, rng=np.random.default_rng(1))
    assert result.p_value == pytest.approx(fisher_exact(np.stack(table)).pvalue, abs=4 * np.sqrt(4e-4 / 1e5))


def test_unseen_and_countless_categories() -> None:
    """A category of one window only is a distance; hundreds of rare ones are pooled and still give a p-value."""
    result = chi_square(np.array([100, 0]), np.array([0, 100]), draws=1999, rng=np.random.default_rng(1))
    assert (result.effect, result.p_value) == (1.0, 1 / 2000)
    many = np.ones(10 * MAX_CATEGORIES, dtype=int)
    assert 0 < chi_square(many, many, draws=1999, rng=np.random.default_rng(1)).p_value <= 1


def test_one_category_is_no_drift() -> None:
    """A constant column has distance 0 and p-value 1."""
    result = chi_square(np.array([100]), np.array([30]), draws=1999, rng=np.random.default_rng(1))
    assert (result.statistic, result.effect, result.p_value) == (0.0, 0.0, 1.0)


def test_missing_rate_is_fishers() -> None:
    """The missing-rate test is Fisher's exact test and its effect the gap between the shares."""
    result = missing_rate((5, 20), (100, 80))
    assert result.effect == pytest.approx(0.2)
    assert result.p_value == pytest.approx(fisher_exact([[5, 95], [20, 60]]).pvalue)


@pytest.mark.slow
def test_null_p_values_are_valid_when_sparse() -> None:
    """For 12 rare categories P(p <= .05) stays at or below .05 over 1500 null pairs, within four Monte-Carlo errors."""
    rng = np.random.default_rng(9)
    shares = np.r_[0.9, np.full(11, 0.1 / 11)]
    p = [chi_square(*rng.multinomial([150, 40], shares), draws=399, rng=rng).p_value for _ in range(1500)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 4 * (0.05 * 0.95 / 1500) ** 0.5
