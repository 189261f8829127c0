"""What the radiologist said: versions of a report, reduced to finding labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Label(StrEnum):
    """What a report says of a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    NOT_MENTIONED = "not_mentioned"


class LabelSource(StrEnum):
    """Who says so, the one that outranks the others first."""

    FEEDBACK = "feedback"
    STRUCTURED = "structured"
    TEXT = "text"


class ReadStatus(StrEnum):
    """How far a report version has come."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    CORRECTED = "corrected"
    RETRACTED = "retracted"


class Visibility(StrEnum):
    """Whether the reader could see the AI's result before signing."""

    BLINDED = "blinded"
    AVAILABLE = "available"
    OPENED = "opened"
    UNKNOWN = "unknown"


class QuarantineReason(StrEnum):
    """Why a message was set aside and counted instead of becoming a read."""

    UNPARSEABLE = "unparseable"
    UNDECODABLE_TEXT = "undecodable_text"
    UNSUPPORTED_MESSAGE = "unsupported_message"
    UNKNOWN_STATUS = "unknown_status"
    NO_STUDY_REFERENCE = "no_study_reference"
    AMBIGUOUS_REFERENCE = "ambiguous_reference"
    NO_TEXT = "no_text"
    TOO_LARGE = "too_large"
    SENDER_REFUSED = "sender_refused"
    INVALID_FIELD = "invalid_field"


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One version of a report. `key` is the digest of source, message id and content: sent twice, it is one read.

    `study_uid`, `accession`, `issuer_accession`, `patient` and `reader` are pseudonyms. `signed_at` is when it
    happened, `received_at` when we learnt of it. A language the labeler does not know leaves `labels` empty.
    """

    key: str
    source: str
    status: ReadStatus
    study_uid: str | None
    accession: str | None
    issuer_accession: str | None
    patient: str | None
    reader: str | None
    modality: str | None
    signed_at: datetime
    received_at: datetime
    language: str
    labeler: str
    labels: Mapping[str, Label]
    visibility: Visibility = Visibility.UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A message that could not become a read. `key` is the digest of its bytes; nothing else of it is kept."""

    key: str
    source: str
    reason: QuarantineReason
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientMerge:
    """Two patient records were found to be one person: `retired` is from now on `surviving`. Both are pseudonyms."""

    retired: str
    surviving: str
    at: datetime


Taken = Read | SetAside | PatientMerge
"""What a message can become."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a finding was called at first and at last, in one study's report."""

    finding: str
    preliminary: Label
    final: Label


def merged(said: Mapping[LabelSource, Mapping[str, Label]]) -> Mapping[str, tuple[Label, LabelSource]]:
    """Each finding's label and who it is from: a reader's feedback before a structured field before the text.

    A source that does not mention a finding leaves it to those below; one that doubts or denies it does not.
    """
    decided: dict[str, tuple[Label, LabelSource]] = {}
    for source in LabelSource:
        for finding, label in said.get(source, {}).items():
            if decided.get(finding, (Label.NOT_MENTIONED,))[0] is Label.NOT_MENTIONED:
                decided[finding] = label, source
    return decided


def in_force(reads: Iterable[Read]) -> Read | None:
    """The version whose labels count: the latest final or corrected one, unless a later retraction took it back.

    "Latest" is by signing time, then by receipt, then by key, so that the answer never depends on the order of arrival.
    """
    settled = [read for read in reads if read.status is not ReadStatus.PRELIMINARY]
    latest = max(settled, key=lambda read: (read.signed_at, read.received_at, read.key), default=None)
    return None if latest is None or latest.status is ReadStatus.RETRACTED else latest


def changes(reads: Sequence[Read]) -> tuple[Change, ...]:
    """From the last preliminary version to the version in force, finding by finding; none where either is missing.

    The preliminary version is the last one signed before the version in force: what was acted upon until then.
    """
    final = in_force(reads)
    if final is None:
        return ()
    earlier = [r for r in reads if r.status is ReadStatus.PRELIMINARY and r.signed_at <= final.signed_at]
    first = max(earlier, key=lambda read: (read.signed_at, read.received_at, read.key), default=None)
    if first is None:
        return ()
    both = [finding for finding in final.labels if finding in first.labels]
    return tuple(Change(finding=name, preliminary=first.labels[name], final=final.labels[name]) for name in both)
