"""Square and add against what it must equal where that is known."""

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.agreement.propagation import propagated
from monitor.agreement.proportion import Proportion, wilson

shares = st.tuples(st.integers(0, 50), st.integers(50, 200)).map(lambda pair: wilson(*pair))


@settings(deadline=None)
@given(shares, shares)
def test_a_difference_has_newcombes_interval(a: Proportion, b: Proportion) -> None:
    """For a difference of two proportions the limits are Newcombe's hybrid score interval (method 10, 1998)."""
    low, high = propagated(lambda x, y: x - y, a, b)
    difference = a.value - b.value
    assert low == pytest.approx(difference - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2))
    assert high == pytest.approx(difference + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2))


@settings(deadline=None)
@given(shares)
def test_one_input_keeps_its_own_limits(a: Proportion) -> None:
    """A figure of one input is that input's interval, transformed, whichever way the figure runs."""
    assert propagated(lambda x: 3 * x, a) == pytest.approx((3 * a.low, 3 * a.high))
    assert propagated(lambda x: 1 - x, a) == pytest.approx((1 - a.high, 1 - a.low))
