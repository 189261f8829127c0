"""Time until something happens, where some are still waiting: reads in triage, labels that come late."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import CONFIDENCE, normal_quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The share still waiting after each time at which something happened, with its interval; shapes (times,)."""

    times: Floats
    waiting: Floats
    low: Floats
    high: Floats

    def at(self, time: float) -> float:
        """The share still waiting at `time`."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if place == 0 else float(self.waiting[place - 1])

    @property
    def median(self) -> float | None:
        """When half no longer wait; None where it has not come to that."""
        below = np.flatnonzero(self.waiting <= 0.5)
        return float(self.times[below[0]]) if below.size else None


def kaplan_meier(durations: ArrayLike, happened: ArrayLike, *, confidence: float = CONFIDENCE) -> Waiting:
    """The product-limit estimate, Greenwood's variance, the interval on the log(-log) scale.

    Sources: E. L. Kaplan, P. Meier, JASA 53 (1958) 457-481; M. Greenwood (1926); J. D. Kalbfleisch, R. L. Prentice, The
    Statistical Analysis of Failure Time Data (2002), section 1.4.

    Args:
        durations: time until it happened, or until last seen waiting, shape (n,), not negative.
        happened: whether it did, shape (n,).
        confidence: coverage aimed at at each time, in (0, 1).
    """
    times, events, at_risk = _at_risk(durations, happened)
    share: Floats = np.cumprod(1 - events / at_risk, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # all gone, or nothing yet: the bounds are then 0 and 1
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        half = normal_quantile(confidence) * np.sqrt(greenwood) / np.abs(np.log(share))
        low, high = share ** np.exp(half), share ** np.exp(-half)
    known = (share > 0) & (share < 1)
    return Waiting(times=times, waiting=share, low=np.where(known, low, share), high=np.where(known, high, share))


def log_rank(durations: ArrayLike, happened: ArrayLike, group: ArrayLike) -> float:
    """P-value that two groups wait alike; NaN where nothing happened that could tell.

    Source: N. Mantel, Cancer Chemotherapy Reports 50 (1966) 163-170; R. Peto, J. Peto, Journal of the Royal Statistical
    Society A 135 (1972) 185-207.

    Args:
        durations: shape (n,).
        happened: shape (n,).
        group: 0 or 1, shape (n,).
    """
    time, event, second = np.asarray(durations, float), np.asarray(happened, bool), np.asarray(group, bool)
    times, events, at_risk = _at_risk(time, event)
    ordered = np.sort(time[second])
    risk = ordered.size - np.searchsorted(ordered, times, side="left")
    own = np.searchsorted(np.sort(time[second & event]), times, side="right")
    seen = np.diff(own, prepend=0)
    expected = events * risk / at_risk
    more = at_risk > 1
    spread = (events * risk * (at_risk - risk) * (at_risk - events))[more] / (at_risk**2 * (at_risk - 1))[more]
    variance = float(spread.sum())
    return float(chi2.sf((seen - expected).sum() ** 2 / variance, 1)) if variance > 0 else nan


def _at_risk(durations: ArrayLike, happened: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Times at which something happened, how often, and how many still waited just before."""
    time, event = np.asarray(durations, dtype=np.float64), np.asarray(happened, dtype=bool)
    times, events = np.unique(time[event], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    return times, events.astype(np.float64), at_risk.astype(np.float64)
