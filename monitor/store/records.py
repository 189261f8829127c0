"""Rows to records and back."""

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import Any

from monitor.core.pairing import MatchMethod, Pair
from monitor.core.read import Label, Read, ReadStatus, Visibility
from monitor.core.study import Acquisition, Exclusion, Instance, Prediction, Study, StudyState
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


def study_row(instance: Instance) -> StudyRow:
    """The row of a new study, from its first instance."""
    return StudyRow(
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
        studied_at=_recorded(row.studied_at, row.utc_offset_minutes),
        received_at=row.received_at,
        unusable=None if row.unusable is None else Exclusion(row.unusable),
    )


def instance_row(instance: Instance, *, conflict: bool) -> InstanceRow:
    """The row of an instance."""
    return InstanceRow(
        digest=instance.digest,
        sop=instance.sop,
        series=instance.series,
        study=instance.study,
        sop_class=instance.sop_class,
        transfer_syntax=instance.transfer_syntax,
        rows=instance.rows,
        columns=instance.columns,
        frames=instance.frames,
        series_number=instance.series_number,
        instance_number=instance.instance_number,
        acquisition=facts(instance.acquisition),
        studied_at=instance.studied_at,
        utc_offset_minutes=offset_minutes(instance.studied_at),
        received_at=instance.received_at,
        unusable=instance.unusable,
        conflict=conflict,
    )


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


def read_row(read: Read) -> ReadRow:
    """The row of a read."""
    given: dict[str, Any] = {field.name: getattr(read, field.name) for field in fields(Read)}
    return ReadRow(**given | {"labels": {finding: str(label) for finding, label in read.labels.items()}})


def pair_of(row: PairRow) -> Pair:
    """The record of a pair row."""
    given = {field.name: getattr(row, field.name) for field in fields(Pair)}
    return Pair(**given | {"method": MatchMethod(row.method), "visibility": Visibility(row.visibility)})


def pair_row(pair: Pair) -> PairRow:
    """The row of a pair."""
    return PairRow(**asdict(pair))


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
