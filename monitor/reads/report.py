"""A report version as a door found it, and why a message could not become one."""

from dataclasses import dataclass, field
from datetime import datetime

from monitor.core.errors import OverreadError
from monitor.core.read import Label, QuarantineReason, ReadStatus, Visibility

MAX_TEXT = 200_000
"""Characters of one report."""


class QuarantinedError(OverreadError):
    """A message was set aside; `reason` says why. Its content is never part of the error."""

    def __init__(self, reason: QuarantineReason) -> None:
        super().__init__(f"message set aside: {reason.value}")
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFacts:
    """One report version as sent. Everything that could name a patient or a reader is kept out of `repr`.

    `labels` are those a structured field gave; where there are none the text is labelled.
    """

    status: ReadStatus
    modality: str | None
    signed_at: datetime
    text: str = field(repr=False)
    patient: str | None = field(repr=False)
    reader: str | None = field(repr=False)
    accession: str | None = field(repr=False)
    issuer: str | None = field(repr=False)
    study_uid: str | None = field(repr=False)
    body_part: str | None = None
    description: str = field(default="", repr=False)
    language: str | None = None
    visibility: Visibility = Visibility.UNKNOWN
    labels: dict[str, Label] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeFacts:
    """A patient merge as sent: numbers, not yet pseudonyms."""

    retired: str = field(repr=False)
    surviving: str = field(repr=False)


def checked(facts: ReportFacts) -> ReportFacts:
    """The facts, if they can be placed and labelled.

    Raises:
        QuarantinedError: nothing says which study they are of, there is no text, or too much of it.
    """
    if not facts.accession and facts.study_uid is None:
        raise QuarantinedError(QuarantineReason.NO_STUDY_REFERENCE)
    if len(facts.text) > MAX_TEXT:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    if not facts.text.strip() and not facts.labels and facts.status is not ReadStatus.RETRACTED:
        raise QuarantinedError(QuarantineReason.NO_TEXT)
    return facts
