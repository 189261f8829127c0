"""The confidence sequence: its definition, its edges, and three years of daily looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from monitor.agreement.proportion import wilson
from monitor.agreement.sequence import confidence_sequence, log_evidence, sequence_bounds

tables = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(tables, st.sampled_from([0.8, 0.95, 0.99]))
def test_ends_where_the_mixture_is_too_likely(table: tuple[int, int], confidence: float) -> None:
    """At a bound inside (0, 1) the Beta-binomial is 1 / (1 - confidence) times as likely as the binomial there."""
    hits, n = table
    share = confidence_sequence(hits, n, confidence=confidence)
    assert share is not None
    for bound in (share.low, share.high):
        if 0 < bound < 1:
            ratio = betabinom.logpmf(hits, n, 0.5, 0.5) - binom.logpmf(hits, n, bound)
            assert ratio == pytest.approx(-np.log(1 - confidence), rel=1e-4, abs=1e-4)


@given(tables)
def test_holds_its_estimate_and_is_wider_than_one_look(table: tuple[int, int]) -> None:
    """0 ≤ low ≤ value ≤ high ≤ 1, and what may be read every day is wider than what may be read once."""
    share, once = confidence_sequence(*table), wilson(*table)
    assert share is not None
    assert once is not None
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high - share.low > once.high - once.low or table[1] < 10


def test_no_cases_is_undefined() -> None:
    """A share of nothing is None; more successes than cases are refused."""
    assert confidence_sequence(0, 0) is None
    with pytest.raises(ValueError, match="3 of 2"):
        confidence_sequence(3, 2)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.01, 0.1, 0.5])
def test_daily_looks_for_three_years_err_as_rarely_as_one(p: float) -> None:
    """In at most 5 % of 1000 streams does any of 1095 daily intervals at 29 cases a day miss the truth."""
    counts = np.random.default_rng(8).binomial(29, p, size=(1000, 3 * 365)).cumsum(axis=1)
    evidence = log_evidence(p, counts, 29 * np.arange(1, 3 * 365 + 1))
    assert 0.005 < (evidence >= np.log(20)).any(axis=1).mean() <= 0.05


def test_many_looks_are_bounded_at_once() -> None:
    """The bounds of a trend line are those of each of its looks."""
    low, high = sequence_bounds([0, 3, 9], [5, 20, 90])
    looks = [confidence_sequence(hits, n) for hits, n in ((0, 5), (3, 20), (9, 90))]
    assert [(one.low, one.high) for one in looks if one is not None] == list(zip(low, high, strict=True))
