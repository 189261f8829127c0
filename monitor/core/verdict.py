"""What Overread concludes: verdicts, drift results and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Verdict(StrEnum):
    """The three words that stand beside every figure."""

    OK = "ok"
    ALERT = "alert"
    INSUFFICIENT_DATA = "insufficient_data"


class DriftVerdict(StrEnum):
    """What a comparison of two windows concludes."""

    DRIFT = "drift"
    NO_DRIFT = "no_drift"
    INSUFFICIENT_DATA = "insufficient_data"


class ShiftType(StrEnum):
    """What kind of change a drift is."""

    NONE = "none"
    PREVALENCE = "prevalence"
    COVARIATE = "covariate"
    MIXED = "mixed"
    UNDETERMINED = "undetermined"


class DriftGroup(StrEnum):
    """The groups of features that are judged apart."""

    INPUTS = "inputs"
    SCORES = "scores"
    EMBEDDING = "embedding"


class AlarmKind(StrEnum):
    """What an alarm is about."""

    DRIFT = "drift"
    AGREEMENT = "agreement"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A segment that carries a change: its share of the changed studies, and how over-represented it is there."""

    segment: Mapping[str, str]
    share: float
    lift: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupDrift:
    """One group's drift on one day. `effect` is a distance in [0, 1]; higher is more drift."""

    day: date
    model: str
    version: str
    group: DriftGroup
    verdict: DriftVerdict
    effect: float
    p_adjusted: float | None
    leading: str
    n_reference: int
    n_current: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Something a person is told: what, for which model version, since when, how sure, and where to look first.

    `subject` is a drift group for a drift alarm and a finding for an agreement alarm. `at` is when it was raised,
    `since` the day its first suspect appeared where that one is new, else the first day of the window it rests on.
    """

    at: datetime
    kind: AlarmKind
    model: str
    version: str
    subject: str
    since: date
    statistic: float
    threshold: float
    summary: str
    suspects: tuple[Suspect, ...] = ()
    evidence: Mapping[str, float] = field(default_factory=dict)
    cleared_at: datetime | None = None
