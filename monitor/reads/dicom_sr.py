"""Reports as DICOM structured reports: their text in reading order, under the headings of their containers."""

from datetime import datetime
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monitor.core.content import TreeTooLargeError, content_items
from monitor.core.read import QuarantineReason, ReadStatus
from monitor.reads.report import QuarantinedError, ReportFacts, checked
from monitor.reads.source import Source

MAX_BYTES = 8 << 20
_PREAMBLE = 132


def parse_sr(content: bytes, source: Source) -> ReportFacts:
    """The report in a structured report.

    A verified document is final, a complete one that nobody verified preliminary; one with predecessors corrects them.

    Raises:
        QuarantinedError: it is none, over a bound, or cannot be placed.
    """
    document = _document(content)
    try:
        items = list(content_items(document))
    except TreeTooLargeError:
        raise QuarantinedError(QuarantineReason.TOO_LARGE) from None
    except Exception:  # noqa: BLE001 - pydicom reads values late, and raises anything at all on hostile ones
        raise QuarantinedError(QuarantineReason.UNPARSEABLE) from None
    lines = []
    for item in items:
        if item.kind == "CONTAINER" and item.meaning:
            lines.append(f"{item.meaning}:")
        elif item.kind in {"TEXT", "CODE"} and (item.text or item.value_meaning):
            lines.append(item.text or item.value_meaning)
    return checked(
        ReportFacts(
            status=_status(document),
            modality=None,
            signed_at=_signed(document, source),
            text="\n".join(lines),
            patient=_value(document, "PatientID"),
            reader=_observer(document),
            accession=source.accession(_value(document, "AccessionNumber") or "") or None,
            issuer=_issuer(document) or source.issuer,
            study_uid=_value(document, "StudyInstanceUID"),
            visibility=source.visibility,
        )
    )


def _document(content: bytes) -> Any:
    """The data set; a deflated one is refused before anything is inflated."""
    if len(content) > MAX_BYTES:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    deflated = DeflatedExplicitVRLittleEndian.encode() in content[:2048]
    if content[_PREAMBLE - 4 : _PREAMBLE] != b"DICM" or deflated:
        raise QuarantinedError(QuarantineReason.UNPARSEABLE)
    try:
        document = dcmread(BytesIO(content), stop_before_pixels=True)
        known = bool(document.get("ContentSequence"))
    except Exception:  # noqa: BLE001 - as above
        raise QuarantinedError(QuarantineReason.UNPARSEABLE) from None
    if not known:
        raise QuarantinedError(QuarantineReason.UNSUPPORTED_MESSAGE)
    return document


def _status(document: Any) -> ReadStatus:
    verified = _value(document, "VerificationFlag") == "VERIFIED"
    if verified and document.get("PredecessorDocumentsSequence"):
        return ReadStatus.CORRECTED
    flag = _value(document, "CompletionFlag")
    if flag not in {"COMPLETE", "PARTIAL"}:
        raise QuarantinedError(QuarantineReason.UNKNOWN_STATUS)
    return ReadStatus.FINAL if verified and flag == "COMPLETE" else ReadStatus.PRELIMINARY


def _signed(document: Any, source: Source) -> datetime:
    """When it was verified, else when its content was made."""
    verified = [str(one.get("VerificationDateTime") or "") for one in document.get("VerifyingObserverSequence") or ()]
    made = (_value(document, "ContentDate") or "") + (_value(document, "ContentTime") or "")
    for value in [*verified, made]:
        try:
            return datetime.strptime(value[:14].ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=source.zone)
        except ValueError:
            continue
    raise QuarantinedError(QuarantineReason.UNPARSEABLE)


def _observer(document: Any) -> str | None:
    for one in document.get("VerifyingObserverSequence") or ():
        return _value(one, "VerifyingObserverName")
    return None


def _issuer(document: Any) -> str | None:
    for one in document.get("IssuerOfAccessionNumberSequence") or ():
        return _value(one, "LocalNamespaceEntityID") or _value(one, "UniversalEntityID")
    return None


def _value(document: Any, name: str) -> str | None:
    return str(document.get(name) or "").strip() or None
