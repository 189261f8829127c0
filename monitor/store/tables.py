"""The tables. Every identifier in them is a pseudonym; report text and pixels are never here."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, Integer, text
from sqlmodel import Field, SQLModel

from monitor.store.instants import UtcDateTime

_RowId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers only an INTEGER key by itself


def _partial(name: str, column: str, condition: str, sqlite: str | None = None) -> Index:
    """An index over only the rows that wait for work: it stays small however long the history.

    SQLite uses it only where a query says the very same; there a truth value is said as `= 1`.
    """
    return Index(name, column, sqlite_where=text(sqlite or condition), postgresql_where=text(condition))


class StudyRow(SQLModel, table=True):
    """A study; `revision` counts its changes, `paired` is the revision its pairs were last derived from.

    `attempts` counts the work begun on it since its last instance; none begins before `not_before`. Of a study that was
    re-opened, `settled_at` and `reason` say when and how it had ended before.
    """

    __tablename__: ClassVar[Any] = "study"
    __table_args__: ClassVar[Any] = (
        _partial("study_pending", "last_instance_at", "state = 'pending'"),
        _partial("study_to_pair", "key", "revision > paired"),
        Index("study_state", "state", "reason"),
        _partial("study_partial", "key", "partial", "partial = 1"),
    )
    key: str = Field(primary_key=True)
    patient: str | None
    accession: str | None = Field(index=True)
    issuer_accession: str | None = Field(index=True)
    modality: str
    body_part: str
    view_position: str
    site: str
    manufacturer: str
    model_name: str
    software: str
    sex: str
    age_band: str
    detector: str
    kernel: str
    orientation: str
    laterality: str
    contrast: str
    time_of_day: str
    studied_at: datetime = Field(sa_type=UtcDateTime)
    utc_offset_minutes: int
    received_at: datetime = Field(sa_type=UtcDateTime, index=True)
    last_instance_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    reason: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    partial: bool = False
    attempts: int = 0
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 0
    paired: int = 0


class InstanceRow(SQLModel, table=True):
    """A parsed DICOM object; `conflict` where its SOP Instance UID came before with other bytes."""

    __tablename__: ClassVar[Any] = "instance"
    __table_args__: ClassVar[Any] = (_partial("instance_conflict", "digest", "conflict", "conflict = 1"),)
    digest: str = Field(primary_key=True)
    sop: str = Field(index=True)
    series: str | None
    study: str = Field(foreign_key="study.key", index=True)
    sop_class: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    series_number: int
    instance_number: int
    acquisition: dict[str, str] = Field(sa_type=JSON)
    technique: dict[str, float] = Field(sa_type=JSON)
    localizer: bool
    studied_at: datetime = Field(sa_type=UtcDateTime)
    utc_offset_minutes: int
    received_at: datetime = Field(sa_type=UtcDateTime)
    unusable: str | None = None
    conflict: bool = False


class PredictionRow(SQLModel, table=True):
    """One model version's answer for one finding of one study: at most one, whoever tries twice."""

    __tablename__: ClassVar[Any] = "prediction"
    study: str = Field(foreign_key="study.key", primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    finding: str = Field(primary_key=True)
    score: float
    operating_point: float
    call: bool
    scored_at: datetime = Field(sa_type=UtcDateTime)
    shown_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SupersededRow(SQLModel, table=True):
    """An answer that was in force once: kept for audit, read by no count. `id` gives the order."""

    __tablename__: ClassVar[Any] = "superseded"
    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    study: str = Field(foreign_key="study.key", index=True)
    model: str
    version: str
    finding: str
    score: float
    operating_point: float
    call: bool
    scored_at: datetime = Field(sa_type=UtcDateTime)
    superseded_at: datetime = Field(sa_type=UtcDateTime)


class AttemptRow(SQLModel, table=True):
    """An object in the spool that could not be registered yet."""

    __tablename__: ClassVar[Any] = "attempt"
    digest: str = Field(primary_key=True)
    attempts: int
    not_before: datetime = Field(sa_type=UtcDateTime)
    reason: str


class FeatureSetRow(SQLModel, table=True):
    """What one model version saw in one study.

    `embedding` is little-endian float32; `instance` is whose pixels it saw, `chosen` says why that image.
    """

    __tablename__: ClassVar[Any] = "features"
    __table_args__: ClassVar[Any] = (Index("features_by_day", "model", "version", "day"),)
    study: str = Field(foreign_key="study.key", primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    day: date
    scores: dict[str, float] = Field(sa_type=JSON)
    statistics: dict[str, float] = Field(sa_type=JSON)
    histogram: list[int] = Field(sa_type=JSON)
    embedding: bytes
    latency_seconds: float
    chosen: str
    instance: str


class ReadRow(SQLModel, table=True):
    """One version of a report, reduced to labels."""

    __tablename__: ClassVar[Any] = "read"
    __table_args__: ClassVar[Any] = (_partial("read_to_match", "received_at", "to_match", "to_match = 1"),)
    key: str = Field(primary_key=True)
    source: str
    status: str
    study_uid: str | None = Field(index=True)
    accession: str | None = Field(index=True)
    issuer_accession: str | None = Field(index=True)
    patient: str | None
    reader: str | None
    modality: str | None
    signed_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    language: str
    labeler: str
    labels: dict[str, str] = Field(sa_type=JSON)
    visibility: str
    study: str | None = Field(default=None, foreign_key="study.key", index=True)
    method: str | None = None
    unmatched: str | None = None
    to_match: bool = True


class ResultRow(SQLModel, table=True):
    """One answer of the production AI, or why there is none."""

    __tablename__: ClassVar[Any] = "result"
    __table_args__: ClassVar[Any] = (_partial("result_to_match", "received_at", "to_match", "to_match = 1"),)
    key: str = Field(primary_key=True)
    source: str
    study_uid: str | None = Field(index=True)
    accession: str | None
    issuer_accession: str | None = Field(index=True)
    patient: str | None
    model: str
    version: str
    finding: str | None
    score: float | None
    operating_point: float
    call: bool | None
    status: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    produced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    shown_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    study: str | None = Field(default=None, foreign_key="study.key", index=True)
    unmatched: str | None = None
    to_match: bool = True


class QuarantineRow(SQLModel, table=True):
    """A message that was set aside: when, from where and why; its content is not kept."""

    __tablename__: ClassVar[Any] = "quarantine"
    key: str = Field(primary_key=True)
    source: str
    reason: str
    at: datetime = Field(sa_type=UtcDateTime)


class PatientAliasRow(SQLModel, table=True):
    """A patient record that was merged into another one."""

    __tablename__: ClassVar[Any] = "patient_alias"
    patient: str = Field(primary_key=True)
    merged_into: str
    at: datetime = Field(sa_type=UtcDateTime)


class PairRow(SQLModel, table=True):
    """A pair in force."""

    __tablename__: ClassVar[Any] = "pair"
    study: str = Field(foreign_key="study.key", primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    finding: str = Field(primary_key=True)
    call: bool
    label: bool | None
    score: float
    day: date
    site: str
    manufacturer: str
    method: str
    visibility: str
    read: str = Field(foreign_key="read.key")


class CubeRow(SQLModel, table=True):
    """Counts per day, model version, finding and stratum: what every trend is read from."""

    __tablename__: ClassVar[Any] = "cube"
    day: date = Field(primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    finding: str = Field(primary_key=True)
    site: str = Field(primary_key=True)
    manufacturer: str = Field(primary_key=True)
    method: str = Field(primary_key=True)
    visibility: str = Field(primary_key=True)
    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    uncertain: int = 0


class CubeMoveRow(SQLModel, table=True):
    """By how much a cell of the cube moved on the day something was learnt; the sum is what was said on a day."""

    __tablename__: ClassVar[Any] = "cube_move"
    learnt: date = Field(primary_key=True)
    day: date = Field(primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    finding: str = Field(primary_key=True)
    site: str = Field(primary_key=True)
    manufacturer: str = Field(primary_key=True)
    method: str = Field(primary_key=True)
    visibility: str = Field(primary_key=True)
    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    uncertain: int = 0


class TallyRow(SQLModel, table=True):
    """A running count, moved in the transaction of what it counts; `labels` is a JSON list in the catalogue's order."""

    __tablename__: ClassVar[Any] = "tally"
    name: str = Field(primary_key=True)
    labels: str = Field(primary_key=True)
    value: float = 0.0


class HeartbeatRow(SQLModel, table=True):
    """When a stage last succeeded."""

    __tablename__: ClassVar[Any] = "heartbeat"
    stage: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class EvaluationRow(SQLModel, table=True):
    """A day that has been evaluated."""

    __tablename__: ClassVar[Any] = "evaluation"
    day: date = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class DriftRow(SQLModel, table=True):
    """One group's drift on one evaluated day."""

    __tablename__: ClassVar[Any] = "drift"
    day: date = Field(primary_key=True)
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    group: str = Field(primary_key=True)
    verdict: str
    effect: float
    p_adjusted: float | None
    leading: str
    n_reference: int
    n_current: int


class AlarmRow(SQLModel, table=True):
    """An alarm; at most one is open per kind, model version and subject."""

    __tablename__: ClassVar[Any] = "alarm"
    __table_args__: ClassVar[Any] = (
        Index(
            "alarm_open",
            "kind",
            "model",
            "version",
            "subject",
            unique=True,
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    kind: str
    model: str
    version: str
    subject: str
    at: datetime = Field(sa_type=UtcDateTime)
    since: date
    statistic: float
    threshold: float
    summary: str
    suspects: list[dict[str, Any]] = Field(sa_type=JSON)
    evidence: dict[str, float] = Field(sa_type=JSON)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuditRow(SQLModel, table=True):
    """One link of the audit chain: `digest` covers this row and the digest before it."""

    __tablename__: ClassVar[Any] = "audit"
    seq: int = Field(primary_key=True, sa_type=_RowId, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject: str
    previous: str
    digest: str


class ModelRow(SQLModel, table=True):
    """A model version that has been loaded here, and what was promised of it."""

    __tablename__: ClassVar[Any] = "model"
    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    title: str
    findings: list[str] = Field(sa_type=JSON)
    targets: list[dict[str, Any]] = Field(sa_type=JSON)
