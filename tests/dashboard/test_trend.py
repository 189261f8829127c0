from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.trend import TRAILING_DAYS, trend
from monitor.core.counts import Counts
from monitor.core.windows import Window

FIRST = date(2026, 1, 1)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_each_point_sums_the_week_before_it(days: list[tuple[int, int]]) -> None:
    """A point is the share of exactly the seven days that end on it; a week without a case has no point."""
    daily = {FIRST + timedelta(days=i): Counts(tp=tp, fn=fn) for i, (tp, fn) in enumerate(days)}
    window = Window(first=FIRST, last=FIRST + timedelta(days=len(days) - 1))
    for point in trend(daily, window, "ppa"):
        week = [daily[point.day - timedelta(days=back)] for back in range(TRAILING_DAYS)]
        assert point.share.n == sum(counts.tp + counts.fn for counts in week) > 0
        assert (
            point.share.value * point.share.n == sum(counts.tp for counts in week)
            or abs(point.share.value * point.share.n - sum(counts.tp for counts in week)) < 1e-9
        )
    assert len(trend(daily, window, "ppa")) <= max(0, len(days) - TRAILING_DAYS + 1)
