"""Studies, reads and alarms to try a store with. Every study's facts follow from its name, whatever comes first."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from sqlalchemy import delete
from sqlmodel import SQLModel

from monitor.core.pairing import match, pairs_of, place
from monitor.core.ports import Scored, Settlement, Store
from monitor.core.quiet import Quiet
from monitor.core.read import Label, Read, ReadStatus, Visibility
from monitor.core.result import Result, ResultStatus
from monitor.core.study import Acquisition, Exclusion, Failure, Features, Instance, Prediction, Study, StudyState
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup, DriftVerdict, GroupDrift, Suspect
from monitor.core.windows import Window
from monitor.store.sql import SqlStore

START = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))  # in UTC it is already the next day
NOW = datetime(2026, 4, 1, tzinfo=UTC)
MODEL, VERSION = "chest", "1.0"
FINDINGS = ("effusion", "nodule")


def instance(
    number: int, part: int = 0, *, digest: str | None = None, sop: str | None = None, **changes: object
) -> Instance:
    """Object `part` of study `number`. Studies 0 and 1 share issuer and accession; 2 and 3 share a bare accession."""
    issued = number < 2
    facts: dict[str, object] = {
        "digest": digest or f"digest-{number}-{part}",
        "sop": sop or f"sop-{number}-{part}",
        "series": f"series-{number}",
        "study": f"study-{number}",
        "patient": f"patient-{number}" if issued else "patient-shared",
        "accession": f"bare-{number // 2}",
        "issuer_accession": f"issued-{number // 2}" if issued else None,
        "sop_class": "1.2.840.10008.5.1.4.1.1.1.1",
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "rows": 64,
        "columns": 48,
        "frames": 1,
        "series_number": 1,
        "instance_number": part,
        "acquisition": Acquisition(modality="DX", site=f"site-{number % 2}", manufacturer=f"maker-{number % 3}"),
        "studied_at": START + timedelta(hours=12 * number),
        "received_at": START + timedelta(hours=12 * number, minutes=10 + part),
    }
    return Instance(**(facts | changes))  # type: ignore[arg-type]


def read(key: str, number: int = 0, *, by: str = "uid", present: bool | None = True, **changes: object) -> Read:
    """A final report of study `number`, that names it by `uid`, `issued` or `bare` accession."""
    named = instance(number)
    facts: dict[str, object] = {
        "key": key,
        "source": "hl7",
        "status": ReadStatus.FINAL,
        "study_uid": named.study if by == "uid" else None,
        "accession": named.accession,
        "issuer_accession": named.issuer_accession if by == "issued" else None,
        "patient": named.patient,
        "reader": "reader-1",
        "modality": None,
        "signed_at": named.studied_at + timedelta(hours=2),
        "received_at": named.studied_at + timedelta(hours=3),
        "language": "en",
        "labeler": "chest-radiograph/1",
        "labels": {
            FINDINGS[0]: Label.UNCERTAIN if present is None else Label.PRESENT if present else Label.ABSENT,
            FINDINGS[1]: Label.NOT_MENTIONED,
        },
        "visibility": Visibility.BLINDED,
    }
    return Read(**(facts | changes))  # type: ignore[arg-type]


def result(key: str, number: int = 0, **changes: object) -> Result:
    """The production AI's answer for study `number`: there is an effusion."""
    named = instance(number)
    facts: dict[str, object] = {
        "key": key,
        "source": "file",
        "study_uid": named.study,
        "accession": named.accession,
        "issuer_accession": None,
        "patient": named.patient,
        "model": MODEL,
        "version": f"{VERSION}+production",
        "finding": FINDINGS[0],
        "score": 0.9,
        "operating_point": 0.5,
        "call": True,
        "status": ResultStatus.OK,
        "received_at": NOW,
        "produced_at": named.studied_at + timedelta(hours=1),
        "shown_at": named.studied_at + timedelta(hours=1),
    }
    return Result(**(facts | changes))  # type: ignore[arg-type]


def scored(study: str, *, version: str = VERSION) -> Scored:
    """What the model says of a study; its calls follow from the study's name."""
    calls = {FINDINGS[0]: sum(study.encode()) % 2 == 0, FINDINGS[1]: sum(study.encode()) % 3 == 0}
    return Scored(
        predictions=tuple(
            Prediction(
                study=study,
                model=MODEL,
                version=version,
                finding=finding,
                score=0.75 if call else 0.1,
                operating_point=0.5,
                call=call,
                scored_at=NOW,
            )
            for finding, call in calls.items()
        ),
        features=Features(
            study=study,
            model=MODEL,
            version=version,
            statistics={"mean": 0.5},
            histogram=(3, 0, 5_000_000),
            embedding=(0.5, -0.25),
            latency_seconds=0.02,
            chosen="view PA, 1 image",
        ),
    )


def settlement(study: str) -> Settlement:
    """Study 4 is excluded and study 5 fails; the others are scored."""
    if study == "study-4":
        return Settlement(study=study, state=StudyState.EXCLUDED, reason=Exclusion.WRONG_VIEW)
    if study == "study-5":
        return Settlement(study=study, state=StudyState.FAILED, reason=Failure.INVALID_OUTPUT)
    return Settlement(study=study, state=StudyState.SCORED, scored=(scored(study),))


def settle_ready(store: Store, limit: int = 100) -> int:
    """Settle what is ready as the worker would."""
    ready = store.claim(Quiet(), at=NOW, limit=limit)
    return store.settle([settlement(study.key) for study in ready], at=NOW)


def drain(store: Store) -> None:
    """Let the worker run until nothing is left to do."""
    busy = True
    while busy:
        placed = store.place_results(place, limit=50)
        paired = store.match_due(match, limit=50) + store.pair_due(pairs_of, limit=50, at=NOW)
        busy = bool(settle_ready(store) or placed or paired)


def alarm(**changes: object) -> Alarm:
    """An alarm with everything in it."""
    facts: dict[str, object] = {
        "at": NOW,
        "kind": AlarmKind.AGREEMENT,
        "model": MODEL,
        "version": VERSION,
        "subject": FINDINGS[0],
        "since": date(2026, 3, 20),
        "statistic": 5.5,
        "threshold": 4.25,
        "summary": "agreement fell",
        "suspects": (Suspect(segment={"site": "site-1"}, share=0.5, lift=2.0),),
        "evidence": {"n": 120.0},
    }
    return Alarm(**(facts | changes))  # type: ignore[arg-type]


def drift(day: date, **changes: object) -> GroupDrift:
    """A drift result."""
    facts: dict[str, object] = {
        "day": day,
        "model": MODEL,
        "version": VERSION,
        "group": DriftGroup.INPUTS,
        "verdict": DriftVerdict.NO_DRIFT,
        "effect": 0.125,
        "p_adjusted": None,
        "leading": "mean",
        "n_reference": 200,
        "n_current": 60,
    }
    return GroupDrift(**(facts | changes))  # type: ignore[arg-type]


def everything(store: Store) -> dict[str, object]:
    """All that a store answers, as plain values that compare across implementers."""
    strata = ("site", "manufacturer", "visibility")
    return {
        "status": store.status(now=NOW, waiting=2).as_json(),
        "counts": sorted(map(repr, store.counts(by=strata, daily=True))),
        "totals": sorted(map(repr, store.counts())),
        "features": sorted(map(repr, _features(store))),
        "unsettled": store.unsettled_before(NOW),
    }


def _features(store: Store) -> Sequence[object]:
    return store.features(MODEL, VERSION, Window(first=date(2026, 1, 1), last=date(2026, 12, 31)))


def empty(store: SqlStore) -> None:
    """Delete every row: cheaper than a database for each example."""
    with store.database.writing() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.connection().execute(delete(table))


def as_study(first: Instance) -> Study:
    """The study that an instance begins."""
    return Study(
        key=first.study,
        patient=first.patient,
        accession=first.accession,
        issuer_accession=first.issuer_accession,
        acquisition=first.acquisition,
        studied_at=first.studied_at,
        received_at=first.received_at,
        last_instance_at=first.received_at,
    )
