"""A finished day is judged: drift against the reference, agreement against what was promised, alarms within budget."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Protocol

from monitor.agreement.target import Shortfall, shortfall
from monitor.core.model import ModelCard, Target
from monitor.core.ports import EvaluationStore, FeatureRow, ModelStore
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup, DriftVerdict, GroupDrift, Suspect
from monitor.core.windows import Window, leading, trailing
from monitor.drift.compare import GroupResult, compare
from monitor.drift.rows import columns_of, independent, matrix_of, sample_of, segments_of
from monitor.drift.suspects import suspects

DAYS_PER_YEAR = 365
CLEARED_ABOVE = 0.05
"""An open alarm ends when its evidence is weaker than this: far from where it began, so that it does not flicker."""


class Store(EvaluationStore, ModelStore, Protocol):
    """What judging a day needs of the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Windows, and the false alarms a model version may give in a year.

    Half of the budget is drift's and half is agreement's. With one look a day at level `alpha`, the expected number of
    false-alarm days a year is at most 365 alpha whatever the dependence between looks, since expectations add up.
    """

    reference_days: int
    current_days: int
    false_alarms_per_year: float

    @property
    def alpha(self) -> float:
        """The level of one day's look at drift, and of one day's look at agreement."""
        return self.false_alarms_per_year / DAYS_PER_YEAR / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one look says of one subject: how surely something is wrong there, and the alarm that would say so."""

    kind: AlarmKind
    subject: str
    raised: bool
    p_value: float
    alarm: Callable[[], Alarm]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One model version on one day. `at` is when the day ended, `began` the day its monitoring began."""

    card: ModelCard
    day: date
    at: datetime
    began: date
    budget: Budget

    @property
    def reference(self) -> Window:
        """The first days of this version's monitoring."""
        return leading(self.began, self.budget.reference_days)

    @property
    def current(self) -> Window:
        """The days that end with this one."""
        return trailing(self.day, self.budget.current_days)


def evaluate_day(store: Store, day: date, *, zone: tzinfo, budget: Budget) -> tuple[Alarm, ...]:
    """Judge one day for every model version and keep the verdicts; returns the alarms that are new.

    Alarms bear the time the day ended, so that the same history gives the same alarms whenever it is judged.
    """
    at = datetime.combine(day + timedelta(days=1), time(), zone)
    drifts: list[GroupDrift] = []
    new: list[Alarm] = []
    over: list[Alarm] = []
    for card in store.models():
        began = store.first_received(card.model, card.version)
        if began is None:
            continue
        look = Look(card=card, day=day, at=at, began=began.astimezone(zone).date(), budget=budget)
        groups, evidence = drift_of(store, look)
        drifts += groups
        open_alarms = {
            (alarm.kind, alarm.subject): alarm
            for alarm in store.alarms(open_only=True)
            if (alarm.model, alarm.version) == (card.model, card.version)
        }
        for one in (*evidence, *agreement_of(store, look)):
            known = open_alarms.get((one.kind, one.subject))
            if known is None and one.raised:
                new.append(one.alarm())
            elif known is not None and one.p_value > CLEARED_ABOVE:
                over.append(known)
    store.record_evaluation(day, at=at, drifts=drifts, alarms=new)
    for alarm in over:
        store.clear_alarm(alarm, at=at)
    return tuple(new)


def drift_of(store: EvaluationStore, look: Look) -> tuple[list[GroupDrift], list[Evidence]]:
    """The drift of every group, and the evidence where there was enough data to look."""
    card = look.card
    reference, current = (
        independent(store.features(card.model, card.version, window)) for window in (look.reference, look.current)
    )
    if look.current.first <= look.reference.last or not current:
        return [_too_early(look, group, len(reference), len(current)) for group in DriftGroup], []
    groups = columns_of(reference)
    comparison = compare(
        sample_of(reference, groups), sample_of(current, groups), alpha=look.budget.alpha, groups=groups
    )
    drifts = [_group_drift(look, result) for result in comparison.groups]
    evidence = [
        Evidence(
            kind=AlarmKind.DRIFT,
            subject=drift.group,
            raised=drift.verdict is DriftVerdict.DRIFT,
            p_value=drift.p_adjusted,
            alarm=partial(_drift_alarm, look, drift, reference, current),
        )
        for drift in drifts
        if drift.p_adjusted is not None
    ]
    return drifts, evidence


def agreement_of(store: EvaluationStore, look: Look) -> list[Evidence]:
    """The evidence that a promise is broken, for every finding and promise; the level is shared between them."""
    window = trailing(look.day, look.budget.reference_days)
    rows = [row for row in store.counts(window) if (row.model, row.version) == (look.card.model, look.card.version)]
    looks = [(row, target) for row in rows for target in look.card.targets_of(row.finding)]
    found = []
    for row, target in looks:
        result = shortfall(row.counts, target.statistic, target.at_least)
        if result.p_value is not None:
            found.append(
                Evidence(
                    kind=AlarmKind.AGREEMENT,
                    subject=row.finding,
                    raised=result.p_value <= look.budget.alpha / len(looks),
                    p_value=result.p_value,
                    alarm=partial(_agreement_alarm, look, row.finding, target, result, window),
                )
            )
    return _weightiest(found)


def _weightiest(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The strongest evidence of each subject: a finding with two broken promises is one alarm."""
    strongest: dict[str, Evidence] = {}
    for one in sorted(evidence, key=lambda one: one.p_value):
        strongest.setdefault(one.subject, one)
    return list(strongest.values())


def _too_early(look: Look, group: DriftGroup, n_reference: int, n_current: int) -> GroupDrift:
    return GroupDrift(
        day=look.day,
        model=look.card.model,
        version=look.card.version,
        group=group,
        verdict=DriftVerdict.INSUFFICIENT_DATA,
        effect=0.0,
        p_adjusted=None,
        leading="",
        n_reference=n_reference,
        n_current=n_current,
    )


def _group_drift(look: Look, result: GroupResult) -> GroupDrift:
    return GroupDrift(
        day=look.day,
        model=look.card.model,
        version=look.card.version,
        group=DriftGroup(result.group),
        verdict=result.verdict,
        effect=result.effect,
        p_adjusted=result.p_adjusted,
        leading=result.leading,
        n_reference=result.n_reference,
        n_current=result.n_current,
    )


def _drift_alarm(
    look: Look, drift: GroupDrift, reference: Sequence[FeatureRow], current: Sequence[FeatureRow]
) -> Alarm:
    groups = columns_of(reference)
    carriers = suspects(
        matrix_of(sample_of(reference, groups)),
        matrix_of(sample_of(current, groups)),
        segments_of(current),
        segments_of(reference),
    )
    p_value = drift.p_adjusted if drift.p_adjusted is not None else 1.0
    return Alarm(
        at=look.at,
        kind=AlarmKind.DRIFT,
        model=drift.model,
        version=drift.version,
        subject=drift.group,
        since=_first_seen(carriers, reference, current) or look.current.first,
        statistic=p_value,
        threshold=look.budget.alpha,
        summary=(
            f"The {drift.group} of {look.card.title} are no longer as in the reference: {drift.leading} moved most "
            f"(distance {drift.effect:.2f}, adjusted p {p_value:.2g}, {drift.n_current} studies against "
            f"{drift.n_reference}).{_named(carriers)}"
        ),
        suspects=carriers,
        evidence={"effect": drift.effect, "n_reference": drift.n_reference, "n_current": drift.n_current},
    )


def _agreement_alarm(look: Look, finding: str, target: Target, result: Shortfall, window: Window) -> Alarm:
    return Alarm(
        at=look.at,
        kind=AlarmKind.AGREEMENT,
        model=look.card.model,
        version=look.card.version,
        subject=finding,
        since=window.first,
        statistic=result.p_value if result.p_value is not None else 1.0,
        threshold=look.budget.alpha,
        summary=(
            f"{look.card.title} was promised {target.statistic.upper()} of at least {target.at_least:.0%} for "
            f"{finding}; {result.agreeing} of {result.n} agree since {window.first} (p {result.p_value:.2g})."
        ),
        evidence={"agreeing": result.agreeing, "n": result.n, "at_least": target.at_least},
    )


def _first_seen(
    carriers: Sequence[Suspect], reference: Sequence[FeatureRow], current: Sequence[FeatureRow]
) -> date | None:
    """The day the first suspect appeared, where the reference never held it: a scanner that is new began that day."""
    if not carriers:
        return None
    wanted = carriers[0].segment.items()

    def carried(row: FeatureRow) -> bool:
        return wanted <= row.acquisition.items()

    if any(carried(row) for row in reference):
        return None
    return min((row.day for row in current if carried(row)), default=None)


def _named(carriers: Sequence[Suspect]) -> str:
    """Where to look first, in words."""
    if not carriers:
        return " No site or scanner stands out."
    first = carriers[0]
    where = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in first.segment.items())
    return f" {first.share:.0%} of the changed studies come from {where} ({first.lift:.1f} times its share)."
