"""What of a labeler's answers is watched for drift, apart from the AI's: values, coverage, the template of reports."""

from collections.abc import Mapping, Sequence

from monitor.core.read import Label
from monitor.labels.labeler import NO_FINDING, Labelled, LabelStatus

COVERAGE, TEMPLATE = "coverage", "template"
SILENT, TOLD = "nothing_mentioned", "labelled"
NO_HEADINGS = "no_headings"


def traits(answers: Sequence[Labelled], findings: Sequence[str]) -> Mapping[str, Sequence[str | None]]:
    """One row a report, in columns of words that any test of categories can compare between two windows.

    Args:
        answers: the labeler's, in order.
        findings: what the labeler labels.

    Returns:
        A column for each finding with the label, None where it has none; `coverage`, whether the report was labelled,
        mentioned nothing or was in a language nobody reads; `template`, the headings of the report in order. No column
        holds words of a report other than headings the lexicon knows.
    """
    columns: dict[str, Sequence[str | None]] = {
        finding: [None if (label := one.labels.get(finding)) is None else label.value for one in answers]
        for finding in findings
        if finding != NO_FINDING
    }
    columns[COVERAGE] = [_coverage(one) for one in answers]
    columns[TEMPLATE] = [" > ".join(one.template) or NO_HEADINGS for one in answers]
    return columns


def trait_groups(findings: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The columns of `traits` as families of tests: many findings never dilute the one test of the template."""
    values = [finding for finding in findings if finding != NO_FINDING]
    return {"values": values, COVERAGE: [COVERAGE], TEMPLATE: [TEMPLATE]}


def _coverage(answer: Labelled) -> str:
    if answer.status is not LabelStatus.OK:
        return answer.status.value
    mentioned = any(label is not Label.NOT_MENTIONED for label in answer.labels.values())
    return TOLD if mentioned else SILENT
