"""What the pages are made of: the question asked of the store, and its answers as records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dashboard.standing import Evidence, Light, Reading, Targets
from dashboard.trend import Point
from dashboard.words import plain
from monitor.agreement.fourfold import Fourfold
from monitor.agreement.judgement import Judgement
from monitor.core.status import Status
from monitor.core.verdict import Alarm
from monitor.core.windows import Window, trailing

DEFAULT_DAYS = 90
SINCE_ALARM = "alarm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of the store, and when."""

    now: datetime
    now_days: int = 28
    reference_days: int = 28
    targets: Targets = field(default_factory=dict)
    titles: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def title(self, model: str, version: str) -> str:
        """A model version as people say it."""
        return f"{plain(self.titles.get((model, version), model.replace('-', ' ').capitalize()))} {plain(version)}"

    def targets_of(self, model: str, version: str) -> Mapping[tuple[str, str], float]:
        """The promises of one version: (finding, statistic) to share."""
        return {(f, s): least for (m, v, f, s), least in self.targets.items() if (m, v) == (model, version)}


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRow:
    """One model version as the Overview shows it."""

    model: str
    version: str
    title: str
    first: date
    window: Window
    reference: Window
    evidence: Evidence
    light: Light
    ppa: Reading | None
    npa: Reading | None
    trend: Sequence[Point]
    scored: int
    with_final: int
    sites: Mapping[str, tuple[date, date]]

    @property
    def pairs(self) -> int:
        """Pairs with a definite label in the current window, over all findings."""
        return sum(counts.n for counts in self.evidence.now.values())

    @property
    def per_day(self) -> float:
        """Studies scored a day."""
        return self.scored / self.window.days


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that happened, in our words."""

    day: date
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """All of the Overview."""

    status: Status
    rows: Sequence[VersionRow]
    changes: Sequence[Change]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What the Agreement page looks at. An empty stratum is all of it."""

    model: str
    version: str
    finding: str
    strata: Mapping[str, str]
    window: Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One bar of the forest plot."""

    group: str
    name: str
    shares: Fourfold
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """All of the Agreement page below its filters."""

    judged: Judgement
    reference: Fourfold | None
    ppa: Sequence[Point]
    npa: Sequence[Point]
    segments: Sequence[Segment]
    alarms: Sequence[Alarm]
    targets: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What can be chosen for one model version: its findings, the values of each stratum, and its days."""

    findings: Sequence[str]
    strata: Mapping[str, Sequence[str]]
    whole: Window
    alarm_since: date | None

    def window(self, period: str) -> Window:
        """The days of a period: a number of days, or `alarm` for those since the first day of an open alarm."""
        asked = self.alarm_since if period == SINCE_ALARM and self.alarm_since else None
        first = asked or trailing(self.whole.last, DEFAULT_DAYS if period == SINCE_ALARM else int(period)).first
        return Window(first=min(max(self.whole.first, first), self.whole.last), last=self.whole.last)
