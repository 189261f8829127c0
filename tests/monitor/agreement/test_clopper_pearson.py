"""The exact interval against statsmodels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from monitor.agreement.clopper_pearson import clopper_pearson

tables = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(tables, st.sampled_from([0.8, 0.95, 0.99]))
def test_matches_statsmodels(table: tuple[int, int], confidence: float) -> None:
    """The bounds are those of an independent implementation, to 1e-9."""
    share = clopper_pearson(*table, confidence=confidence)
    assert share is not None
    expected = proportion_confint(*table, alpha=1 - confidence, method="beta")
    assert (share.low, share.high) == pytest.approx(expected, abs=1e-9)


def test_edges() -> None:
    """A share of nothing is None; at 0 and n one bound is the estimate; impossible counts are refused."""
    assert clopper_pearson(0, 0) is None
    none, every = clopper_pearson(0, 9), clopper_pearson(9, 9)
    assert none is not None
    assert every is not None
    assert (none.low, every.high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="10 of 9"):
        clopper_pearson(10, 9)
