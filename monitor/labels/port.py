"""What any labeler is: the rules here, a local model, a service behind a client."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from monitor.core.read import Label
from monitor.labels.labeler import Labelled, LabelStatus


class TextLabeler(Protocol):
    """Turns a report's text into labels of one profile's findings. The same text always gets the same answer."""

    @property
    def findings(self) -> Sequence[str]:
        """The findings it may give a label."""

    def label(self, text: str, language: str | None = None) -> Labelled:
        """Label a report.

        Args:
            text: the whole report.
            language: what the sender says it is written in (BCP 47), if anything.

        Raises:
            TextTooLongError: the text is longer than it reads. Any other text is answered.
        """


def breaches(text: str, labelled: Labelled, findings: Sequence[str]) -> Iterator[str]:
    """Every way in which an answer is not one a labeler may give. The report is not quoted.

    Args:
        text: the report.
        labelled: the answer.
        findings: what the labeler says it labels.
    """
    told: dict[str, Mapping[str, object]] = {
        "labels": labelled.labels,
        "evidence": labelled.evidence,
        "grades": labelled.grades,
    }
    told |= {"measurements": labelled.measurements, "laterality": labelled.laterality}
    for name, values in told.items():
        for finding in values:
            if finding not in findings:
                yield f"{name}: {finding[:80]!r} is none of the labeler's findings"
    if labelled.status is LabelStatus.UNSUPPORTED_LANGUAGE and any(told.values()):
        yield "status: unsupported_language beside labels; unknown words say nothing"
    if not labelled.labeler or not labelled.language:
        yield "labeler, language: empty; both are needed to know what made a label"
    yield from _unfounded(text, labelled)


def _unfounded(text: str, labelled: Labelled) -> Iterator[str]:
    """Evidence and mentions that do not go together."""
    for finding, span in labelled.evidence.items():
        if not 0 <= span[0] < span[1] <= len(text):
            yield f"evidence: {finding[:80]!r} at {span[0]} to {span[1]} lies outside the text"
        if labelled.labels.get(finding, Label.NOT_MENTIONED) is Label.NOT_MENTIONED:
            yield f"evidence: {finding[:80]!r} has evidence and is not mentioned"
    for finding, label in labelled.labels.items():
        if label is not Label.NOT_MENTIONED and finding not in labelled.evidence:
            yield f"labels: {finding[:80]!r} is {label.value} without evidence"
