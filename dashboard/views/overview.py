"""Overview: one row a model version, for a committee that has five minutes."""

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from dashboard import charts, frame
from dashboard.queries import agreement_since, overview_of, pulse
from dashboard.records import SINCE_ALARM, Change, Overview, VersionRow
from dashboard.standing import Case, Claim, Reading, Standing, missing_positives, verdict
from dashboard.words import NARROW, between, count, day, listed, of, percent, plain, ratio
from monitor.agreement.proportion import Proportion
from monitor.core.verdict import Alarm, AlarmKind
from monitor.core.windows import Window
from monitor.store.sql import SqlStore

TITLE = "Does our AI still read as our radiologists do?"
MOST_CHANGES = 4
MOST_UNSEEN = 4
_MEANING = {
    "ppa": "Of the findings the radiologist reported, the share that the AI called.",
    "npa": "Of the findings the radiologist did not report, the share that the AI left uncalled.",
}


def show() -> None:
    """Draw the page."""
    store = frame.store()
    if store is None:
        return
    seen = pulse(store)
    question = frame.question(store)
    found = overview_of(store, question)
    st.title(TITLE, anchor=False)
    if not found.status.studies.received:
        frame.nothing_received()
    elif not found.rows:
        st.markdown("**Too early to say.** Studies have come in, none has been scored yet.")
        st.caption(frame.accounting(found.status))
    else:
        _page(store, found)
    frame.loopback_note()
    frame.keep_fresh(seen)


def _page(store: SqlStore, found: Overview) -> None:
    rows = found.rows
    line = verdict([Case(title=r.title, light=r.light, evidence=r.evidence, window=r.window) for r in rows])
    st.markdown(f"**{line.answer}** {line.because}")
    upto = day(max(row.window.last for row in rows), year=True)
    st.caption(f"All sites · studies to {upto} · {frame.accounting(found.status)}")
    for row in rows:
        _banner(store, row)
    with st.container(gap="xsmall"):
        for row in sorted(rows, key=lambda row: list(Standing).index(row.light.standing)):
            _row(row)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", gap="xsmall"):
        _changed(found.changes)
    with right, st.container(border=True, height="stretch", gap="xsmall"):
        _unseen(found)


def _banner(store: SqlStore, row: VersionRow) -> None:
    """What, where first, since when, how sure; and the way to the evidence."""
    for alarm in row.evidence.alarms:
        finding = alarm.subject if alarm.kind is AlarmKind.AGREEMENT else (row.ppa.finding if row.ppa else "")
        where = _place(alarm)
        parts = [f"**{row.title}: {_happened(alarm)} since {day(alarm.since)}.**", _first_look(alarm)]
        if finding:
            parts.append(_meanwhile(store, alarm, row, finding, where))
        with st.container(gap="small"):
            st.error(" ".join(part for part in parts if part), icon=":material/change_history:")
            with st.container(horizontal=True, vertical_alignment="center"):
                link = {"model": row.model, "version": row.version, "finding": finding, "period": SINCE_ALARM}
                st.page_link(
                    st.session_state["pages"]["agreement"],
                    label=":primary[**See the evidence**]",
                    icon=":material/arrow_forward:",
                    query_params={name: value for name, value in link.items() if value},
                )
                st.caption(_how_sure(alarm))


def _happened(alarm: Alarm) -> str:
    if alarm.kind is AlarmKind.AGREEMENT:
        return f"radiologists disagree more often on {plain(alarm.subject)}"
    return {"inputs": "the images have changed", "scores": "its scores have shifted"}.get(
        alarm.subject, f"its {plain(alarm.subject)} has shifted"
    )


def _place(alarm: Alarm) -> dict[str, str]:
    """The strata of the first suspect that the Agreement page can filter by."""
    segment = alarm.suspects[0].segment if alarm.suspects else {}
    return {name: segment[name] for name in ("site", "manufacturer") if name in segment}


def _first_look(alarm: Alarm) -> str:
    if not alarm.suspects:
        return "No single site or scanner stands out."
    suspect = alarm.suspects[0]
    named = " · ".join(plain(suspect.segment[name]) for name in _ORDER if name in suspect.segment)
    named = named or " · ".join(plain(value) for value in suspect.segment.values())
    share = f"about {round(10 * suspect.share)} in 10 of the changed studies, {suspect.lift:.1f} times its usual share"
    return f"Look first at **{named}**: {share}."


_ORDER = ("site", "manufacturer", "model_name", "software")


def _meanwhile(store: SqlStore, alarm: Alarm, row: VersionRow, finding: str, where: dict[str, str]) -> str:
    before, since = agreement_since(store, alarm, finding, where, first=row.first, last=row.window.last)
    if since.ppa is None:
        return ""
    place = "There, positive" if where else "Positive"
    was = (
        ""
        if before.ppa is None
        else f"; before, {percent(before.ppa.value)} ({between(before.ppa)}, {of(before.ppa.n)})"
    )
    figure = f"{percent(since.ppa.value)} ({between(since.ppa)}, {of(since.ppa.n)})"
    return f"{place} agreement on {plain(finding)} is {figure} since then{was}."


def _how_sure(alarm: Alarm) -> str:
    budget = frame.settings().evaluation.false_alarms_per_year
    return (
        f"How sure: p = {alarm.statistic:.1g} against an alarm limit of {alarm.threshold:.1g} a day, "
        f"set for at most {budget:g} false alarms a model and year. Raised {day(alarm.at.date(), year=True)}."
    )


def _row(row: VersionRow) -> None:
    with st.container(border=True):
        model, light, ppa, npa, spark, drift, claims, volume = st.columns(_WIDTHS, gap="small")
        with model:
            _cell(
                f"**{row.title}**", f"{count(row.pairs, 'pair')}", f"{day(row.window.first)} – {day(row.window.last)}"
            )
        with light, st.container(gap="xsmall"):
            frame.badge(row.light.standing)
            st.caption(row.light.why)
        with ppa:
            _reading("ppa", row.ppa)
        with npa:
            _reading("npa", row.npa)
        with spark:
            _spark(row)
        with drift:
            _cell(":gray[Input drift]", *_drift_words(row))
        with claims:
            _cell(":gray[Vendor claims]", *_claim_words(row))
        with volume:
            _cell(":gray[Volume]", f"{row.per_day:.0f} a day", _coverage(row))


def _days(window: Window) -> str:
    return day(window.last) if window.days == 1 else f"{day(window.first)} – {day(window.last)}"


_WIDTHS = (1.55, 1.2, 1.65, 1.65, 1.75, 1.15, 1.15, 1.3)


def _coverage(row: VersionRow) -> str:
    if not row.scored:
        return "nothing scored"
    return f"{count(row.with_final)} of {count(row.scored)} with final read ({percent(row.with_final / row.scored)})"


def _cell(label: str, value: str, below: str, *, meaning: str | None = None) -> None:
    """Three lines of our own words: what it is, how much, and what to weigh it by."""
    with st.container(gap=None):
        st.markdown(label if label.startswith("**") else f":small[{label}]", help=meaning)
        st.markdown(value if label.startswith("**") else _bold(value))
        st.caption(below)


def _bold(value: str) -> str:
    """The whole value, unless it closes its bold part itself."""
    return f"**{value}" if "**" in value else f"**{value}**"


def _reading(statistic: str, reading: Reading | None) -> None:
    label, meaning = f":gray[{charts.STATISTIC_NAMES[statistic]}]", f"{_MEANING[statistic]} {_WHY_THIS_FINDING}"
    if reading is None:
        _cell(label, "–", "nothing to count yet", meaning=meaning)
        return
    value = f"{percent(reading.now.value)}** :small[:gray[{between(reading.now)}]]"
    below = f"{plain(reading.finding)}, {of(reading.now.n)}"
    _cell(label, value, f"{below}  \n{_before(reading.reference)}", meaning=meaning)


def _before(reference: Proportion | None) -> str:
    if reference is None:
        return "no reference yet"
    return f"was {percent(reference.value)} ({between(reference)}, {of(reference.n)})"


_WHY_THIS_FINDING = (
    "Pooled over findings it would hide the weak one, so this is the finding that has most surely fallen since the "
    "reference window; the Agreement page has them all. Wilson 95 % interval."
)


def _spark(row: VersionRow) -> None:
    if not row.trend or row.ppa is None:
        _cell(":gray[Trend]", "–", "begins after the first week")
        return
    with st.container(gap=None):
        st.markdown(f":small[:gray[{plain(row.ppa.finding).capitalize()}, 7 days]]", help=_SPARK_HELP)
        marks = [alarm.at.date() for alarm in row.evidence.alarms if alarm.at.date() >= row.trend[0].day]
        reference = None if row.ppa.reference is None else row.ppa.reference.value
        chart = charts.sparkline(row.trend, reference=reference, marks=marks)
        st.altair_chart(chart, width="stretch", alt=f"Trend of positive agreement, {row.title}")


_SPARK_HELP = (
    "Positive agreement of the trailing seven days with its 95 % interval. Dashed: the reference window. Amber: "
    "the day an alarm was raised. The axis begins where the data is."
)


def _drift_words(row: VersionRow) -> tuple[str, str]:
    if not row.evidence.drift:
        left = (row.reference.last - row.window.last).days
        return "not judged", f"reference closes in {count(left, 'day')}" if left > 0 else "awaits evaluation"
    worst = max(row.evidence.drift, key=lambda group: (group in row.evidence.drifting, group.effect))
    if not row.evidence.drifting:
        return "none", f"largest distance {ratio(worst.effect)}, {of(worst.n_current)}"
    sure = "" if worst.p_adjusted is None else f", p{NARROW}={NARROW}{worst.p_adjusted:.2g}"
    names = ", ".join(str(group.group) for group in row.evidence.drifting)
    return "changed", f"{names}  \n{ratio(worst.effect)}{sure}"


def _claim_words(row: VersionRow) -> tuple[str, str]:
    states = [reading.claim for reading in row.evidence.readings if reading.claim is not None]
    if not states:
        return "none stated", "by the model's package"
    counted = {claim: states.count(claim) for claim in Claim}
    gravest = next(claim for claim in (Claim.REFUTED, Claim.UNDECIDED, Claim.SUPPORTED) if counted[claim])
    return f"{counted[gravest]} {gravest}", f"of {count(len(states), 'claim')}"


def _changed(changes: Sequence[Change]) -> None:
    st.markdown("**What changed**")
    lines = [f":gray[{day(change.day)}] — {change.words}" for change in changes[:MOST_CHANGES]]
    st.markdown("\n".join(f"- {line}" for line in lines) or ":gray[Nothing yet.]")


def _unseen(found: Overview) -> None:
    st.markdown("**What we could not see**")
    st.markdown("\n".join(f"- {line}" for line in _unseen_words(found)[:MOST_UNSEEN]))


def _unseen_words(found: Overview) -> list[str]:
    status = found.status
    words = []
    if status.studies.pending:
        words.append(
            f"{count(status.studies.pending)} studies pending; {frame.silence(status.oldest_pending_seconds or 0)}"
        )
    for row in found.rows:
        awaited = row.scored - row.with_final
        if awaited > 0:
            words.append(
                f"{row.title}: {count(awaited, 'final read')} not yet in, of {count(row.scored)} studies scored"
            )
        words += _too_little(row)
        words += _silent_sites(row)
    for reason, number in {**status.studies.excluded, **status.studies.failed}.items():
        words.append(f"{count(number, 'study')} not scored: {plain(reason)}".replace("studys", "studies"))
    if status.reads.unmatched or status.reads.quarantined:
        words.append(
            f"{count(status.reads.unmatched)} reads without a study, {count(status.reads.quarantined)} set aside"
        )
    return words or ["Everything received was scored, and every final read is in."]


def _too_little(row: VersionRow) -> list[str]:
    if not row.evidence.unjudged:
        return []
    name = max(row.evidence.unjudged, key=lambda finding: missing_positives(row.evidence.now[finding]))
    missing = missing_positives(row.evidence.now[name])
    more = f", {plain(name)} needs {count(missing)} more reported" if missing else ""
    return [f"{row.title}: too little data on {listed([plain(n) for n in row.evidence.unjudged])}{more}"]


def _silent_sites(row: VersionRow) -> list[str]:
    quiet = [name for name, (_, last) in row.sites.items() if row.window.last - last > timedelta(days=7)]
    return [f"{row.title}: no pairs from {plain(name)} since {day(row.sites[name][1])}" for name in quiet]
