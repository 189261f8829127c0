from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.windows import Window, leading, trailing

days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@given(days, st.integers(1, 400))
def test_a_window_holds_its_days(day: date, length: int) -> None:
    """A window of n days iterates n consecutive days, both ends included."""
    for window, end in ((trailing(day, length), "last"), (leading(day, length), "first")):
        assert window.days == len(list(window)) == length
        assert getattr(window, end) == day
        assert [b - a for a, b in zip(window, list(window)[1:], strict=False)] == [timedelta(days=1)] * (length - 1)


@given(days, st.integers(1, 400))
def test_trailing_and_leading_are_one_window(day: date, length: int) -> None:
    """The window that ends on the last day of the one that begins here is the same window."""
    window = leading(day, length)
    assert trailing(window.last, length) == window


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    """The error names both days."""
    with pytest.raises(ValueError, match="2026-03-01 lies before first day 2026-03-02"):
        Window(first=date(2026, 3, 2), last=date(2026, 3, 1))
