"""Reference and current windows, in whole days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Whole days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            message = f"window: last day {self.last} lies before first day {self.first}"
            raise ValueError(message)

    @property
    def days(self) -> int:
        """How many days the window holds."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=i) for i in range(self.days))


def trailing(day: date, days: int) -> Window:
    """The window of `days` days that ends on `day`."""
    return Window(first=day - timedelta(days=days - 1), last=day)


def leading(day: date, days: int) -> Window:
    """The window of `days` days that begins on `day`."""
    return Window(first=day, last=day + timedelta(days=days - 1))
