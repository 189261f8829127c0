"""A finished day is judged once, from what was known, and what is wrong is named."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from monitor.core.model import ModelCard, Target
from monitor.core.pairing import MatchMethod, Pair
from monitor.core.ports import Scored, Settlement
from monitor.core.read import Visibility
from monitor.core.study import Acquisition, Features, Instance, Prediction, StudyState
from monitor.core.verdict import AlarmKind, DriftVerdict
from monitor.core.windows import Window
from monitor.pipeline.evaluate import Budget, evaluate_day
from monitor.store.memory import MemoryStore

START = date(2026, 3, 2)
BUDGET = Budget(reference_days=28, current_days=7, false_alarms_per_year=0.5)
CARD = ModelCard(
    model="m",
    version="1",
    title="Chest",
    findings=("nodule",),
    targets=(Target(finding="any", statistic="npa", at_least=0.9),),
)
SITES = {"north": "A-1", "south": "B-2", "east": "C-3"}


def fill(store: MemoryStore, days: int, shift_from: int | None, seed: int, *, wrong: float = 0.03) -> None:
    """Nine studies a site and day; from `shift_from` on, the south has another scanner and its noise rises."""
    rng = np.random.default_rng(seed)
    store.register_model(CARD)
    for index, (day, site) in enumerate((day, site) for day in range(days) for site in SITES for _ in range(9)):
        replaced = shift_from is not None and day >= shift_from and site == "south"
        key = f"s{index:05d}"
        taken = datetime.combine(START + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=8)
        scanner = Acquisition(
            site=site, manufacturer="New" if replaced else "Old", model_name="X-9" if replaced else SITES[site]
        )
        store.register([_instance(key, taken, scanner)])
        noise = float(rng.normal(0.03 if replaced else 0.01, 0.002))
        statistics = {"noise": noise, "mean": float(rng.normal(0.5, 0.1))}
        positive = bool(rng.random() < 0.1)
        call = positive != bool(rng.random() < wrong)
        prediction = Prediction(
            study=key,
            model="m",
            version="1",
            finding="nodule",
            score=float(rng.beta(2, 8)),
            operating_point=0.5,
            call=call,
            scored_at=taken,
        )
        features = Features(
            study=key,
            model="m",
            version="1",
            statistics=statistics,
            embedding=tuple(rng.normal(size=8)),
            latency_seconds=0.01,
        )
        scored = Scored(predictions=(prediction,), features=features)
        store.settle([Settlement(study=key, state=StudyState.SCORED, scored=(scored,))], at=taken)
        store._pairs[key] = (_pair(key, taken.date(), scanner, call=call, label=positive),)


def _instance(key: str, taken: datetime, acquisition: Acquisition) -> Instance:
    return Instance(
        digest=key,
        sop=key,
        series=None,
        study=key,
        patient=None,
        accession=None,
        issuer_accession=None,
        sop_class="",
        transfer_syntax="",
        rows=1,
        columns=1,
        frames=1,
        series_number=1,
        instance_number=1,
        acquisition=acquisition,
        studied_at=taken,
        received_at=taken,
    )


def _pair(key: str, day: date, acquisition: Acquisition, *, call: bool, label: bool) -> Pair:
    return Pair(
        study=key,
        model="m",
        version="1",
        finding="nodule",
        call=call,
        label=label,
        score=0.1,
        day=day,
        site=acquisition.site,
        manufacturer=acquisition.manufacturer,
        method=MatchMethod.STUDY_UID,
        visibility=Visibility.UNKNOWN,
        read=key,
    )


@pytest.fixture
def judged() -> Iterator[Callable[..., MemoryStore]]:
    """Fills a store and judges each of its days in order."""

    def judge(days: int, shift_from: int | None, seed: int, **settings: float) -> MemoryStore:
        store = MemoryStore()
        fill(store, days, shift_from, seed, **settings)
        for day in range(days):
            evaluate_day(store, START + timedelta(days=day), zone=UTC, budget=BUDGET)
        return store

    return judge


def test_a_replaced_scanner_is_alarmed_after_its_day_and_named(judged: Callable[..., MemoryStore]) -> None:
    """The first alarm comes within a week of the change, is about the inputs, and suspects the scanner first."""
    store = judged(48, 40, 1)
    first = store.alarms()[0]
    changed = datetime.combine(START + timedelta(days=40), datetime.min.time(), UTC)
    assert changed < first.at <= changed + timedelta(days=7)
    assert (first.kind, first.subject) == (AlarmKind.DRIFT, "inputs")
    assert set(first.suspects[0].segment.values()) & {"New", "X-9", "south"}
    assert "noise" in first.summary
    assert first.since == changed.date()


def test_an_unchanged_hospital_raises_no_alarm(judged: Callable[..., MemoryStore]) -> None:
    """Two months without a change, and nothing is said; until the reference is whole there is too little data."""
    store = judged(60, None, 2)
    assert store.alarms() == []
    early = store.drifts(Window(first=START, last=START + timedelta(days=27)))
    assert {drift.verdict for drift in early} == {DriftVerdict.INSUFFICIENT_DATA}
    late = store.drifts(Window(first=START + timedelta(days=36), last=START + timedelta(days=59)))
    assert {drift.verdict for drift in late} == {DriftVerdict.NO_DRIFT}


def test_a_broken_promise_is_an_agreement_alarm_once(judged: Callable[..., MemoryStore]) -> None:
    """A fifth of calls wrong breaks a promise of 90 %: one open alarm for the finding, however many days it lasts."""
    store = judged(20, None, 3, wrong=0.2)
    (alarm,) = (alarm for alarm in store.alarms() if alarm.kind is AlarmKind.AGREEMENT)
    assert alarm.subject == "nodule"
    assert alarm.statistic <= alarm.threshold
    assert alarm.cleared_at is None


def test_a_day_is_judged_the_same_twice(judged: Callable[..., MemoryStore]) -> None:
    """Judging a day again changes neither its verdicts nor its alarms."""
    store = judged(44, 40, 1)
    before = (store.drifts(), store.alarms())
    evaluate_day(store, START + timedelta(days=43), zone=UTC, budget=BUDGET)
    assert (store.drifts(), store.alarms()) == before
    assert judged(44, 40, 1).alarms() == before[1]
