"""FHIR DiagnosticReports (R4, R4B, R5), alone or in a Bundle with what they refer to: checked here, field by field."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.core.errors import OverreadError
from monitor.core.read import QuarantineReason, ReadStatus
from monitor.reads.report import QuarantinedError, ReportFacts, checked
from monitor.reads.source import Source

MAX_BYTES = 8 << 20
MOST = 500
_OID = "urn:oid:"
_STATUSES = {
    **dict.fromkeys(("registered", "partial", "preliminary", "modified"), ReadStatus.PRELIMINARY),
    "final": ReadStatus.FINAL,
    **dict.fromkeys(("amended", "corrected", "appended"), ReadStatus.CORRECTED),
    **dict.fromkeys(("cancelled", "entered-in-error"), ReadStatus.RETRACTED),
}
"""FHIR's diagnostic-report-status. `unknown` is not among them: nothing is guessed."""


class ResourceError(OverreadError):
    """A resource is not one that is taken. `path` and `accepted` quote nothing of it; `code` is FHIR's issue type."""

    def __init__(self, path: str, accepted: str, *, code: str = "invalid") -> None:
        super().__init__(f"{path}: not accepted; accepted: {accepted}")
        self.path, self.accepted, self.code = path, accepted, code


@dataclass(frozen=True, kw_only=True, slots=True)
class SentReport:
    """A report with the id its sender gave it, its version, and its content's bytes: what makes it the same again."""

    facts: ReportFacts
    path: str
    identity: str
    content: bytes


def parse_reports(content: bytes, source: Source) -> list[SentReport]:
    """The reports of a DiagnosticReport or a Bundle; one of several studies is a report of each.

    Raises:
        ResourceError: something is not taken; names where and what would be accepted.
    """
    if len(content) > MAX_BYTES:
        raise ResourceError("body", f"at most {MAX_BYTES} bytes", code="too-long")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ResourceError("body", "one JSON object", code="structure")
    sent = [report for path, resource, others in _each(document) for report in _reports(path, resource, others, source)]
    if not sent:
        raise ResourceError("Bundle.entry", "at least one DiagnosticReport", code="required")
    return sent


Resources = Mapping[str, Mapping[str, Any]]


def _each(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Resources]]:
    """Every DiagnosticReport with its path, and what it may refer to, by reference."""
    if document.get("resourceType") == "DiagnosticReport":
        yield "DiagnosticReport", document, {}
        return
    if document.get("resourceType") != "Bundle":
        raise ResourceError("resourceType", "DiagnosticReport or Bundle")
    entries = document.get("entry") or []
    if not isinstance(entries, list) or len(entries) > MOST:
        raise ResourceError("Bundle.entry", f"a list of at most {MOST} entries", code="structure")
    held = [(number, _dict(entry), _dict(_dict(entry).get("resource"))) for number, entry in enumerate(entries)]
    others: dict[str, Mapping[str, Any]] = {}
    for _, entry, resource in held:
        others |= {
            str(entry.get("fullUrl")): resource,
            f"{resource.get('resourceType')}/{resource.get('id')}": resource,
        }
    for number, _, resource in held:
        if resource.get("resourceType") == "DiagnosticReport":
            yield f"Bundle.entry[{number}].resource", resource, others


def _reports(path: str, report: Mapping[str, Any], others: Resources, source: Source) -> Iterator[SentReport]:
    known = {**others, **{f"#{one.get('id')}": one for one in _list(report.get("contained"))}}
    facts = _facts(path, report, known, source)
    studies = _studies(report, known)
    uids = list(dict.fromkeys(uid for study in studies for uid in _uids(study)))
    numbers = list(dict.fromkeys(n for n in _numbers(report, studies, source) if n[0]))
    if len(uids) > 1 and len(numbers) > 1 and len(uids) != len(numbers):
        raise ResourceError(f"{path}.imagingStudy", "one accession number, or one for each study", code="business-rule")
    count = max(len(uids), len(numbers), 1)
    meta = _dict(report.get("meta"))
    identity = "|".join(str(part or "") for part in (report.get("id"), meta.get("versionId")))
    for place in range(count):
        number, issuer = _at(numbers, place) or (None, None)
        placed = replace(
            facts,
            study_uid=_at(uids, place) if len(numbers) <= 1 or len(uids) == len(numbers) else None,
            accession=number,
            issuer=issuer or source.issuer,
        )
        try:
            good = checked(placed)
        except QuarantinedError as error:
            raise _unplaceable(path, error.reason) from None
        stem = json.dumps(report, sort_keys=True).encode()
        yield SentReport(facts=good, path=path, identity=f"{identity}|{place}", content=stem)


def _unplaceable(path: str, reason: QuarantineReason) -> ResourceError:
    if reason is QuarantineReason.NO_TEXT:
        return ResourceError(f"{path}.presentedForm", "text/plain data, or a conclusion", code="required")
    if reason is QuarantineReason.TOO_LARGE:
        return ResourceError(f"{path}.presentedForm", "at most 200,000 characters", code="too-long")
    accepted = "a Study Instance UID (urn:oid:…) or an accession number (type ACSN)"
    return ResourceError(f"{path}.imagingStudy", accepted, code="required")


def _facts(path: str, report: Mapping[str, Any], known: Resources, source: Source) -> ReportFacts:
    status = _STATUSES.get(str(report.get("status")))
    if status is None:
        raise ResourceError(f"{path}.status", ", ".join(_STATUSES), code="value")
    reader = next(iter(_list(report.get("resultsInterpreter")) or _list(report.get("performer"))), {})
    coded = _dict(report.get("code"))
    return ReportFacts(
        status=status,
        modality=_modality(report, known),
        description=str(coded.get("text") or next((c.get("display") for c in _list(coded.get("coding"))), "") or ""),
        signed_at=_moment(path, report, source),
        text=_text(path, report),
        patient=_person(_dict(report.get("subject")), known),
        reader=_person(reader, known),
        accession=None,
        issuer=None,
        study_uid=None,
        language=report["language"] if isinstance(report.get("language"), str) else None,
        visibility=source.visibility,
    )


def _text(path: str, report: Mapping[str, Any]) -> str:
    """The presented form where it is plain text, else the conclusion."""
    parts = []
    for number, form in enumerate(_list(report.get("presentedForm"))):
        if str(form.get("contentType") or "").partition(";")[0].strip() == "text/plain" and form.get("data"):
            try:
                parts.append(base64.b64decode(str(form["data"]), validate=True).decode())
            except (binascii.Error, UnicodeDecodeError):
                raise ResourceError(f"{path}.presentedForm[{number}].data", "base64 of text in UTF-8") from None
    conclusion = report.get("conclusion")
    return "\n".join(parts) if parts else conclusion if isinstance(conclusion, str) else ""


def _moment(path: str, report: Mapping[str, Any], source: Source) -> datetime:
    """When it was issued, else when it took effect."""
    value = report.get("issued") or report.get("effectiveDateTime")
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ResourceError(f"{path}.issued", "an instant such as 2026-01-31T08:15:00+01:00", code="value") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=source.zone)


def _studies(report: Mapping[str, Any], known: Resources) -> list[Mapping[str, Any]]:
    """What names the studies: references (R4 `imagingStudy`, R5 `study`), each with the resource behind it if sent."""
    found: list[Mapping[str, Any]] = []
    for reference in [*_list(report.get("imagingStudy")), *_list(report.get("study"))]:
        behind = known.get(str(reference.get("reference")), {})
        found += [reference, behind]
    return found


def _uids(study: Mapping[str, Any]) -> Iterator[str]:
    for identifier in _list(study.get("identifier")):
        value = str(identifier.get("value") or "")
        if value.startswith(_OID):
            yield value.removeprefix(_OID)


def _numbers(
    report: Mapping[str, Any], studies: Sequence[Mapping[str, Any]], source: Source
) -> Iterator[tuple[str, str | None]]:
    """Accession numbers with their issuers: identifiers of type ACSN of the studies, the order or the report."""
    for holder in [*studies, *_list(report.get("basedOn")), report]:
        for identifier in _list(holder.get("identifier")):
            codes = {coding.get("code") for coding in _list(_dict(identifier.get("type")).get("coding"))}
            if "ACSN" in codes:
                issuer = _dict(identifier.get("assigner")).get("display") or identifier.get("system")
                yield source.accession(str(identifier.get("value") or "")), str(issuer) if issuer else None


def _modality(report: Mapping[str, Any], known: Resources) -> str | None:
    """Of the studies, a code of R4's codings or of R5's concepts."""
    for study in _studies(report, known):
        for concept in _list(study.get("modality")):
            for coding in [concept, *_list(concept.get("coding"))]:
                code = coding.get("code")
                if isinstance(code, str) and code.isascii() and code.isalnum() and len(code) <= 16:
                    return code.upper()
    return None


def _person(reference: Mapping[str, Any], known: Resources) -> str | None:
    """A person's identifier: in the reference, or in the resource behind it."""
    for holder in (reference, known.get(str(reference.get("reference")), {})):
        for identifier in _list(holder.get("identifier")):
            if identifier.get("value"):
                return str(identifier["value"])
    return None


def _at(values: Sequence[Any], place: int) -> Any:
    """The value at a place; an only one stands at all of them."""
    if len(values) == 1:
        return values[0]
    return values[place] if place < len(values) else None


def _list(value: object) -> list[dict[str, Any]]:
    given = value if isinstance(value, list) else [value]
    return [one for one in given if isinstance(one, dict)]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
