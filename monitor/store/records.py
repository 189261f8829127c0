"""Rows to records and back."""

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import Any

from monitor.core.pairing import MatchMethod, Pair
from monitor.core.ports import Scored, Unreadable
from monitor.core.read import Label, Read, ReadStatus, Visibility
from monitor.core.study import Acquisition, Exclusion, Instance, Prediction, Study, StudyState, Technique
from monitor.store.tables import InstanceRow, PairRow, PredictionRow, ReadRow, StudyRow

_FACTS = tuple(field.name for field in fields(Acquisition))


def facts(acquisition: Acquisition) -> dict[str, Any]:
    """The acquisition as a plain mapping."""
    return {name: getattr(acquisition, name) for name in _FACTS}


def offset_minutes(moment: datetime) -> int:
    """The zone a moment was recorded in, as minutes east of UTC."""
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def _recorded(moment: datetime, minutes: int) -> datetime:
    return moment.astimezone(timezone(timedelta(minutes=minutes)))


def study_of(row: StudyRow) -> Study:
    """The record of a study row."""
    return Study(
        key=row.key,
        patient=row.patient,
        accession=row.accession,
        issuer_accession=row.issuer_accession,
        acquisition=Acquisition(**{name: getattr(row, name) for name in _FACTS}),
        studied_at=_recorded(row.studied_at, row.utc_offset_minutes),
        received_at=row.received_at,
        last_instance_at=row.last_instance_at,
        state=StudyState(row.state),
        reason=row.reason,
    )


def study_row(instance: Instance) -> dict[str, Any]:
    """The row of a new study, from its first instance."""
    return dict(
        key=instance.study,
        patient=instance.patient,
        accession=instance.accession,
        issuer_accession=instance.issuer_accession,
        **facts(instance.acquisition),
        studied_at=instance.studied_at,
        utc_offset_minutes=offset_minutes(instance.studied_at),
        received_at=instance.received_at,
        last_instance_at=instance.received_at,
        state=StudyState.PENDING,
        reason=None,
        settled_at=None,
        revision=0,
        paired=0,
    )


def unreadable_row(arrival: Unreadable) -> dict[str, Any]:
    """The row of the failed study that an unreadable object is."""
    return dict(
        key=arrival.digest,
        patient=None,
        accession=None,
        issuer_accession=None,
        **facts(Acquisition()),
        studied_at=arrival.received_at,
        utc_offset_minutes=0,
        received_at=arrival.received_at,
        last_instance_at=arrival.received_at,
        state=StudyState.FAILED,
        reason=arrival.reason,
        settled_at=arrival.received_at,
        revision=0,
        paired=0,
    )


def instance_of(row: InstanceRow, study: StudyRow) -> Instance:
    """The record of an instance row."""
    return Instance(
        digest=row.digest,
        sop=row.sop,
        series=row.series,
        study=row.study,
        patient=study.patient,
        accession=study.accession,
        issuer_accession=study.issuer_accession,
        sop_class=row.sop_class,
        transfer_syntax=row.transfer_syntax,
        rows=row.rows,
        columns=row.columns,
        frames=row.frames,
        series_number=row.series_number,
        instance_number=row.instance_number,
        acquisition=Acquisition(**row.acquisition),
        technique=Technique(**row.technique),
        localizer=row.localizer,
        studied_at=_recorded(row.studied_at, row.utc_offset_minutes),
        received_at=row.received_at,
        unusable=None if row.unusable is None else Exclusion(row.unusable),
    )


def instance_row(instance: Instance, *, conflict: bool) -> dict[str, Any]:
    """The row of an instance."""
    return {
        "digest": instance.digest,
        "sop": instance.sop,
        "series": instance.series,
        "study": instance.study,
        "sop_class": instance.sop_class,
        "transfer_syntax": instance.transfer_syntax,
        "rows": instance.rows,
        "columns": instance.columns,
        "frames": instance.frames,
        "series_number": instance.series_number,
        "instance_number": instance.instance_number,
        "acquisition": facts(instance.acquisition),
        "technique": instance.technique.stated(),
        "localizer": instance.localizer,
        "studied_at": instance.studied_at,
        "utc_offset_minutes": offset_minutes(instance.studied_at),
        "received_at": instance.received_at,
        "unusable": instance.unusable,
        "conflict": conflict,
    }


def prediction_of(row: PredictionRow) -> Prediction:
    """The record of a prediction row."""
    return Prediction(**{field.name: getattr(row, field.name) for field in fields(Prediction)})


def read_of(row: ReadRow) -> Read:
    """The record of a read row."""
    given = {field.name: getattr(row, field.name) for field in fields(Read)}
    return Read(
        **given
        | {
            "status": ReadStatus(row.status),
            "labels": {finding: Label(word) for finding, word in row.labels.items()},
            "visibility": Visibility(row.visibility),
        }
    )


def read_row(read: Read) -> dict[str, Any]:
    """The row of a new read, which is due for matching."""
    given: dict[str, Any] = {field.name: getattr(read, field.name) for field in fields(Read)}
    labels = {finding: str(label) for finding, label in read.labels.items()}
    return given | {"labels": labels, "study": None, "method": None, "unmatched": None, "to_match": True}


def pair_of(row: PairRow) -> Pair:
    """The record of a pair row."""
    given = {field.name: getattr(row, field.name) for field in fields(Pair)}
    return Pair(**given | {"method": MatchMethod(row.method), "visibility": Visibility(row.visibility)})


def prediction_row(prediction: Prediction) -> dict[str, Any]:
    """The row of a prediction."""
    return asdict(prediction)


def features_row(study: Study, scored: Scored) -> dict[str, Any]:
    """The row of what a model saw in a study."""
    features = scored.features
    return {
        "study": study.key,
        "model": features.model,
        "version": features.version,
        "day": study.day,
        "scores": {prediction.finding: prediction.score for prediction in scored.predictions},
        "statistics": finite(features.statistics),
        "histogram": list(features.histogram),
        "embedding": packed(features.embedding),
        "latency_seconds": features.latency_seconds,
        "chosen": features.chosen,
    }


def pair_row(pair: Pair) -> dict[str, Any]:
    """The row of a pair."""
    return asdict(pair)


def finite(statistics: Mapping[str, float]) -> dict[str, float]:
    """The statistics that are numbers: a NaN is a missing value, and JSON has no word for it."""
    return {name: value for name, value in statistics.items() if isfinite(value)}


def packed(embedding: Sequence[float]) -> bytes:
    """An embedding as little-endian float32."""
    values = array("f", embedding)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def unpacked(blob: bytes) -> tuple[float, ...]:
    """The embedding in little-endian float32 bytes."""
    values = array("f")
    values.frombytes(blob)
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
