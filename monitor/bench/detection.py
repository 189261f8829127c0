"""How soon a rise in discordance is seen, beside an oracle that knows the rise, at one rate of false alarms."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.agreement.baseline import Baseline, Floats, Prior, counted
from monitor.agreement.budget import YEAR, detector, first_alarm
from monitor.agreement.inflation import variance_inflation
from monitor.agreement.proportion import score_bounds
from monitor.agreement.shiryaev import evidence
from monitor.agreement.streams import Positions, changed, discordances

RATE = 0.031
SHIFTS = (0.045, 0.055, 0.075)
BUDGET = 0.10
CHANGE_DAY = 60
DAYS = CHANGE_DAY + YEAR
ORACLE_RUNS = 4000
RULE_DAYS = 7
SEED = 11


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What is simulated; `reference_days` is None where the baseline is known."""

    name: str
    per_day: int
    reference_days: int | None = None
    correlation: float = 0.0


SETTINGS = (
    Setting(name="known", per_day=29),
    Setting(name="estimated", per_day=29, reference_days=60),
    Setting(name="estimated, AR(1) .3", per_day=29, reference_days=60, correlation=0.3),
    Setting(name="estimated, 300 a day", per_day=300, reference_days=60),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One detector in one setting: false alarms a year watched, and median days to each shift."""

    setting: str
    detector: str
    false_alarms_per_year: float
    delays: tuple[float, ...]


Alarms = Callable[[Positions], Positions]
"""The cases each stream saw until its alarm, shape (runs,); `Setting.per_day * DAYS` or more where there was none."""


def measure(setting: Setting, *, runs: int) -> Iterator[Measured]:
    """Ours, the oracles (one a shift), the fixed interval rule and river's detectors where it is installed."""
    rng, cases = np.random.default_rng(SEED), setting.per_day * DAYS
    baselines = _baselines(rng, setting, runs)
    quiet = _streams(rng, setting, RATE, runs)
    shifted = [_streams(rng, setting, shift, runs) for shift in SHIFTS]
    rules: dict[str, Alarms] = {
        "mixture Shiryaev-Roberts": lambda streams: _ours(streams, baselines, setting.per_day, cases),
        f"{RULE_DAYS}-day interval": lambda streams: _interval_rule(streams, baselines, setting.per_day, cases),
        **{name: _river(make, cases) for name, make in river_detectors().items()},
    }
    for name, alarms in rules.items():
        yield _measured(setting, name, alarms(quiet), [alarms(streams) for streams in shifted])
    training = _streams(rng, setting, RATE, ORACLE_RUNS), _rates(_baselines(rng, setting, ORACLE_RUNS))
    oracles = [
        _oracle(setting, shift, training, (quiet, streams), _rates(baselines))
        for shift, streams in zip(SHIFTS, shifted, strict=True)
    ]
    yield Measured(
        setting=setting.name,
        detector="oracle CUSUM",
        false_alarms_per_year=max(rate for rate, _ in oracles),
        delays=tuple(days for _, days in oracles),
    )


def river_detectors() -> dict[str, Callable[[], Any]]:
    """River's detectors at their defaults; none where river is not installed."""
    if find_spec("river") is None:
        return {}
    drift, binary = import_module("river.drift"), import_module("river.drift.binary")
    return {"ADWIN": drift.ADWIN, "Page-Hinkley": drift.PageHinkley, "DDM": binary.DDM}


def _baselines(rng: np.random.Generator, setting: Setting, runs: int) -> list[Baseline]:
    if setting.reference_days is None:
        return [Baseline(rate=RATE)] * runs
    cases = setting.reference_days * setting.per_day
    positions = discordances(rng, RATE, cases=cases, runs=runs, correlation=setting.correlation)
    seen = [_flags(row, cases) for row in positions]
    return [counted(int(flags.sum()), cases, inflation=variance_inflation(flags, setting.per_day)) for flags in seen]


def _streams(rng: np.random.Generator, setting: Setting, rate: float, runs: int) -> Positions:
    """Streams that change to `rate` after two months."""
    at, cases = CHANGE_DAY * setting.per_day, DAYS * setting.per_day
    before = discordances(rng, RATE, cases=at, runs=runs, correlation=setting.correlation)
    after = discordances(rng, rate, cases=cases - at, runs=runs, correlation=setting.correlation)
    return changed(before, after, at=at, cases=cases)


def _measured(setting: Setting, name: str, quiet: Positions, shifted: Sequence[Positions]) -> Measured:
    return Measured(
        setting=setting.name,
        detector=name,
        false_alarms_per_year=_yearly(quiet, setting),
        delays=tuple(_delay(when, setting) for when in shifted),
    )


def _yearly(when: Positions, setting: Setting) -> float:
    cases = DAYS * setting.per_day
    return float((when < cases).sum() / np.minimum(when, cases).sum() * setting.per_day * YEAR)


def _delay(when: Positions, setting: Setting) -> float:
    at, cases = CHANGE_DAY * setting.per_day, DAYS * setting.per_day
    days = np.where(when < cases, (when - at) / setting.per_day, np.inf)[when > at]
    return float(np.quantile(days, 0.5, method="higher")) if days.size else np.nan


def _ours(streams: Positions, baselines: Sequence[Baseline], per_day: int, cases: int) -> Positions:
    """Each run has the baseline and the threshold it would have on its own; all are followed at once."""
    made = [detector(baseline, per_day=per_day, budget=BUDGET) for baseline in baselines]
    priors, thresholds = [baseline.prior(cases) for baseline in baselines], np.array([one.threshold for one in made])
    values = evidence(
        streams,
        Prior(*(np.concatenate(parts) for parts in zip(*priors, strict=True))),
        inflation=np.array([baseline.inflation for baseline in baselines]),
        head_start=made[0].head_start,
        until=thresholds,
    )
    return first_alarm(values, streams, thresholds[:, None], cases=cases)[0]


def _interval_rule(streams: Positions, baselines: Sequence[Baseline], per_day: int, cases: int) -> Positions:
    """Each day, whether the Wilson interval of the last seven days lies above the baseline."""
    days, n = cases // per_day, RULE_DAYS * per_day
    when = []
    for row, baseline in zip(streams, baselines, strict=True):
        daily = np.bincount(row[row < cases] // per_day, minlength=days)
        weekly = np.convolve(daily, np.ones(RULE_DAYS, dtype=int), mode="valid")
        least = next(hits for hits in range(n) if score_bounds(hits / n, n)[0] > baseline.rate)
        above = np.flatnonzero(weekly >= least)
        when.append((above[0] + RULE_DAYS) * per_day if above.size else cases)
    return np.array(when)


def _oracle(
    setting: Setting,
    shift: float,
    training: tuple[Positions, Floats],
    judged: tuple[Positions, Positions],
    rates: Floats,
) -> tuple[float, float]:
    """False alarms a year and median delay of the CUSUM tuned to this very shift, its limit set on other streams."""
    cases, (streams, own_rates) = DAYS * setting.per_day, training
    own = cusum(streams, own_rates, shift)
    low, high = 0.0, 40.0
    for _ in range(40):
        middle = (low + high) / 2
        alarms = first_alarm(own, streams, middle, cases=cases)[0]
        low, high = (middle, high) if _yearly(alarms, setting) > BUDGET else (low, middle)
    quiet, shifted = (first_alarm(cusum(each, rates, shift), each, high, cases=cases)[0] for each in judged)
    return _yearly(quiet, setting), _delay(shifted, setting)


def cusum(positions: Positions, rates: Floats, shift: float) -> Floats:
    """Page's CUSUM of the log-likelihood ratio at each discordant case; rates of shape (runs,)."""
    hit, miss = np.log(shift / rates), np.log((1 - shift) / (1 - rates))
    gaps = np.diff(positions, axis=1, prepend=-1) - 1
    values, state = np.empty(positions.shape), np.zeros(positions.shape[0])
    for event in range(positions.shape[1]):
        state = np.maximum(np.maximum(state + gaps[:, event] * miss, 0) + hit, 0)
        values[:, event] = state
    return values


def _river(make: Callable[[], Any], cases: int) -> Alarms:
    return lambda streams: np.array([_first_drift(make(), _flags(row, cases)) for row in streams])


def _first_drift(river: Any, flags: NDArray[np.bool_]) -> int:
    for case, flag in enumerate(flags):
        river.update(int(flag))
        if river.drift_detected:
            return case + 1
    return len(flags)


def _rates(baselines: Sequence[Baseline]) -> Floats:
    return np.array([baseline.rate for baseline in baselines])


def _flags(positions: Positions, cases: int) -> NDArray[np.bool_]:
    flags = np.zeros(cases, dtype=bool)
    flags[positions[positions < cases]] = True
    return flags
