"""What happened, in words: alarms, turns of drift, new versions and sites."""

from collections.abc import Sequence

from dashboard.records import Change, Question, VersionRow
from dashboard.words import plain
from monitor.core.verdict import Alarm, DriftVerdict, GroupDrift


def changes_of(
    rows: Sequence[VersionRow], alarms: Sequence[Alarm], drifts: Sequence[GroupDrift], question: Question
) -> Sequence[Change]:
    """What happened, latest first."""
    found = [change for alarm in alarms for change in _of_alarm(alarm, question)]
    for row in rows:
        found.append(Change(day=row.first, words=f"{row.title} scored its first study here"))
        if row.window.last > row.reference.last:
            closed = f"{row.title}: reference window closed after {row.reference.days} days"
            found.append(Change(day=row.reference.last, words=closed))
        for site, (first, _) in row.sites.items():
            if first > row.reference.last:
                found.append(Change(day=first, words=f"{row.title}: first pair from {plain(site)}"))
    found += _turns(drifts, question)
    return sorted(found, key=lambda change: change.day, reverse=True)


def _of_alarm(alarm: Alarm, question: Question) -> Sequence[Change]:
    subject = f"{question.title(alarm.model, alarm.version)}: {alarm.kind} alarm on {plain(alarm.subject)}"
    raised = Change(day=alarm.at.date(), words=f"{subject} raised")
    if alarm.cleared_at is None:
        return [raised]
    return [raised, Change(day=alarm.cleared_at.date(), words=f"{subject} cleared")]


def _turns(drifts: Sequence[GroupDrift], question: Question) -> Sequence[Change]:
    """The days on which a group began to drift or came back."""
    last: dict[tuple[str, str, str], DriftVerdict] = {}
    found = []
    for drift in drifts:
        if drift.verdict is DriftVerdict.INSUFFICIENT_DATA:
            continue
        key = (drift.model, drift.version, drift.group)
        if last.get(key, DriftVerdict.NO_DRIFT) is not drift.verdict:
            turn = "began to drift" if drift.verdict is DriftVerdict.DRIFT else "came back to the reference"
            found.append(
                Change(day=drift.day, words=f"{question.title(drift.model, drift.version)}: {drift.group} {turn}")
            )
        last[key] = drift.verdict
    return found
