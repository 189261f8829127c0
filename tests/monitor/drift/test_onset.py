"""When a change began: found, bounded, and not made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.drift.onset import Onset, onset


@given(st.integers(5, 40), st.integers(0, 100))
def test_a_clear_step_is_found_to_the_day(began: int, seed: int) -> None:
    """A step of twenty standard deviations has its day, its interval that day alone, in whatever order studies come."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(50), 4)
    values = 20.0 * (days >= began) + rng.normal(size=days.size)
    shuffled = rng.permutation(days.size)
    assert onset(days[shuffled], values[shuffled]) == Onset(at=began, low=began, high=began)


def test_a_medium_change_is_dated_within_three_days() -> None:
    """One SD at four studies a day: within three days in at least .8 of 300, in the interval in at least .93."""
    rng = np.random.default_rng(1)
    days = np.repeat(np.arange(70), 4)
    near = inside = 0
    for _ in range(300):
        began = int(rng.integers(30, 65))
        found = onset(days, (days >= began) + rng.normal(size=days.size))
        assert found is not None
        near += abs(found.at - began) <= 3
        inside += found.low <= began <= found.high
    assert near / 300 >= 0.8
    assert inside / 300 >= 0.93


@pytest.mark.parametrize("values", [np.zeros(8), np.arange(2.0), np.arange(4.0)])
def test_too_little_to_tell(values: np.ndarray) -> None:
    """Constant values and too few studies have no onset."""
    assert onset(np.arange(values.size), values) is None
