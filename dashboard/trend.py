"""Agreement over a trailing window, day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.agreement.fourfold import fourfold
from monitor.agreement.proportion import Proportion
from monitor.core.counts import Counts
from monitor.core.windows import Window, trailing

TRAILING_DAYS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """The share of the trailing week that ends on `day`."""

    day: date
    share: Proportion


def trend(daily: Mapping[date, Counts], window: Window, statistic: str) -> Sequence[Point]:
    """One point for each day of the window whose trailing week has a case to count; the first whole week comes first.

    Args:
        daily: the table of each day.
        window: the days to draw.
        statistic: a name of `Fourfold`, such as `ppa`.
    """
    first = min(daily, default=window.first)
    start = max(window.first, first + timedelta(days=TRAILING_DAYS - 1))
    if start > window.last:
        return ()
    points = []
    for day in Window(first=start, last=window.last):
        week = sum((daily.get(past, Counts()) for past in trailing(day, TRAILING_DAYS)), Counts())
        share: Proportion | None = getattr(fourfold(week), statistic)
        if share is not None:
            points.append(Point(day=day, share=share))
    return points
