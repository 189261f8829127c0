"""What the pipeline asks of the world, as Protocols: it sees these and nothing behind them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from monitor.core.counts import CountsRow
from monitor.core.model import ModelCard
from monitor.core.pairing import Match, MatchMethod, Pair, Unmatched
from monitor.core.quiet import Quiet
from monitor.core.read import QuarantineReason, Read, Taken
from monitor.core.result import Result
from monitor.core.series import SeriesRule
from monitor.core.status import Status
from monitor.core.study import Exclusion, Failure, Features, Instance, Prediction, Study, StudyState
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
    """An image ready to be scored: its pixels (opaque here), and what was computed while they were at hand."""

    pixels: PixelsT
    statistics: Mapping[str, float]
    histogram: tuple[int, ...] = ()


class BrokenOff(Protocol):
    """An association that was aborted, lost or timed out, and the digests of what it had delivered."""

    @property
    def name(self) -> str:
        """The record's name in the spool."""

    @property
    def digests(self) -> Sequence[str]:
        """What had been acknowledged."""


class Spool(Protocol):
    """Where received bytes lie until their study is settled."""

    def arrivals(self, limit: int) -> Sequence[Arrival]:
        """Objects not yet registered, oldest first."""

    def hold(self, arrival: Arrival) -> None:
        """Mark an object as registered; its bytes stay."""

    def waiting(self) -> int:
        """How many objects are not yet registered."""

    def held_digests(self) -> Sequence[str]:
        """Registered objects whose bytes are still here."""

    def release(self, digests: Iterable[str]) -> None:
        """Let go of the bytes of these objects; unknown ones are no error."""

    def broken_off(self) -> Sequence[BrokenOff]:
        """Associations that did not end as they should, until each is forgotten."""

    def forget(self, association: Any) -> None:
        """Let go of the record of such an association."""


class ImageSource(Protocol[PixelsT]):
    """Parses and decodes what lies in the spool, in a jail."""

    def parse(self, arrival: Arrival) -> Instance | Failure:
        """Read an object's header into facts and pseudonyms."""

    def decode(self, instance: Instance, *, voi: bool = False) -> Decoded[PixelsT] | Exclusion | Failure:
        """Read an object's pixels: physical polarity (brighter is denser), modality rescale applied.

        With `voi`, the object's own VOI LUT or window is applied too. What is computed beside the pixels is of the
        image without it.
        """


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

    @property
    def series(self) -> SeriesRule:
        """Which series of a study it is for."""

    @property
    def voi(self) -> bool:
        """Whether it wants images seen through their own VOI LUT or window."""

    def accepts(self, instance: Instance) -> Exclusion | None:
        """None where this instance may be scored, else why not."""

    def score(
        self, batch: Sequence[tuple[Study, Decoded[PixelsT]]], *, scored_at: datetime
    ) -> Sequence[Scored | Failure]:
        """Score a batch; one result per study, in order. A non-finite or out-of-range output is `INVALID_OUTPUT`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """An object that could not be parsed: it counts as a failed study of its own, tried `attempts` times."""

    digest: str
    received_at: datetime
    reason: Failure
    attempts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """An object that could not be registered yet: how often that was tried, when it may be again, and what happened."""

    digest: str
    attempts: int
    not_before: datetime
    reason: Failure


ModelVersion = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """How a pending study ended: scored with its answers, or excluded or failed with a reason.

    `kept` are the model versions whose earlier answer stands; of a study that was scored before, every other earlier
    answer is superseded.
    """

    study: str
    state: StudyState
    reason: Exclusion | Failure | None = None
    scored: tuple[Scored, ...] = ()
    kept: tuple[ModelVersion, ...] = ()


class StudyStore(Protocol):
    """Studies, from the first instance to the last prediction. Each method is one transaction.

    A study is pending, is claimed for an attempt, and is settled. A late instance re-opens it: it is pending again
    while its earlier answers stand, until it is settled anew. Objects of two patients under one study UID end it for
    good.
    """

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """Add instances and, where one is the first, its study.

        The same digest again is no news. The same SOP Instance UID with other bytes is kept as a conflict, and never
        offered for scoring. A new instance re-opens a study that was settled. One of another patient fails its study
        as `MIXED_PATIENTS`: no answer of it is in force any more, and nothing opens it again.
        """

    def claim(self, quiet: Quiet, *, at: datetime, limit: int, again: bool = False) -> Sequence[Study]:
        """Take pending studies that are quiet, oldest first, and note durably that an attempt at each begins.

        A claimed study is offered again after `rest_after` its attempt, unless it is settled before. Those never tried
        come together; those tried before only where `again` is asked, so that one that fells whoever works on it does
        not take others with it.
        """

    def instances_of(self, studies: Sequence[str]) -> Mapping[str, Sequence[Instance]]:
        """The instances of these studies in series and instance order, conflicts left out."""

    def looked_at(self, studies: Sequence[str]) -> Mapping[tuple[str, ModelVersion], str]:
        """The digest of the object each answer in force rests on, by study and model version."""

    def settle(self, settlements: Sequence[Settlement], *, at: datetime) -> int:
        """Store what came of these studies; those no longer pending are left alone. Returns how many were settled."""

    def settled(self, digests: Sequence[str], *, keep_failed_since: datetime | None = None) -> Sequence[str]:
        """Those of these spooled objects whose study is no longer pending: their bytes may go.

        Those of studies that failed at `keep_failed_since` or later are not among them.
        """

    def mark_partial(self, digests: Sequence[str]) -> Sequence[str]:
        """Flag the studies whose last instance is one of these; returns the digests that are registered.

        The flag goes when a later arrival brings more of the study, or the same again.
        """

    def attempts(self) -> Mapping[str, Attempt]:
        """Objects that could not be registered yet, by digest."""

    def note_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Keep these failed attempts, each in place of the one before; registering the object forgets them."""

    def reopen(self, studies: Sequence[str]) -> int:
        """Put settled studies back to pending, as if never tried; those of mixed patients stay. Returns how many."""


class ReadStore(Protocol):
    """Report versions and what could not become one."""

    def take(self, taken: Sequence[Taken]) -> int:
        """Store what some messages became, durably, in one transaction; how many report versions were new.

        The same key again changes nothing. A patient merge makes reads that were held apart by it look again.
        """

    def add_read(self, read: Read) -> bool:
        """Store a version durably; False when the same key is already there."""

    def quarantine(self, key: str, source: str, reason: QuarantineReason, *, at: datetime) -> None:
        """Count a message that was set aside. Idempotent by key."""


Decide = Callable[[Read, Sequence[Study]], Match | Unmatched]
Place = Callable[[Result, Sequence[Study]], Match | Unmatched]
Derive = Callable[[Study, Sequence[Prediction], Sequence[tuple[Read, MatchMethod]]], Sequence[Pair]]


class ResultStore(Protocol):
    """The production AI's own answers."""

    def add_results(self, results: Sequence[Result]) -> int:
        """Store answers durably, in one transaction; how many were new. The same key again changes nothing."""

    def place_results(self, place: Place, *, limit: int) -> int:
        """Find the studies of results never tried, or whose candidates came since. Returns how many were looked at.

        A placed answer becomes a prediction of its own model version; of several for one finding the latest stands.
        """


class PairStore(Protocol):
    """Matching and pairing, incrementally: only what changed is looked at.

    The rule comes in and the store runs it inside its own transaction, so that a study or read that arrives meanwhile
    is never overlooked.
    """

    def match_due(self, decide: Decide, *, limit: int) -> int:
        """Place reads never tried, or whose candidates changed since. Returns how many were looked at."""

    def pair_due(self, derive: Derive, *, limit: int, at: datetime) -> int:
        """Renew the pairs of studies whose predictions or reads changed, and move the cube by the difference.

        Returns how many studies were looked at.
        """


class ModelStore(Protocol):
    """The model versions that have been loaded here."""

    def register_model(self, card: ModelCard) -> None:
        """Keep a model version's card; a newer card of the same version replaces the older."""

    def models(self) -> Sequence[ModelCard]:
        """All cards, by model and version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureRow:
    """One scored study as the drift tests see it."""

    study: str
    day: date
    patient: str | None
    acquisition: Mapping[str, str]
    statistics: Mapping[str, float]
    histogram: tuple[int, ...]
    scores: Mapping[str, float]
    embedding: tuple[float, ...]
    chosen: str


class EvaluationStore(Protocol):
    """What the evaluator reads and leaves."""

    def model_versions(self) -> Sequence[tuple[str, str]]:
        """Every (model, version) that has scored a study."""

    def first_received(self, model: str, version: str) -> datetime | None:
        """When the first study a version scored was received: its monitoring began then."""

    def features(self, model: str, version: str, window: Window) -> Sequence[FeatureRow]:
        """What a version saw in a window, in order of study time."""

    def counts(
        self, window: Window | None = None, *, by: Sequence[str] = (), daily: bool = False, as_of: date | None = None
    ) -> Sequence[CountsRow]:
        """Headline counts from the cube, per model version and finding; `by` adds strata, `daily` adds the day.

        With `as_of` they are what was known at the end of that day (UTC), whatever was learnt since.
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


class Store(StudyStore, ReadStore, ResultStore, PairStore, ModelStore, EvaluationStore, Protocol):
    """All of it: what one database offers."""
