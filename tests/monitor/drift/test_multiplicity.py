"""Adjusted p-values against statsmodels."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from monitor.drift.multiplicity import benjamini_hochberg, holm

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@settings(max_examples=10, deadline=None)
@given(p_values)
def test_match_statsmodels(p: list[float]) -> None:
    """Both adjustments are those of an independent implementation."""
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


def test_nothing_to_adjust_is_nothing() -> None:
    """No tests give no p-values."""
    assert holm([]).size == benjamini_hochberg([]).size == 0
