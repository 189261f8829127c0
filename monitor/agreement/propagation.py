"""The interval of a figure computed from several shares, each known within an interval of its own."""

from collections.abc import Callable
from math import hypot
from typing import Protocol


class Interval(Protocol):
    """An estimate and its limits."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """The lower limit."""

    @property
    def high(self) -> float:
        """The upper limit."""


def propagated(figure: Callable[..., float], *inputs: Interval) -> tuple[float, float]:
    """Limits for `figure(*estimates)`: square and add how far each input's own limits move it.

    The method of variance estimates recovery (MOVER), in which the distances from the estimate to the limits stand for
    the standard errors on either side; here each input in turn is put to its two limits, the others left at their
    estimates. Exact for a sum; for other figures its coverage is simulated in the tests of those that use it.

    Source: G. Y. Zou, A. Donner, Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27 (2008) 1693-1702.

    Args:
        figure: of as many numbers as there are inputs, monotone in each.
        inputs: estimates from independent samples.
    """
    values = [one.value for one in inputs]
    centre = figure(*values)
    down, up = [], []
    for i, one in enumerate(inputs):
        moved = [figure(*values[:i], limit, *values[i + 1 :]) - centre for limit in (one.low, one.high)]
        down.append(min(0.0, *moved))
        up.append(max(0.0, *moved))
    return centre - hypot(*down), centre + hypot(*up)
