"""Reports a row each, as CSV, Parquet and JSON lines hold them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.core.errors import TableError
from monitor.core.read import QuarantineReason
from monitor.reads.report import QuarantinedError, ReportFacts, checked
from monitor.reads.source import Source
from monitor.reads.status import status_of, status_of_text

COLUMNS = (
    "study_uid", "accession", "issuer", "patient_id", "reader", "modality", "body_part", "description", "status",
    "signed_at", "language", "text", "message_id",
)  # fmt: skip
_NEEDED = ("signed_at", "text")


def missing(columns: Mapping[str, Any]) -> str | None:
    """The column a table of reports lacks, if any."""
    if not {"study_uid", "accession"} & set(columns):
        return "study_uid"
    return next((name for name in _NEEDED if name not in columns), None)


def report_of(row: Mapping[str, Any], source: Source, *, where: str) -> ReportFacts:
    """The report of one row.

    Without a status the text's banner says it; a table of final reports may say so in no column, and is then refused.

    Raises:
        TableError: a value is not of its column's kind; names the row, the column and what would be accepted.
        QuarantinedError: the row is no report that could be placed: it is counted, and the others go on.
    """
    text, code = _text(row, "text", where) or "", _text(row, "status", where)
    status = status_of(code, source.statuses) if code else status_of_text(text)
    if status is None:
        raise QuarantinedError(QuarantineReason.UNKNOWN_STATUS)
    modality = (_text(row, "modality", where) or "").upper()
    return checked(
        ReportFacts(
            status=status,
            modality=modality if modality.isascii() and modality.isalnum() and len(modality) <= 16 else None,
            body_part=_text(row, "body_part", where),
            description=_text(row, "description", where) or "",
            signed_at=_moment(row, source, where),
            text=text,
            patient=_text(row, "patient_id", where),
            reader=_text(row, "reader", where),
            accession=source.accession(_text(row, "accession", where) or "") or None,
            issuer=_text(row, "issuer", where) or source.issuer,
            study_uid=_text(row, "study_uid", where),
            language=_text(row, "language", where),
            visibility=source.visibility,
        )
    )


def _text(row: Mapping[str, Any], column: str, where: str) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    if not isinstance(value, str):
        message = f"{where}: column {column!r}: {type(value).__name__}; accepted: text"
        raise TableError(message)
    return value if column == "text" else value.strip() or None


def _moment(row: Mapping[str, Any], source: Source, where: str) -> datetime:
    value = row.get("signed_at")
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        message = f"{where}: column 'signed_at': not a time; accepted: a time such as 2026-01-31T08:15:00+01:00"
        raise TableError(message) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=source.zone)
