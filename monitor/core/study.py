"""What is known of a study once its identity has been taken off it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

UNKNOWN = "unknown"
LATENCY_BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets that latencies are counted in: from a small model on a GPU to a large one on a CPU."""


class StudyState(StrEnum):
    """Where a received study stands; exactly one at any time, so that the accounting equation holds."""

    PENDING = "pending"
    SCORED = "scored"
    EXCLUDED = "excluded"
    FAILED = "failed"


class Exclusion(StrEnum):
    """Why a study was not for any model here. Ordered: a later reason came nearer to being scored."""

    UNSUPPORTED_SOP_CLASS = "unsupported_sop_class"
    WRONG_MODALITY = "wrong_modality"
    WRONG_BODY_PART = "wrong_body_part"
    SECONDARY_CAPTURE = "secondary_capture"
    BURNED_IN_ANNOTATION = "burned_in_annotation"
    WRONG_VIEW = "wrong_view"
    TOO_LARGE = "too_large"
    MISSING_RESCALE = "missing_rescale"
    INVALID_GEOMETRY = "invalid_geometry"
    UNDECODABLE = "undecodable"
    HISTORICAL = "historical"

    @property
    def rank(self) -> int:
        """How near to being scored: higher is nearer."""
        return list(Exclusion).index(self)


class Failure(StrEnum):
    """Why something received could not be worked on at all."""

    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    MISSING_IDENTITY = "missing_identity"
    PARSER_CRASHED = "parser_crashed"
    PARSER_TIMED_OUT = "parser_timed_out"
    INVALID_OUTPUT = "invalid_output"
    SCORING_ERROR = "scoring_error"
    ABANDONED = "abandoned"
    """Whoever worked on it fell, or was stopped, each time."""
    BYTES_GONE = "bytes_gone"
    """Its pixels have left the spool."""
    MIXED_PATIENTS = "mixed_patients"
    """Objects of two patients came under one Study Instance UID: set aside, never scored, never merged."""

    @property
    def passing(self) -> bool:
        """Whether another try may end otherwise: a process fell or ran out of time or memory."""
        return self in {Failure.PARSER_CRASHED, Failure.PARSER_TIMED_OUT, Failure.SCORING_ERROR}


@dataclass(frozen=True, kw_only=True, slots=True)
class Acquisition:
    """How, where and of whom (coarsely) an image was taken: the strata and the suspects."""

    modality: str = UNKNOWN
    body_part: str = UNKNOWN
    view_position: str = UNKNOWN
    site: str = UNKNOWN
    manufacturer: str = UNKNOWN
    model_name: str = UNKNOWN
    software: str = UNKNOWN
    sex: str = UNKNOWN
    age_band: str = UNKNOWN
    detector: str = UNKNOWN
    kernel: str = UNKNOWN
    orientation: str = UNKNOWN
    laterality: str = UNKNOWN
    contrast: str = UNKNOWN
    time_of_day: str = UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Technique:
    """How an image was exposed and sampled, in the units DICOM has; None where it is not stated."""

    kvp: float | None = None
    exposure_mas: float | None = None
    slice_thickness_mm: float | None = None
    spacing_mm: float | None = None
    rows: float | None = None
    columns: float | None = None

    def stated(self) -> dict[str, float]:
        """What is stated, by name: beside the statistics of the pixels, what drift is seen in."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One DICOM object, parsed. Every identifier in it is a pseudonym; `digest` is the sha256 of the spooled bytes."""

    digest: str
    sop: str
    series: str | None
    study: str
    patient: str | None
    accession: str | None
    issuer_accession: str | None
    sop_class: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    series_number: int
    instance_number: int
    acquisition: Acquisition
    technique: Technique = field(default_factory=Technique)
    localizer: bool = False
    studied_at: datetime
    received_at: datetime
    unusable: Exclusion | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """A study as the rest of the house knows it; `key` is the pseudonym of its Study Instance UID.

    Attributes:
        reason: why it was excluded or failed; of a pending study that was re-opened, what it had ended with before.
        partial: the association that brought its last instance broke off.
        attempts: how often work on it has begun since its last instance came.
    """

    key: str
    patient: str | None
    accession: str | None
    issuer_accession: str | None
    acquisition: Acquisition
    studied_at: datetime
    received_at: datetime
    last_instance_at: datetime
    state: StudyState = StudyState.PENDING
    reason: str | None = None
    partial: bool = False
    attempts: int = 0

    @property
    def day(self) -> date:
        """The day the study counts for: the date it was taken, in the zone it was recorded in."""
        return self.studied_at.date()


def begun_by(instance: Instance) -> Study:
    """The study that this instance begins: pending, and as its first instance says."""
    return Study(
        key=instance.study,
        patient=instance.patient,
        accession=instance.accession,
        issuer_accession=instance.issuer_accession,
        acquisition=instance.acquisition,
        studied_at=instance.studied_at,
        received_at=instance.received_at,
        last_instance_at=instance.received_at,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """One model's answer for one finding of one study. `score` is a probability in [0, 1].

    `shown_at` is when readers could see it and `opened_at` when one did; a shadow's answer is shown to nobody.
    """

    study: str
    model: str
    version: str
    finding: str
    score: float
    operating_point: float
    call: bool
    scored_at: datetime
    shown_at: datetime | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What a model saw: statistics of the input (name to value), its histogram and embedding, for drift.

    `histogram` counts pixels in even bins over the detector's full range, so that those of one scanner add up.
    `instance` is the digest of the object that was looked at, `chosen` says why this one of the study.
    """

    study: str
    model: str
    version: str
    statistics: Mapping[str, float] = field(default_factory=dict)
    histogram: tuple[int, ...] = ()
    embedding: tuple[float, ...] = ()
    latency_seconds: float
    chosen: str = ""
    instance: str = ""
