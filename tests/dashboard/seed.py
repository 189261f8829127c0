"""Fills a store through its port: sixty days of three sites, one model, five findings, and a fall at one site."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from monitor.core.pairing import match, pairs_of
from monitor.core.ports import Scored, Settlement
from monitor.core.read import Label, Read, ReadStatus, Visibility
from monitor.core.study import Acquisition, Exclusion, Failure, Features, Instance, Prediction, StudyState
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup, DriftVerdict, GroupDrift, Suspect
from monitor.store import schema
from monitor.store.database import Database
from monitor.store.sql import SqlStore

FIRST = date(2026, 9, 15)
MODEL, VERSION = "chest-radiograph", "1.2.0"
PREVALENCE = {
    "cardiomegaly": 0.16,
    "consolidation": 0.14,
    "pleural_effusion": 0.18,
    "pneumothorax": 0.11,
    "edema": 0.12,
}
SITES = {
    "North campus": Acquisition(site="North campus", manufacturer="Philips", model_name="DX-7", software="4.1"),
    "South clinic": Acquisition(site="South clinic", manufacturer="Siemens", model_name="Ysio", software="2.0"),
    "East hospital": Acquisition(site="East hospital", manufacturer="GE Healthcare", model_name="Optima", software="9"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What is to be told: `falls_on` is the day index from which North's calls get worse, and an alarm follows."""

    days: int = 60
    per_site: int = 10
    falls_on: int | None = 45
    sites: Mapping[str, Acquisition] = field(default_factory=lambda: dict(SITES))
    prevalence: Mapping[str, float] = field(default_factory=lambda: dict(PREVALENCE))
    model: str = MODEL
    version: str = VERSION
    seed: int = 7


ALERT = Story()
OK = Story(days=40, falls_on=None)
INSUFFICIENT = Story(days=1, falls_on=None)
HOSTILE_TEXT = (
    '![x](http://evil.example/a.png) <img src="http://evil.example/b.png"> :red[$x$] [l](http://evil.example)'
)
HOSTILE = Story(
    days=40,
    per_site=3,
    falls_on=30,
    sites={
        "North campus": Acquisition(site=HOSTILE_TEXT, manufacturer=HOSTILE_TEXT, model_name=HOSTILE_TEXT),
        "South clinic": SITES["South clinic"],
    },
    prevalence={HOSTILE_TEXT: 0.3, "edema": 0.3},
    model=HOSTILE_TEXT,
    version="1.0 **bold**",
)


def fill(path: Path, story: Story | None, *, evaluated_from: int = 28) -> SqlStore:
    """Make a SQLite store at `path` and tell the story in it, or none; days are evaluated from an index on."""
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    store = SqlStore(database)
    if story is not None:
        _tell(store, story, evaluated_from)
    return store


def end(story: Story | None) -> datetime:
    """The morning after the last day of a story."""
    return datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(
        days=0 if story is None else story.days, hours=6
    )


def _tell(store: SqlStore, story: Story, evaluated_from: int) -> None:
    rng = np.random.default_rng(story.seed)
    instances, settlements, reads = [], [], []
    for index in range(story.days):
        for slot in range(story.per_site * len(story.sites)):
            instance = _instance(story, index, slot)
            instances.append(instance)
            settlement, read = _outcome(story, rng, index, instance)
            settlements += [settlement] if settlement else []
            reads += [read] if read else []
    store.register(instances)
    store.settle(settlements, at=end(story))
    for read in reads:
        store.add_read(read)
    while store.match_due(match, limit=5000):
        pass
    while store.pair_due(pairs_of, limit=5000, at=end(story)):
        pass
    for index, drifts, alarms in _evaluations(story, evaluated_from):
        store.record_evaluation(_day(index), at=_at(index, 23), drifts=drifts, alarms=alarms)


def _instance(story: Story, index: int, slot: int) -> Instance:
    names = list(story.sites)
    key = hashlib.sha256(f"{story.seed}/{index}/{slot}".encode()).hexdigest()[:32]
    studied = _at(index, 7) + timedelta(minutes=20 * slot)
    return Instance(
        digest=key * 2,
        sop=key,
        series=None,
        study=key,
        patient=key[::-1],
        accession=None,
        issuer_accession=None,
        sop_class="1.2.840.10008.5.1.4.1.1.1.1",
        transfer_syntax="1.2.840.10008.1.2.1",
        rows=512,
        columns=512,
        frames=1,
        series_number=1,
        instance_number=1,
        acquisition=story.sites[names[slot % len(names)]],
        studied_at=studied,
        received_at=studied + timedelta(minutes=2),
    )


def _outcome(
    story: Story, rng: np.random.Generator, index: int, instance: Instance
) -> tuple[Settlement | None, Read | None]:
    """Nearly every study is scored and read; a few are excluded, failed or still pending, a few reads are missing."""
    fate = rng.uniform()
    if fate < 0.03:
        return Settlement(study=instance.study, state=StudyState.EXCLUDED, reason=Exclusion.WRONG_VIEW), None
    if fate < 0.033:
        return Settlement(study=instance.study, state=StudyState.FAILED, reason=Failure.TRUNCATED), None
    if fate > 0.98 and index == story.days - 1:
        return None, None
    fallen = (
        story.falls_on is not None
        and index >= story.falls_on
        and instance.acquisition == next(iter(story.sites.values()))
    )
    found = {name: bool(rng.uniform() < share) for name, share in story.prevalence.items()}
    scores = {name: _score(rng, present=present, fallen=fallen) for name, present in found.items()}
    late = fate > (0.7 if index == story.days - 1 else 0.97)
    return _scored(story, instance, scores), None if late else _read(rng, instance, found)


def _score(rng: np.random.Generator, *, present: bool, fallen: bool) -> float:
    centre = (1.35 if not fallen else -0.1) if present else (-1.85 if not fallen else -1.5)
    return float(1 / (1 + np.exp(-2 * rng.normal(centre, 1.0))))


def _scored(story: Story, instance: Instance, scores: Mapping[str, float]) -> Settlement:
    at = instance.received_at + timedelta(minutes=1)
    predictions = tuple(
        Prediction(
            study=instance.study,
            model=story.model,
            version=story.version,
            finding=name,
            score=score,
            operating_point=0.5,
            call=score >= 0.5,
            scored_at=at,
        )
        for name, score in scores.items()
    )
    features = Features(study=instance.study, model=story.model, version=story.version, latency_seconds=0.2)
    return Settlement(
        study=instance.study, state=StudyState.SCORED, scored=(Scored(predictions=predictions, features=features),)
    )


def _read(rng: np.random.Generator, instance: Instance, found: Mapping[str, bool]) -> Read:
    labels = {
        name: Label.UNCERTAIN if rng.uniform() < 0.02 else (Label.PRESENT if present else Label.ABSENT)
        for name, present in found.items()
    }
    signed = instance.studied_at + timedelta(hours=3)
    return Read(
        key=instance.digest,
        source="hl7",
        status=ReadStatus.FINAL,
        study_uid=instance.study,
        accession=None,
        issuer_accession=None,
        patient=instance.patient,
        reader=None,
        modality="DX",
        signed_at=signed,
        received_at=signed,
        language="en",
        labeler="rules-1",
        labels=labels,
        visibility=Visibility.BLINDED,
    )


def _evaluations(story: Story, first: int) -> Iterator[tuple[int, list[GroupDrift], list[Alarm]]]:
    raised_on = None if story.falls_on is None else story.falls_on + 3
    for index in range(first, story.days):
        since = -1 if story.falls_on is None else index - story.falls_on
        drifting = since >= 1 and story.falls_on is not None
        drifts = [
            GroupDrift(
                day=_day(index),
                model=story.model,
                version=story.version,
                group=group,
                verdict=DriftVerdict.DRIFT if drifting and group is not DriftGroup.SCORES else DriftVerdict.NO_DRIFT,
                effect=round(0.05 + 0.02 * (index % 3) + (min(since, 7) * 0.05 if drifting else 0), 3),
                p_adjusted=0.0006 if drifting else 0.41,
                leading="sharpness",
                n_reference=story.per_site * len(story.sites) * 28,
                n_current=story.per_site * len(story.sites) * 7,
            )
            for group in DriftGroup
        ]
        yield index, drifts, [_alarm(story, index)] if index == raised_on else []


def _alarm(story: Story, index: int) -> Alarm:
    acquisition = next(iter(story.sites.values()))
    segment = {
        "site": acquisition.site,
        "manufacturer": acquisition.manufacturer,
        "model_name": acquisition.model_name,
    }
    return Alarm(
        at=_at(index, 23),
        kind=AlarmKind.DRIFT,
        model=story.model,
        version=story.version,
        subject="inputs",
        since=_day(index - 3),
        statistic=0.31,
        threshold=0.18,
        summary=f"inputs drifted at {acquisition.site}",
        suspects=(Suspect(segment=segment, share=0.91, lift=2.7),),
        evidence={"p_adjusted": 0.0006, "n_current": 210.0},
    )


def _day(index: int) -> date:
    return FIRST + timedelta(days=index)


def _at(index: int, hour: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, hour, tzinfo=UTC) + timedelta(days=index)
