import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, generate_uid

from monitor.core.content import MOST_ITEMS
from monitor.core.errors import TableError
from monitor.core.identity import Pseudonyms
from monitor.core.read import QuarantineReason, ReadStatus
from monitor.core.result import ResultStatus
from monitor.reads import dicom_sr as report_sr
from monitor.reads.report import QuarantinedError
from monitor.reads.source import Source
from monitor.results.answer import Door
from monitor.results.dicom_sr import parse_sr
from monitor.results.fhir import ObservationError, parse_observations

NAMES = Pseudonyms(key=b"k" * 32)
DOOR = Door(pseudonyms=NAMES, source="file", zone=UTC, received_at=datetime(2026, 2, 1, tzinfo=UTC))
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"


def code(value: str, meaning: str) -> Dataset:
    """A coded entry."""
    entry = Dataset()
    entry.CodeValue, entry.CodingSchemeDesignator, entry.CodeMeaning = value, "DCM", meaning
    return entry


def item(kind: str, name: tuple[str, str], *children: Dataset, text: str = "", number: str = "") -> Dataset:
    """A content item."""
    made = Dataset()
    made.ValueType, made.RelationshipType = kind, "CONTAINS"
    made.ConceptNameCodeSequence = [code(*name)]
    if kind == "TEXT":
        made.TextValue = text
    if kind == "CODE":
        made.ConceptCodeSequence = [code("X1", text)]
    if kind == "NUM":
        value = Dataset()
        value.NumericValue = number
        made.MeasuredValueSequence = [value]
    if children:
        made.ContentSequence = list(children)
    return made


def document(*items: Dataset, syntax: str = ExplicitVRLittleEndian, **facts: object) -> bytes:
    """A structured report as a file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = COMPREHENSIVE, generate_uid()
    meta.TransferSyntaxUID = syntax
    made = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = COMPREHENSIVE, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.AccessionNumber, made.PatientID = "1.2.3", "A1", "P77"
    made.ContentDate, made.ContentTime = "20260102", "030405"
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "VERIFIED"
    for name, value in facts.items():
        setattr(made, name, value)
    made.ContentSequence = list(items)
    stream = BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


GROUP = ("125007", "Measurement Group")
ALGORITHM = (
    item("TEXT", ("111001", "Algorithm Name"), text="vendor"),
    item("TEXT", ("111003", "Algorithm Version"), text="2.1"),
)


def test_measurement_groups_become_results() -> None:
    """Each group's finding has its own probability, in 1 or in percent; the algorithm is named once."""
    content = document(
        *ALGORITHM,
        item(
            "CONTAINER",
            GROUP,
            item("CODE", ("121071", "Finding"), text="Pleural effusion"),
            item("NUM", ("111047", "Probability of cancer"), number="87.5"),
        ),
        item(
            "CONTAINER",
            GROUP,
            item("CODE", ("121071", "Finding"), item("NUM", ("P", "Probability"), number="0.25"), text="Nodule"),
        ),
    )
    found = parse_sr(content, name="x.dcm", door=DOOR)
    assert [(r.finding, r.score, r.call) for r in found] == [("pleural_effusion", 0.875, True), ("nodule", 0.25, False)]
    assert {(r.model, r.version, r.study_uid) for r in found} == {("vendor", "2.1+production", NAMES.uid("1.2.3"))}
    assert found[0].produced_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no dicom",
        document(*ALGORITHM),
        document(*ALGORITHM, syntax=DeflatedExplicitVRLittleEndian),
        document(*[item("TEXT", ("1", "x"), text="x")] * (MOST_ITEMS + 1)),
        document(*ALGORITHM, item("CODE", ("121071", "Finding"), text="Nodule"))[:700],
    ],
    ids=["empty", "foreign", "no finding", "deflated", "too many", "truncated"],
)
def test_what_is_no_result_is_one_clear_error(content: bytes) -> None:
    """A file that holds no result is refused by its name, and nothing of it is quoted."""
    with pytest.raises(TableError, match=r"^x\.dcm: ") as caught:
        parse_sr(content, name="x.dcm", door=DOOR)
    assert "P77" not in str(caught.value)


def test_a_structured_report_is_read_in_order() -> None:
    """Text comes under its containers' headings; verified is final, unverified preliminary, a successor corrected."""
    tree = item("CONTAINER", ("F", "Findings"), item("TEXT", ("T", "Finding"), text="There is an effusion."))
    facts = report_sr.parse_sr(document(tree), Source(charset="ASCII"))
    assert facts.text == "FINDINGS:\nThere is an effusion."
    assert (facts.status, facts.study_uid, facts.accession) == (ReadStatus.FINAL, "1.2.3", "A1")
    unverified = document(tree, VerificationFlag="UNVERIFIED")
    assert report_sr.parse_sr(unverified, Source(charset="ASCII")).status is ReadStatus.PRELIMINARY
    successor = document(tree, PredecessorDocumentsSequence=[Dataset()])
    assert report_sr.parse_sr(successor, Source(charset="ASCII")).status is ReadStatus.CORRECTED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no dicom", QuarantineReason.UNPARSEABLE),
        (document(), QuarantineReason.UNSUPPORTED_MESSAGE),
        (document(item("TEXT", ("1", "x"), text="x"), CompletionFlag=""), QuarantineReason.UNKNOWN_STATUS),
        (document(*[item("TEXT", ("1", "x"), text="x")] * (MOST_ITEMS + 1)), QuarantineReason.TOO_LARGE),
    ],
    ids=["foreign", "no content", "no status", "too many"],
)
def test_what_is_no_report_is_set_aside(content: bytes, reason: QuarantineReason) -> None:
    """A structured report that cannot be placed has a reason."""
    with pytest.raises(QuarantinedError) as caught:
        report_sr.parse_sr(content, Source(charset="ASCII"))
    assert caught.value.reason is reason


OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"code": "nodule"}]},
    "device": {"display": "vendor/2.1"},
    "derivedFrom": [{"identifier": {"value": "urn:oid:1.2.3"}}],
    "valueQuantity": {"value": 70, "unit": "%"},
    "issued": "2026-01-02T03:04:05Z",
}


def _observed(**changes: object) -> object:
    (one,) = parse_observations(json.dumps(OBSERVATION | changes).encode(), door=DOOR)
    return one.score, one.call, one.status


def test_an_observation_is_a_result() -> None:
    """A quantity is a score, a truth value a call, and an absent value no answer at all."""
    assert _observed() == (0.7, True, ResultStatus.OK)
    assert _observed(valueQuantity=None, valueBoolean=False) == (None, False, ResultStatus.OK)
    assert _observed(valueQuantity=None, dataAbsentReason={"text": "error"}) == (None, None, ResultStatus.FAILED)
    bundle = {"resourceType": "Bundle", "entry": [{"resource": OBSERVATION}]}
    (one,) = parse_observations(json.dumps(bundle).encode(), door=DOOR)
    assert (one.model, one.version, one.study_uid) == ("vendor", "2.1+production", NAMES.uid("1.2.3"))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"valueQuantity": {"value": 7}}, "Observation.score"),
        ({"valueQuantity": None}, "Observation.score"),
        ({"derivedFrom": None}, "Observation.study_uid"),
        ({"device": None}, "Observation.model"),
        ({"resourceType": "Patient"}, "resourceType"),
    ],
)
def test_an_observation_that_is_not_taken(changes: dict[str, object], path: str) -> None:
    """What is not taken is named by its path."""
    with pytest.raises(ObservationError) as caught:
        _observed(**changes)
    assert caught.value.path == path
