"""The threshold at which a stream's false alarms stay within a budget."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.agreement.baseline import Baseline, Floats, Prior
from monitor.agreement.shiryaev import evidence
from monitor.agreement.streams import Positions, discordances

YEAR = 365
HEAD_START = 0.25
"""Of a year: what a change before the first case counts, where the baseline is estimated (see `Detector`)."""

RUNS = 4000
EVENTS = 400  # simulated a run; more would not move the calibration
FEWEST_EVENTS = 30  # with fewer expected in a year there is nothing to calibrate on, and the bound itself is used
HIGHEST = 0.99  # rate calibrated at; where nearly every case is discordant the steps no longer matter
LEAST = 0.2  # alarms a span simulated at the least, so that enough are seen
SEED = 20240917


@dataclass(frozen=True, kw_only=True, slots=True)
class Detector:
    """A baseline, the threshold its stream's evidence is held against, and the head start that evidence has.

    Against an estimated baseline a change that was there from the first day is hard to see, since the stream keeps
    being compared with few reference cases. So a quarter of a year's worth of the statistic goes to that one day: its
    evidence is then held against about five over the budget instead of the cases of a year over the budget.
    """

    baseline: Baseline
    threshold: float
    head_start: float

    def evidence(self, positions: Positions, *, cases: int, prior: Prior | None = None) -> Floats:
        """The statistic at the discordant cases of streams of `cases` cases, up to the last one's alarm."""
        return evidence(
            positions,
            prior or self.baseline.prior(cases),
            inflation=self.baseline.inflation,
            head_start=self.head_start,
            until=self.threshold,
        )


def detector(baseline: Baseline, *, per_day: float, budget: float) -> Detector:
    """The detector of one stream.

    Args:
        baseline: the rate before monitoring, in (0, 1).
        per_day: cases a day, above 0.
        budget: false alarms accepted a year, above 0.
    """
    year, head_start = YEAR * per_day, 0.0 if baseline.n is None else HEAD_START
    return Detector(
        baseline=baseline,
        threshold=_threshold(baseline, year, head_start, budget=budget),
        head_start=head_start * year,
    )


def _threshold(baseline: Baseline, year: float, head_start: float, *, budget: float) -> float:
    """For independent cases false alarms come at most (1 + head_start) / threshold a case: that, less the overshoot."""
    if baseline.rate * year < FEWEST_EVENTS:
        return (1 + head_start) * year / budget
    rate = min(float(f"{baseline.rate:.2g}"), HIGHEST)  # rounded: neighbours share a calibration
    return _calibrated(rate, round(baseline.inflation, 1), head_start, year=year, budget=budget)


@lru_cache(maxsize=256)
def _calibrated(rate: float, inflation: float, head_start: float, *, year: float, budget: float) -> float:
    """Where simulated streams without a change raise `budget` alarms a year, with two standard errors in hand.

    How far the evidence overshoots belongs to its steps and not to the baseline's error (the martingale averages over
    it), so it is measured at the baseline's rate. It hardly changes with the threshold, so a span of a few hundred
    discordances stands for a year of any length, and a rare alarm for a rarer one.
    """
    span = ceil(min(year, EVENTS / rate))
    alarms = max(budget, LEAST)
    correlation = (inflation - 1) / (inflation + 1)
    positions = discordances(np.random.default_rng(SEED), rate, cases=span, runs=RUNS, correlation=correlation)
    known = Baseline(rate=rate, inflation=inflation).prior(span)
    values = evidence(positions, known, inflation=inflation, head_start=head_start * span)
    peaks = np.maximum.accumulate(np.where(positions < span, values, 0.0), axis=1)
    low, high = 0.0, 60.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _rate(peaks, positions, exp(middle), span) > alarms / span else (low, middle)
    return exp(high) * (year / span) * (alarms / budget)


def _rate(peaks: Floats, positions: Positions, threshold: float, span: int) -> float:
    """Alarms a case until the first one, two standard errors above what was seen."""
    when, alarmed = first_alarm(peaks, positions, threshold, cases=span)
    hits = int(alarmed.sum())
    return (hits + 2 * sqrt(hits)) / float(when.sum())


def first_alarm(
    values: Floats, positions: Positions, threshold: ArrayLike, *, cases: int
) -> tuple[Positions, NDArray[np.bool_]]:
    """How many cases each run saw until its alarm (all, where it had none), and whether it had one; shapes (runs,).

    The threshold is one, or one a run of shape (runs, 1).
    """
    seen = positions[:, : values.shape[1]]
    reached: NDArray[np.bool_] = (values >= np.asarray(threshold)) & (seen < cases)
    alarmed: NDArray[np.bool_] = np.any(reached, axis=1)
    at = np.take_along_axis(seen, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(alarmed, at + 1, cases), alarmed
