"""What a detector would do here, simulated: false alarms a year, and days until each shift is seen."""

from dataclasses import dataclass

import numpy as np

from monitor.agreement.baseline import Baseline, Floats
from monitor.agreement.budget import YEAR, Detector, first_alarm
from monitor.agreement.streams import changed, discordances

RUNS = 1000
FEWEST_RUNS = 100
WORK = 32_000_000  # runs × discordances × nodes of the baseline's grid: keeps a plan to seconds
WARM_UP = 60  # days without a change before it, or as many as hold enough discordances to settle
SETTLED = 400
SPANS = (100, 1000, 20_000)  # discordances after a change: most are seen soon, and only the others need a year
MOST_EVENTS = 4000  # discordances a run without a change: a busy site's year is cut to as many
SEED = 20240918


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """Days from a change to `shift` until its alarm; None where so many runs did not see it within a year."""

    shift: float
    median_days: float | None
    p90_days: float | None
    missed_in_year: float


def false_alarms_per_year(detector: Detector, *, per_day: float) -> float:
    """First alarms over years watched until them, in simulated streams without a change.

    Where the baseline was estimated, each stream has a rate drawn from what the reference says of it.
    """
    base = detector.baseline
    cases = max(1, int(min(YEAR * per_day, MOST_EVENTS / max(base.rate, 1e-6))))
    rng, runs = np.random.default_rng(SEED), _runs(base, base.rate, cases)
    positions = discordances(rng, _rates(rng, base, runs), cases=cases, runs=runs, correlation=_correlation(base))
    when, alarmed = first_alarm(detector.evidence(positions, cases=cases), positions, detector.threshold, cases=cases)
    return float(alarmed.sum() / when.sum() * per_day * YEAR)


def delay(detector: Detector, shift: float, *, per_day: float) -> Delay:
    """Days to see the rate change to `shift` after two months without a change.

    Runs with a false alarm before the change are left out.
    """
    for span in SPANS:
        after = max(1, int(min(YEAR * per_day, span / shift)))
        days = _days(detector, shift, per_day=per_day, after=after)
        if after >= int(YEAR * per_day) or np.isfinite(days).all():
            break
    median, late = (_finite(np.quantile(days, share, method="higher")) if days.size else None for share in (0.5, 0.9))
    missed = float(np.isinf(days).mean()) if days.size else 0.0
    return Delay(shift=shift, median_days=median, p90_days=late, missed_in_year=missed)


def _days(detector: Detector, shift: float, *, per_day: float, after: int) -> Floats:
    """Days to the alarm within `after` cases of the change, infinite where there was none; shape (runs counted,)."""
    base = detector.baseline
    start = int(min(WARM_UP * per_day, SETTLED / max(base.rate, 1e-6)))
    cases = start + after
    rng, runs = np.random.default_rng(SEED), _runs(base, shift, cases)
    positions = changed(
        discordances(rng, _rates(rng, base, runs), cases=start, runs=runs, correlation=_correlation(base)),
        discordances(rng, shift, cases=after, runs=runs, correlation=_correlation(base)),
        at=start,
        cases=cases,
    )
    when, alarmed = first_alarm(detector.evidence(positions, cases=cases), positions, detector.threshold, cases=cases)
    return np.where(alarmed, (when - start) / per_day, np.inf)[when > start]


def _runs(baseline: Baseline, rate: float, cases: int) -> int:
    """How many streams of `cases` cases, of so many discordances a case, are worth their time."""
    work = baseline.prior(cases).rates.size * max(1.0, rate * cases)
    return max(FEWEST_RUNS, min(RUNS, int(WORK / work)))


def _rates(rng: np.random.Generator, baseline: Baseline, runs: int) -> Floats:
    rates, weights = baseline.prior(1)
    return rng.choice(rates[0], size=runs, p=weights[0])


def _correlation(baseline: Baseline) -> float:
    return (baseline.inflation - 1) / (baseline.inflation + 1)


def _finite(days: float) -> float | None:
    return float(days) if np.isfinite(days) else None
