"""What the pipeline asks of the world, as Protocols: it sees these and nothing behind them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from monitor.core.counts import CountsRow
from monitor.core.pairing import Match, MatchMethod, Pair, Unmatched
from monitor.core.read import QuarantineReason, Read
from monitor.core.status import Status
from monitor.core.study import Exclusion, Failure, Features, Instance, Prediction, Study
from monitor.core.verdict import Alarm, GroupDrift
from monitor.core.windows import Window

PixelsT = TypeVar("PixelsT")


class Clock(Protocol):
    """Where "now" comes from: the system, or a simulated hospital."""

    def now(self) -> datetime:
        """The time, with its zone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A received object, durable in the spool: `digest` is the sha256 of its bytes, `path` where they lie."""

    digest: str
    path: Path
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded(Generic[PixelsT]):
    """An image ready to be scored: its pixels (opaque here) and the statistics computed while they were at hand."""

    pixels: PixelsT
    statistics: Mapping[str, float]


class Spool(Protocol):
    """Where received bytes lie until their study is settled."""

    def arrivals(self, limit: int) -> Sequence[Arrival]:
        """Objects not yet registered, oldest first."""

    def hold(self, arrival: Arrival) -> None:
        """Mark an object as registered; its bytes stay."""

    def waiting(self) -> int:
        """How many objects are not yet registered."""

    def release(self, digests: Iterable[str]) -> None:
        """Let go of the bytes of these objects; unknown ones are no error."""


class ImageSource(Protocol[PixelsT]):
    """Parses and decodes what lies in the spool, in a jail."""

    def parse(self, arrival: Arrival) -> Instance | Failure:
        """Read an object's header into facts and pseudonyms."""

    def decode(self, instance: Instance) -> Decoded[PixelsT] | Exclusion | Failure:
        """Read an object's pixels: physical polarity (brighter is denser), modality rescale applied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """One model's answers for one study, and what it saw."""

    predictions: tuple[Prediction, ...]
    features: Features


class Scorer(Protocol[PixelsT]):
    """One model version."""

    @property
    def model(self) -> str:
        """The package's name."""

    @property
    def version(self) -> str:
        """The package's version."""

    def accepts(self, instance: Instance) -> Exclusion | None:
        """None where this instance may be scored, else why not."""

    def score(
        self, batch: Sequence[tuple[Study, Decoded[PixelsT]]], *, scored_at: datetime
    ) -> Sequence[Scored | Failure]:
        """Score a batch; one result per study, in order. A non-finite or out-of-range output is `INVALID_OUTPUT`."""


class StudyStore(Protocol):
    """Studies, from the first instance to the last prediction."""

    def register(self, instance: Instance) -> None:
        """Add an instance and, where it is the first, its study. The same digest or SOP again changes nothing."""

    def register_failure(self, digest: str, received_at: datetime, reason: Failure) -> None:
        """Count an object that could not be parsed as a failed study of its own. Idempotent by digest."""

    def ready(self, *, quiet_since: datetime, limit: int) -> Sequence[Study]:
        """Pending studies whose last instance came at or before `quiet_since`, oldest first."""

    def instances(self, study: str) -> Sequence[Instance]:
        """The instances of a study in series and instance order."""

    def settle_scored(self, study: str, scored: Sequence[Scored], *, at: datetime) -> bool:
        """Store the predictions and mark the study scored, in one transaction. False if it was not pending."""

    def settle_excluded(self, study: str, reason: Exclusion, *, at: datetime) -> bool:
        """Mark a pending study excluded. False if it was not pending."""

    def settle_failed(self, study: str, reason: Failure, *, at: datetime) -> bool:
        """Mark a pending study failed. False if it was not pending."""

    def settled_digests(self, digests: Sequence[str]) -> Sequence[str]:
        """Those of these spooled objects whose study is no longer pending: their bytes may go."""


class ReadStore(Protocol):
    """Report versions and what could not become one."""

    def add_read(self, read: Read) -> bool:
        """Store a version durably; False when the same key is already there."""

    def quarantine(self, key: str, source: str, reason: QuarantineReason, *, at: datetime) -> None:
        """Count a message that was set aside. Idempotent by key."""


class PairStore(Protocol):
    """Matching and pairing, incrementally: only what changed is looked at."""

    def reads_to_match(self, limit: int) -> Sequence[Read]:
        """Reads without a study that have never been tried, or whose candidates changed since."""

    def candidates(self, read: Read) -> Sequence[Study]:
        """Every study that shares the read's study UID or accession pseudonym."""

    def record_match(self, read: str, outcome: Match | Unmatched) -> None:
        """Keep where a read belongs, or why it belongs nowhere yet."""

    def studies_to_pair(self, limit: int) -> Sequence[Study]:
        """Studies whose predictions or reads changed since they were last paired."""

    def predictions(self, study: str) -> Sequence[Prediction]:
        """All predictions of a study."""

    def matched_reads(self, study: str) -> Sequence[tuple[Read, MatchMethod]]:
        """All versions of all reads of a study."""

    def replace_pairs(self, study: str, pairs: Sequence[Pair]) -> None:
        """Make these the study's pairs and move the cube by the difference, in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureRow:
    """One scored study as the drift tests see it."""

    study: str
    day: date
    patient: str | None
    acquisition: Mapping[str, str]
    statistics: Mapping[str, float]
    scores: Mapping[str, float]
    embedding: tuple[float, ...]


class EvaluationStore(Protocol):
    """What the evaluator reads and leaves."""

    def model_versions(self) -> Sequence[tuple[str, str]]:
        """Every (model, version) that has scored a study."""

    def first_day(self, model: str, version: str) -> date | None:
        """The day of the first study a version scored."""

    def features(self, model: str, version: str, window: Window) -> Sequence[FeatureRow]:
        """What a version saw in a window, in order of study time."""

    def counts(
        self, window: Window | None = None, *, by: Sequence[str] = (), daily: bool = False
    ) -> Sequence[CountsRow]:
        """Headline counts from the cube, per model version and finding; `by` adds strata, `daily` adds the day.

        The strata are `site`, `manufacturer` and `visibility`; any other name is a `ValueError`.
        """

    def unsettled_before(self, moment: datetime) -> int:
        """Work received before `moment` that is not done: pending studies, reads to match, studies to pair."""

    def last_evaluated(self) -> date | None:
        """The last day that was evaluated."""

    def record_evaluation(
        self, day: date, *, at: datetime, drifts: Sequence[GroupDrift], alarms: Sequence[Alarm]
    ) -> None:
        """Keep a day's verdicts in one transaction. A day is evaluated once: a second time changes nothing."""

    def clear_alarm(self, alarm: Alarm, *, at: datetime) -> None:
        """Mark an alarm as over."""

    def alarms(self, *, open_only: bool = False) -> Sequence[Alarm]:
        """Alarms in the order they were raised."""

    def drifts(self, window: Window | None = None) -> Sequence[GroupDrift]:
        """Drift results by day."""

    def status(self, *, now: datetime, waiting: int = 0) -> Status:
        """The accounting equation; `waiting` unregistered objects in the spool count as received and as pending."""


class Store(StudyStore, ReadStore, PairStore, EvaluationStore, Protocol):
    """All of it: what one database offers."""
