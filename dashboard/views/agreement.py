"""Agreement: one finding of one model version, over time and by subgroup."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard import charts, frame
from dashboard.queries import agreement_of, choices_of, pulse, versions_of
from dashboard.records import DEFAULT_DAYS, SINCE_ALARM, Agreement, Choices, Question, Scope
from dashboard.words import between, day, kappa_between, listed, of, percent, plain, ratio
from monitor.agreement.judgement import MINIMUM
from monitor.agreement.proportion import Proportion
from monitor.core.verdict import Verdict
from monitor.store.sql import SqlStore

TITLE = "How often do the AI and our radiologists agree?"
ALL = ""
PERIODS = {"14": "14 days", "30": "30 days", "90": "90 days", "365": "1 year", SINCE_ALARM: "Since the alarm"}
_STRATA = {"site": "Site", "manufacturer": "Manufacturer", "visibility": "Reader saw the AI"}


def show() -> None:
    """Draw the page."""
    store = frame.store()
    if store is None:
        return
    seen = pulse(store)
    question = frame.question(store)
    versions = versions_of(store)
    st.title(TITLE, anchor=False)
    if not versions:
        frame.nothing_received()
    else:
        _page(store, question, versions)
    frame.loopback_note()
    frame.keep_fresh(seen)


def _page(store: SqlStore, question: Question, versions: Sequence[tuple[str, str]]) -> None:
    verdict = st.empty()
    scope, choices = _scope(store, question, versions)
    if scope is None:
        verdict.markdown("**Too early to say.** Studies were scored, but no final read has come in yet.")
        return
    found = agreement_of(store, question, scope, choices.whole)
    verdict.markdown(_verdict(question, scope, found))
    left, right = st.columns([1.15, 1], gap="small")
    with left, st.container(border=True, height="stretch"):
        _trends(found)
    with right, st.container(border=True, height="stretch"):
        _forests(found)
    _tiles(found)


def _scope(store: SqlStore, question: Question, versions: Sequence[tuple[str, str]]) -> tuple[Scope | None, Choices]:
    """The filters, each kept in the address so that a link shows the same view."""
    columns = st.columns([1.4, 1.3, 1.2, 1.2, 1.2, 1.1], gap="small")
    with columns[0]:
        model, version = _version(question, versions)
    choices = choices_of(store, model, version)
    if not choices.findings:
        return None, choices
    scoped = f"{model}/{version}"
    with columns[1]:
        finding = _choose("Finding", "finding", choices.findings, choices.findings[0], _named, scoped)
    strata = {}
    for column, (name, label) in zip(columns[2:5], _STRATA.items(), strict=True):
        shown = _named if name == "visibility" else _verbatim
        with column:
            strata[name] = _choose(label, name, [ALL, *choices.strata[name]], ALL, shown, scoped)
    with columns[5]:
        offered = [period for period in PERIODS if period != SINCE_ALARM or choices.alarm_since]
        period = _choose("Period", "period", offered, str(DEFAULT_DAYS), PERIODS.__getitem__, scoped)
    window = choices.window(period)
    return Scope(model=model, version=version, finding=finding, strata=strata, window=window), choices


def _version(question: Question, versions: Sequence[tuple[str, str]]) -> tuple[str, str]:
    given = (st.query_params.get("model"), st.query_params.get("version"))
    start = versions.index(given) if given in versions else 0
    chosen = st.selectbox("Model", versions, index=start, format_func=lambda key: question.title(*key), key="version")
    _remember("model", chosen[0])
    _remember("version", chosen[1])
    return chosen


def _choose(
    label: str, name: str, options: Sequence[str], default: str, shown: Callable[[str], str], scoped: str
) -> str:
    """One filter, beginning with what the address says where that is on offer."""
    given = st.query_params.get(name, default)
    start = options.index(given if given in options else default)
    chosen = st.selectbox(label, options, index=start, format_func=shown, key=f"{name} {scoped}")
    _remember(name, chosen)
    return chosen


def _remember(name: str, value: str) -> None:
    """Keep a choice in the address; what is not chosen is not in it."""
    if value == ALL:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _named(name: str) -> str:
    return name.replace("_", " ").capitalize() if name else "All"


def _verbatim(name: str) -> str:
    return name or "All"


def _verdict(question: Question, scope: Scope, found: Agreement) -> str:
    """The figures of the page in one sentence."""
    shares = found.judged.proportions
    title, finding = question.title(scope.model, scope.version), plain(scope.finding)
    since = day(scope.window.first, year=True)
    if shares.ppa is None or shares.npa is None:
        return f"**Too early to say.** {title} on {finding}: {of(found.judged.counts.n)} pairs since {since}."
    called = f"{percent(shares.ppa.value)} ({between(shares.ppa)}, {of(shares.ppa.n)})"
    left = f"{percent(shares.npa.value)} ({between(shares.npa)}, {of(shares.npa.n)})"
    where = listed([plain(value) for value in scope.strata.values() if value]) if any(scope.strata.values()) else ""
    at = f" ({where})" if where else ""
    figures = (
        f"Since {since}{at}, {title} called {called} of the {finding} our radiologists reported "
        f"and left {left} of the rest alone."
    )
    if found.judged.verdict is Verdict.INSUFFICIENT_DATA:
        needs = f"a verdict needs {MINIMUM.pairs} pairs with {MINIMUM.positives} on either side"
        return f"{_alarm(found)}**Too early to say**: {needs}. {figures}"
    return f"{_alarm(found) or '**No alarm is open.** '}{figures}"


def _alarm(found: Agreement) -> str:
    raised = [alarm.since for alarm in found.alarms if alarm.cleared_at is None]
    return f"**An alarm is open since {day(min(raised))}.** " if raised else ""


def _trends(found: Agreement) -> None:
    st.markdown(
        "**Over time** :small[:gray[trailing 7 days; band: Wilson 95 % interval at each day]]", help=_TREND_HELP
    )
    marks = {alarm.at.date(): f"{plain(alarm.subject)} alarm" for alarm in found.alarms}
    for statistic, points in (("ppa", found.ppa), ("npa", found.npa)):
        if not points:
            st.caption(f"{charts.STATISTIC_NAMES[statistic]}: the trend begins after the first week.")
            continue
        lines = _lines(found, statistic)
        inside = {mark: name for mark, name in marks.items() if points[0].day <= mark <= points[-1].day}
        chart = charts.trend(points, statistic, lines=lines, marks=inside)
        st.altair_chart(chart, width="stretch", alt=f"Trend of {charts.STATISTIC_NAMES[statistic].lower()}")


_TREND_HELP = (
    "The band is right for one look at one day; whoever watches it daily will see it leave the line by chance. Alarms "
    "(amber) keep a stated budget of false alarms. Axes begin where the data is, not at zero."
)


def _lines(found: Agreement, statistic: str) -> Mapping[str, float]:
    """The promise where there is one; else the reference window."""
    if statistic in found.targets:
        return {f"target {percent(found.targets[statistic])}": found.targets[statistic]}
    share: Proportion | None = None if found.reference is None else getattr(found.reference, statistic)
    return {} if share is None else {f"reference {percent(share.value)}": share.value}


def _forests(found: Agreement) -> None:
    st.markdown("**For whom** :small[:gray[Wilson 95 % interval, n on the right]]", help=_FOREST_HELP)
    suspects = _suspects(found)
    for column, statistic in zip(st.columns(2, gap="small"), charts.STATISTIC_NAMES, strict=True):
        target = next(iter(_lines(found, statistic).values()), None)
        chart = charts.forest(found.segments, statistic, target=target, suspects=suspects)
        with column, st.container(gap=None):
            st.caption(charts.STATISTIC_NAMES[statistic])
            st.altair_chart(chart, width="stretch", alt=f"{charts.STATISTIC_NAMES[statistic]} of subgroups")
    if suspects:
        st.caption("▲ where the open alarm points first")


def _suspects(found: Agreement) -> set[tuple[str, str]]:
    """The subgroups that the first suspect of each open alarm names."""
    firsts = [alarm.suspects[0].segment for alarm in found.alarms if alarm.cleared_at is None and alarm.suspects]
    return {item for segment in firsts for item in segment.items()}


_FOREST_HELP = (
    "Each group is shown under all filters but its own, so that a chosen site stands among the others. Dashed: the "
    "target or, where none is stated, the reference window. Many intervals stand here at once: one that misses the "
    "line is a reason to look."
)


def _tiles(found: Agreement) -> None:
    shares, judged = found.judged.proportions, found.judged
    n = of(judged.counts.n)
    kappa = "undefined" if judged.kappa is None else f"{kappa_between(judged.kappa)}, {n}"
    tiles = (
        ("PPA", *_share(shares.ppa), "Positive percent agreement: of the reported, the share called."),
        ("NPA", *_share(shares.npa), "Negative percent agreement: of the not reported, the share left uncalled."),
        (
            "Kappa",
            ratio(judged.kappa.value if judged.kappa else None),
            kappa,
            "Cohen's kappa: agreement beyond chance.",
        ),
        (
            "AC1 / PABAK",
            f"{ratio(judged.ac1)} / {ratio(judged.pabak)}",
            n,
            "Beyond chance, readable at low prevalence.",
        ),
        ("Prevalence", *_share(shares.prevalence, digits=1), "The share the radiologists reported."),
        (
            "A constant “no”",
            *_share(shares.always_negative, digits=1),
            "An AI that never calls would agree this often.",
        ),
    )
    for column, (label, value, below, meaning) in zip(st.columns(len(tiles), gap="small"), tiles, strict=True):
        with column, st.container(border=True, gap=None):
            st.caption(label, help=meaning)
            st.markdown(f"**{value}**")
            st.caption(below)


def _share(share: Proportion | None, *, digits: int = 0) -> tuple[str, str]:
    if share is None:
        return "–", "no case yet"
    return percent(share.value, digits=digits), f"{between(share, digits=digits)}, {of(share.n)}"
