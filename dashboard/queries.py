"""The only door to the store: what each page needs, as records, at a cost that grows with days and strata."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from dashboard.changes import changes_of
from dashboard.records import Agreement, Choices, Overview, Question, Scope, Segment, VersionRow
from dashboard.standing import Evidence, light, readings, weakest
from dashboard.trend import trend
from monitor.agreement.fourfold import Fourfold, fourfold
from monitor.agreement.judgement import judge
from monitor.core.counts import Counts, CountsRow
from monitor.core.errors import OverreadError
from monitor.core.verdict import Alarm
from monitor.core.windows import Window, leading, trailing
from monitor.store import overview, revision
from monitor.store.database import Database
from monitor.store.sql import SqlStore

TREND_DAYS = 90
STALE_AFTER = timedelta(days=2)
STRATA = ("site", "manufacturer", "visibility")


class StoreNotReadyError(OverreadError):
    """The store has not been set up by this version of Overread."""


@st.cache_resource(show_spinner=False)
def open_store(url: str) -> SqlStore:
    """The store of this process, opened once.

    Raises:
        StoreNotReadyError: its tables are missing or of another version; not remembered, so the next look can succeed.
    """
    database = Database(url)
    found, needed = revision.pending(database)
    if found != needed:
        raise StoreNotReadyError
    return SqlStore(database)


def asked(store: SqlStore, question: Question) -> Question:
    """The question, with the title of every model version and what was promised of it."""
    cards = store.models()
    targets: dict[tuple[str, str, str, str], float] = {
        (card.model, card.version, finding, target.statistic): target.at_least
        for card in cards
        for finding in card.findings
        for target in card.targets_of(finding)
        if target.statistic != "agreement"
    }
    return replace(question, targets=targets, titles={(card.model, card.version): card.title for card in cards})


def overview_of(store: SqlStore, question: Question) -> Overview:
    """Ask for the Overview."""
    alarms = store.alarms()
    rows = [
        _version_row(store, question, model, version, first, [a for a in alarms if (a.model, a.version) == key])
        for key in overview.versions_scored(store.database)
        for model, version in [key]
        if (first := _began(store, model, version)) is not None
    ]
    ends = [row.window.last for row in rows]
    drifts = store.drifts(trailing(max(ends), TREND_DAYS)) if ends else ()
    return Overview(
        status=store.status(now=question.now),
        rows=rows,
        changes=changes_of(rows, alarms, drifts, question),
    )


def pulse(store: SqlStore) -> tuple[object, ...]:
    """Changes whenever there is something new to show; two small reads."""
    beats = sorted(store.heartbeats().items())
    return (*beats, *((alarm.model, alarm.version, alarm.at) for alarm in store.alarms(open_only=True)))


def _version_row(
    store: SqlStore, question: Question, model: str, version: str, first: date, alarms: Sequence[Alarm]
) -> VersionRow:
    last = overview.last_day(store.database, model, version) or first
    reference = leading(first, question.reference_days)
    window = _current(first, last, question)
    where = {"model": model, "version": version}
    rows = overview.sliced(store.database, trailing(last, TREND_DAYS), where=where, by=("site",), daily=True)
    now = by_finding(row for row in rows if row.day is not None and window.first <= row.day)
    before = {} if last <= reference.last else by_finding(overview.sliced(store.database, reference, where=where))
    drift = [
        d for d in store.drifts(trailing(last, question.reference_days)) if (d.model, d.version) == (model, version)
    ]
    evidence = Evidence(
        now=now,
        readings=readings(now, before, question.targets_of(model, version)),
        alarms=[alarm for alarm in alarms if alarm.cleared_at is None],
        drift=[d for d in drift if d.day == drift[-1].day],
        stale_since=last if question.now.date() - last > STALE_AFTER else None,
    )
    ppa = weakest(evidence.readings, "ppa", evidence.alarms)
    scored = overview.scored_by_day(store.database, model, version, window)
    return VersionRow(
        model=model,
        version=version,
        title=question.title(model, version),
        first=first,
        window=window,
        reference=reference,
        evidence=evidence,
        light=light(evidence),
        ppa=ppa,
        npa=weakest(evidence.readings, "npa", evidence.alarms),
        trend=() if ppa is None else trend(_daily(rows, ppa.finding), trailing(last, TREND_DAYS), "ppa"),
        scored=sum(scored.values()),
        with_final=max((counts.n + counts.uncertain for counts in now.values()), default=0),
        sites=_seen(rows),
    )


def _current(first: date, last: date, question: Question) -> Window:
    """The last days, but none of the reference window once that is over."""
    start = max(first, last - timedelta(days=question.now_days - 1))
    closed = first + timedelta(days=question.reference_days)
    return Window(first=max(start, closed) if last >= closed else start, last=last)


def _began(store: SqlStore, model: str, version: str) -> date | None:
    """The day on which the first study a version scored was received: its monitoring began then."""
    first = store.first_received(model, version)
    return None if first is None else first.date()


def by_finding(rows: Iterable[CountsRow]) -> dict[str, Counts]:
    """The sum of these rows for each finding."""
    found: dict[str, Counts] = {}
    for row in rows:
        found[row.finding] = found.get(row.finding, Counts()) + row.counts
    return found


def _daily(rows: Iterable[CountsRow], finding: str) -> dict[date, Counts]:
    found: dict[date, Counts] = {}
    for row in rows:
        if row.finding == finding and row.day is not None:
            found[row.day] = found.get(row.day, Counts()) + row.counts
    return found


def _seen(rows: Iterable[CountsRow]) -> dict[str, tuple[date, date]]:
    found: dict[str, tuple[date, date]] = {}
    for row in rows:
        if row.day is not None:
            first, last = found.get(row.stratum["site"], (row.day, row.day))
            found[row.stratum["site"]] = (min(first, row.day), max(last, row.day))
    return found


def versions_of(store: SqlStore) -> Sequence[tuple[str, str]]:
    """Every (model, version) that scored a study."""
    return overview.versions_scored(store.database)


def choices_of(store: SqlStore, model: str, version: str) -> Choices:
    """What the filters may offer."""
    first = _began(store, model, version)
    last = overview.last_day(store.database, model, version)
    whole = Window(first=first or date.min, last=last or date.min)
    rows = overview.sliced(store.database, whole, where={"model": model, "version": version}, by=STRATA)
    return Choices(
        findings=sorted({row.finding for row in rows}),
        strata={name: sorted({row.stratum[name] for row in rows}) for name in STRATA},
        whole=whole,
        alarm_since=min(
            (a.since for a in store.alarms(open_only=True) if (a.model, a.version) == (model, version)), default=None
        ),
    )


def agreement_of(store: SqlStore, question: Question, scope: Scope, whole: Window) -> Agreement:
    """Ask for the Agreement page: its figures from the scope's window, its trends from at least `TREND_DAYS`."""
    drawn = Window(
        first=max(whole.first, min(scope.window.first, trailing(whole.last, TREND_DAYS).first)), last=whole.last
    )
    key = {"model": scope.model, "version": scope.version}
    narrow = key | {"finding": scope.finding} | {name: value for name, value in scope.strata.items() if value}
    daily = _daily(overview.sliced(store.database, drawn, where=narrow, daily=True), scope.finding)
    reference = leading(whole.first, question.reference_days)
    before = overview.sliced(store.database, reference, where=narrow) if whole.last > reference.last else ()
    promised = question.targets_of(scope.model, scope.version)
    alarms = [alarm for alarm in store.alarms() if (alarm.model, alarm.version) == (scope.model, scope.version)]
    return Agreement(
        judged=judge(sum((counts for day, counts in daily.items() if day >= scope.window.first), Counts())),
        reference=fourfold(by_finding(before)[scope.finding]) if before else None,
        ppa=trend(daily, drawn, "ppa"),
        npa=trend(daily, drawn, "npa"),
        segments=_segments(overview.sliced(store.database, scope.window, where=key, by=STRATA), scope),
        alarms=[alarm for alarm in alarms if drawn.first <= alarm.at.date()],
        targets={statistic: least for (finding, statistic), least in promised.items() if finding == scope.finding},
    )


def agreement_since(
    store: SqlStore, alarm: Alarm, finding: str, where: Mapping[str, str], *, first: date, last: date
) -> tuple[Fourfold, Fourfold]:
    """A finding's figures where an alarm points to, before its first day and from then on."""
    key = {"model": alarm.model, "version": alarm.version, "finding": finding, **where}
    rows = overview.sliced(store.database, Window(first=first, last=max(first, last)), where=key, daily=True)
    daily = _daily(rows, finding)
    before = sum((counts for day, counts in daily.items() if day < alarm.since), Counts())
    since = sum((counts for day, counts in daily.items() if day >= alarm.since), Counts())
    return fourfold(before), fourfold(since)


def _segments(rows: Sequence[CountsRow], scope: Scope) -> Sequence[Segment]:
    """Each group of subgroups, under all filters but its own, so that the chosen one stands among its peers."""
    found = []
    for group in ("finding", "site", "manufacturer", "visibility"):
        wanted = scope.finding if group == "finding" else scope.strata.get(group, "")
        cells: dict[str, Counts] = {}
        for row in rows:
            if _within(row, scope, group):
                name = row.finding if group == "finding" else row.stratum[group]
                cells[name] = cells.get(name, Counts()) + row.counts
        if len(cells) > 1 or group == "finding":
            found += [
                Segment(group=group, name=name, shares=fourfold(counts), chosen=name == wanted)
                for name, counts in sorted(cells.items())
            ]
    return found


def _within(row: CountsRow, scope: Scope, group: str) -> bool:
    if group != "finding" and row.finding != scope.finding:
        return False
    return all(row.stratum[name] == value for name, value in scope.strata.items() if value and name != group)
