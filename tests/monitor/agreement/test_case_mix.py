"""Comparisons within strata against statsmodels, funnels and discoveries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from monitor.agreement.case_mix import common_odds, standardised
from monitor.agreement.discovery import benjamini_hochberg
from monitor.agreement.funnel import funnel

table = st.lists(st.lists(st.integers(1, 40), min_size=2, max_size=2), min_size=2, max_size=2)


@given(st.lists(table, min_size=1, max_size=6))
def test_common_odds_match_statsmodels(tables: list[list[list[int]]]) -> None:
    """Ratio, interval and p-value are those of an independent implementation."""
    found = common_odds(tables)
    expected = StratifiedTable(np.moveaxis(np.array(tables, dtype=float), 0, 2))
    assert found is not None
    assert found.odds_ratio == pytest.approx(expected.oddsratio_pooled, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(expected.oddsratio_pooled_confint(), rel=1e-9)
    assert found.p_value == pytest.approx(expected.test_null_odds(correction=False).pvalue, abs=1e-9)


def test_strata_that_tell_nothing_are_undefined() -> None:
    """Without a success in one group the ratio has no finite value."""
    assert common_odds([[[0, 5], [0, 5]]]) is None


def test_standardised_to_its_own_mix_is_the_plain_share() -> None:
    """Weights equal to the cases give the crude share; another mix gives another, and a stratum without cases none."""
    own, other = standardised([5, 40], [100, 50], [100, 50]), standardised([5, 40], [100, 50], [1, 1])
    assert own is not None
    assert other is not None
    assert own.value == pytest.approx(45 / 150)
    assert other.value == pytest.approx((0.05 + 0.8) / 2)
    assert other.low < other.value < other.high
    assert standardised([5, 0], [100, 0], [1, 1]) is None


def test_a_funnel_without_dispersion_is_a_score_test() -> None:
    """Sites that differ by chance alone have no variance between them, and few lie outside."""
    rng = np.random.default_rng(0)
    cases = rng.integers(50, 500, 200)
    found = funnel(rng.binomial(cases, 0.1), cases, tail=0.025)
    assert found.dispersion < 1
    assert found.between == 0
    assert np.mean(found.outside) == pytest.approx(0.05, abs=0.045)


def test_overdispersion_widens_the_funnel() -> None:
    """Where sites differ anyway, twice as many lie outside as should, unless the difference is counted in."""
    rng = np.random.default_rng(1)
    cases = np.full(200, 400)
    found = funnel(rng.binomial(cases, np.clip(rng.normal(0.1, 0.03, 200), 0.01, 1)), cases, tail=0.025)
    assert found.between == pytest.approx(0.03, rel=0.3)
    assert np.mean(found.outside) < 0.1
    with pytest.raises(ValueError, match="cases"):
        funnel([0], [0])
    with pytest.raises(ValueError, match="target"):
        funnel([0], [10])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_match_statsmodels(p_values: list[float]) -> None:
    """Benjamini and Hochberg's are those of an independent implementation."""
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-12)
