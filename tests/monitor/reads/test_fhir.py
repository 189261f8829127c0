import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.core.read import ReadStatus
from monitor.reads.fhir import ResourceError, parse_reports
from monitor.reads.source import Source

TEXT = "FINDINGS: There is a large left pleural effusion."
ACSN = {"coding": [{"code": "ACSN"}]}


def report(**changes: Any) -> dict[str, Any]:
    """A DiagnosticReport (R4) with its study contained."""
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "meta": {"versionId": "1"},
        "status": "final",
        "code": {"text": "Chest radiograph"},
        "subject": {"identifier": {"value": "P77"}},
        "issued": "2026-01-02T03:04:05+01:00",
        "imagingStudy": [{"reference": "#s"}],
        "contained": [
            {
                "resourceType": "ImagingStudy",
                "id": "s",
                "identifier": [
                    {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"},
                    {"type": ACSN, "value": "A1", "assigner": {"display": "EAST"}},
                ],
                "modality": [{"code": "DX"}],
            }
        ],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(TEXT.encode()).decode()}],
        **changes,
    }


def _sent(document: dict[str, Any]) -> Any:
    return parse_reports(json.dumps(document).encode(), Source(charset="ASCII"))


def test_facts() -> None:
    """Every fact is taken from where R4 has it."""
    (one,) = _sent(report())
    facts = one.facts
    assert (facts.study_uid, facts.accession, facts.issuer, facts.patient) == ("1.2.3", "A1", "EAST", "P77")
    assert (facts.status, facts.modality, facts.text) == (ReadStatus.FINAL, "DX", TEXT)
    assert facts.signed_at == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)


def test_r5_and_bundles() -> None:
    """R5 names studies elsewhere and modalities as concepts; a Bundle holds the study beside the report."""
    study = report()["contained"][0] | {"modality": [{"coding": [{"code": "CR"}]}]}
    r5 = report(contained=[], imagingStudy=None, study=[{"reference": "urn:uuid:1"}])
    entries = [{"resource": r5}, {"fullUrl": "urn:uuid:1", "resource": study}]
    (one,) = _sent({"resourceType": "Bundle", "entry": entries})
    assert (one.facts.study_uid, one.facts.modality) == ("1.2.3", "CR")
    assert one.path == "Bundle.entry[0].resource"


def test_a_report_of_two_studies_is_one_of_each() -> None:
    """Two studies give two reports."""
    studies = [{"identifier": [{"value": f"urn:oid:1.2.{n}"}]} for n in (3, 4)]
    assert [one.facts.study_uid for one in _sent(report(imagingStudy=studies))] == ["1.2.3", "1.2.4"]


@pytest.mark.parametrize(
    ("status", "meant"),
    [("preliminary", "preliminary"), ("amended", "corrected"), ("appended", "corrected"), ("cancelled", "retracted")],
)
def test_status(status: str, meant: str) -> None:
    """FHIR's words become ours."""
    assert _sent(report(status=status))[0].facts.status.value == meant


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (report(status="unknown"), "DiagnosticReport.status"),
        (report(status="bogus"), "DiagnosticReport.status"),
        (report(status=["final"]), "DiagnosticReport.status"),
        (report(issued="yesterday"), "DiagnosticReport.issued"),
        (report(issued=None), "DiagnosticReport.issued"),
        (report(presentedForm=None), "DiagnosticReport.presentedForm"),
        (report(presentedForm=[{"contentType": "text/plain", "data": "?"}]), "DiagnosticReport.presentedForm[0].data"),
        (report(contained=[]), "DiagnosticReport.imagingStudy"),
        ({"resourceType": "Patient"}, "resourceType"),
        ({"resourceType": "Bundle", "entry": "x"}, "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": []}, "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": [1, {"resource": 2}]}, "Bundle.entry"),
    ],
)
def test_errors_name_the_place_and_quote_nothing(document: dict[str, Any], path: str) -> None:
    """What is not taken is named by its path."""
    with pytest.raises(ResourceError) as caught:
        _sent(document)
    assert caught.value.path == path
    assert not {"P77", "bogus", "yesterday"} & set(str(caught.value).split())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'"x"'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """Anything but one JSON object is refused as such."""
    with pytest.raises(ResourceError, match="body"):
        parse_reports(body, Source(charset="ASCII"))
