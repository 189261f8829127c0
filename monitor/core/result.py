"""What the production AI answered, or why it did not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PRODUCTION = "+production"
"""Ends the version of an answer that came from the clinical system, so that it stands beside the shadow's own."""
OPERATING_POINT = 0.5
"""Where a score is called positive when nothing says otherwise; the same as in `overread agreement compute`."""


class ResultStatus(StrEnum):
    """What became of a study sent to the production AI."""

    OK = "ok"
    REJECTED_INPUT = "rejected_input"
    FAILED = "failed"
    TIMEOUT = "timeout"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One answer of the production AI, or why there is none; every identifier is a pseudonym, `score` lies in [0, 1].

    `key` is the digest of the source and all it said: sent twice, it is one result. `shown_at` is when readers could
    see it, `opened_at` when one did. Without an answer there is no call: no output is never a negative.
    """

    key: str
    source: str
    study_uid: str | None
    accession: str | None
    issuer_accession: str | None
    patient: str | None
    model: str
    version: str
    finding: str | None
    score: float | None
    operating_point: float
    call: bool | None
    status: ResultStatus
    received_at: datetime
    produced_at: datetime | None = None
    shown_at: datetime | None = None
    opened_at: datetime | None = None

    @property
    def modality(self) -> None:
        """Results name none."""
        return

    @property
    def signed_at(self) -> datetime:
        """When it was given, as far as is known."""
        return self.produced_at or self.received_at
