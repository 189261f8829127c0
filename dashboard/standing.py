"""How a model version stands, and the readings it rests on. Pure: records in, a verdict in words out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import hypot

from dashboard.words import count, day, listed, plain
from monitor.agreement.fourfold import fourfold
from monitor.agreement.judgement import MINIMUM, judge
from monitor.agreement.proportion import Proportion
from monitor.core.counts import Counts
from monitor.core.verdict import Alarm, AlarmKind, DriftVerdict, GroupDrift, Verdict
from monitor.core.windows import Window

Targets = Mapping[tuple[str, str, str, str], float]
"""(model, version, finding, statistic) to the least share that was promised."""

STATISTICS = ("ppa", "npa")


class Standing(StrEnum):
    """The four lights, gravest first."""

    ALERT = "alert"
    WATCH = "watch"
    TOO_LITTLE = "too little data"
    AGREES = "agrees"


class Claim(StrEnum):
    """Whether a promise holds, by the whole interval and not by its middle."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One finding's PPA or NPA: now, in the reference window, and what was promised."""

    finding: str
    statistic: str
    now: Proportion
    reference: Proportion | None
    target: float | None

    @property
    def rise(self) -> float:
        """The most by which agreement may have risen; negative where it has surely fallen.

        Upper bound of now − reference by Newcombe's hybrid score method (R. G. Newcombe, Statistics in Medicine 17
        (1998) 873-890, method 10). Without a reference, the upper bound of now alone, so that the lowest sorts first.
        """
        if self.reference is None:
            return self.now.high
        gain = self.now.value - self.reference.value
        return gain + hypot(self.now.high - self.now.value, self.reference.value - self.reference.low)

    @property
    def claim(self) -> Claim | None:
        """How the promise stands; None where nothing was promised."""
        if self.target is None:
            return None
        if self.now.high < self.target:
            return Claim.REFUTED
        return Claim.SUPPORTED if self.now.low >= self.target else Claim.UNDECIDED


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one model version is judged on."""

    now: Mapping[str, Counts]
    readings: Sequence[Reading]
    alarms: Sequence[Alarm]
    drift: Sequence[GroupDrift]
    stale_since: date | None

    @property
    def unjudged(self) -> tuple[str, ...]:
        """The findings with too little data."""
        return tuple(name for name, counts in self.now.items() if not MINIMUM.met_by(counts))

    @property
    def drifting(self) -> tuple[GroupDrift, ...]:
        """The groups that the last evaluation called drifted."""
        return tuple(group for group in self.drift if group.verdict is DriftVerdict.DRIFT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Light:
    """A standing and why, in a few of our own words."""

    standing: Standing
    why: str


def light(evidence: Evidence) -> Light:
    """Judge a version: an open alarm first, then what deserves a look, then whether there is enough data.

    Only alarms, which carry a false-alarm budget, turn the light to alert; intervals read every day would cry wolf.
    """
    if evidence.alarms:
        first = min(evidence.alarms, key=lambda alarm: alarm.since)
        return Light(standing=Standing.ALERT, why=f"{count(len(evidence.alarms), 'alarm')} since {day(first.since)}")
    doubts = _doubts(evidence)
    if doubts:
        return Light(standing=Standing.WATCH, why=doubts[0])
    if len(evidence.unjudged) == len(evidence.now):
        return Light(standing=Standing.TOO_LITTLE, why="no verdict yet")
    judged = len(evidence.now) - len(evidence.unjudged)
    return Light(standing=Standing.AGREES, why=f"no alarm, {judged} of {count(len(evidence.now), 'finding')}")


def _doubts(evidence: Evidence) -> list[str]:
    """What deserves a look though no alarm is open, gravest first."""
    silent = [] if evidence.stale_since is None else [f"silent since {day(evidence.stale_since)}"]
    refuted = [f"below claim: {plain(r.finding)}" for r in evidence.readings if r.claim is Claim.REFUTED]
    chance = [f"perhaps chance: {plain(name)}" for name, counts in evidence.now.items() if _perhaps_chance(counts)]
    drifting = [f"{group.group} drifted, no alarm yet" for group in evidence.drifting]
    return silent + refuted + chance + drifting


def readings(
    now: Mapping[str, Counts], reference: Mapping[str, Counts], targets: Mapping[tuple[str, str], float]
) -> tuple[Reading, ...]:
    """PPA and NPA of every finding, the surest fall first; findings with too little data after the others."""
    found = []
    for finding, counts in now.items():
        before = fourfold(reference.get(finding, Counts()))
        for statistic in STATISTICS:
            share: Proportion | None = getattr(fourfold(counts), statistic)
            if share is not None:
                found.append(
                    Reading(
                        finding=finding,
                        statistic=statistic,
                        now=share,
                        reference=getattr(before, statistic),
                        target=targets.get((finding, statistic)),
                    )
                )
    return tuple(sorted(found, key=lambda reading: (not MINIMUM.met_by(now[reading.finding]), reading.rise)))


def weakest(found: Sequence[Reading], statistic: str, alarms: Sequence[Alarm]) -> Reading | None:
    """The reading a row shows: of the finding an agreement alarm names, else the one that has most surely fallen."""
    of_statistic = [reading for reading in found if reading.statistic == statistic]
    named = {alarm.subject for alarm in alarms if alarm.kind is AlarmKind.AGREEMENT}
    return next((r for r in of_statistic if r.finding in named), next(iter(of_statistic), None))


def missing_positives(counts: Counts) -> int:
    """How many more reported positives a verdict needs."""
    return max(0, MINIMUM.positives - counts.tp - counts.fn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdictline:
    """The answer to the page's question: a few words, and the sentence that bears them out."""

    answer: str
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One version as the verdict speaks of it."""

    title: str
    light: Light
    evidence: Evidence
    window: Window


def verdict(cases: Sequence[Case]) -> Verdictline:
    """Answer for all versions at once: the gravest standing speaks."""
    order = list(Standing)
    gravest = min(cases, key=lambda case: order.index(case.light.standing))
    pairs = sum(counts.n for case in cases for counts in case.evidence.now.values())
    rests_on = f"n = {count(pairs)} pairs since {day(min(case.window.first for case in cases), year=True)}"
    if gravest.light.standing is Standing.ALERT:
        return _alert(gravest, rests_on)
    if gravest.evidence.stale_since is not None:
        stale = day(gravest.evidence.stale_since, year=True)
        return Verdictline(answer="We no longer know.", because=f"Nothing has come in since {stale}; {rests_on}.")
    if gravest.light.standing is Standing.WATCH:
        because = f"{gravest.title}: {gravest.light.why}. No alarm is open; {rests_on}."
        return Verdictline(answer="Mostly, with one thing to watch.", because=because)
    waiting = [case.title for case in cases if case.light.standing is Standing.TOO_LITTLE]
    if waiting:
        needs = f"a verdict needs {MINIMUM.pairs} pairs of a finding, {MINIMUM.positives} of them reported positive"
        return Verdictline(answer="Too early to say.", because=f"{listed(waiting)}: {needs}; {rests_on}.")
    return Verdictline(answer="Yes, as far as the data can tell.", because=f"No alarm is open; {rests_on}.")


def _alert(case: Case, rests_on: str) -> Verdictline:
    disagreeing = [alarm for alarm in case.evidence.alarms if alarm.kind is AlarmKind.AGREEMENT]
    if disagreeing:
        subjects = listed([plain(alarm.subject) for alarm in disagreeing])
        since = day(min(alarm.since for alarm in disagreeing), year=True)
        return Verdictline(
            answer="No.",
            because=f"{case.title} and our radiologists differ more on {subjects} since {since}; {rests_on}.",
        )
    since = day(min(alarm.since for alarm in case.evidence.alarms), year=True)
    return Verdictline(answer="In doubt.", because=f"What {case.title} sees has changed since {since}; {rests_on}.")


def _perhaps_chance(counts: Counts) -> bool:
    judged = judge(counts)
    return judged.verdict is not Verdict.INSUFFICIENT_DATA and judged.kappa is not None and judged.kappa.low <= 0
