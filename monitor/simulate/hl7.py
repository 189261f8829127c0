"""A report version as an HL7 v2.5.1 message ORU^R01."""

from collections.abc import Mapping
from datetime import datetime

from monitor.core.read import ReadStatus
from monitor.simulate.caseload import Examination
from monitor.simulate.reports import Report
from monitor.simulate.streams import control_id, stream

WITHOUT_UID_SHARE = 0.08
"""Share of reports that name their study by accession number only; half of those leave out who issued it."""

_STATUS: Mapping[ReadStatus, str] = {
    ReadStatus.PRELIMINARY: "P",
    ReadStatus.FINAL: "F",
    ReadStatus.CORRECTED: "C",
}
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " ", "\n": " "})


def escaped(text: str) -> str:
    """Text with HL7's delimiters replaced by their escape sequences (HL7 v2.5.1, 2.7), line ends by blanks."""
    return text.translate(_ESCAPES)


def message(report: Report, *, modality: str) -> bytes:
    """A report version as it goes over the wire, UTF-8, segments ended by carriage returns, not yet framed."""
    examination = report.examination
    by_uid, issued = _references(examination)
    segments = [
        _msh(report),
        _pid(examination),
        f"ORC|RE|{examination.accession}|{_accession(examination, issued=issued)}||CM",
        _obr(report, modality, issued=issued),
        *_obx(report),
        *([f"ZDS|{examination.study_uid}^Overread^Application^DICOM"] if by_uid else []),
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def _references(examination: Examination) -> tuple[bool, bool]:
    """Whether the reports of an examination carry its study UID and the issuer of its accession number."""
    draw = stream(examination.hospital, "references", examination.accession).random()
    return draw >= WITHOUT_UID_SHARE, draw >= WITHOUT_UID_SHARE / 2


def _accession(examination: Examination, *, issued: bool) -> str:
    return f"{examination.accession}^{examination.issuer}" if issued else examination.accession


def _msh(report: Report) -> str:
    examination = report.examination
    control = control_id(examination.hospital, "message", examination.accession, report.version.number)
    site = examination.site.upper()
    return (
        f"MSH|^~\\&|RIS{site}|OVR{site}|OVERREAD|OVERREAD|{_time(report.sent_at)}||ORU^R01^ORU_R01|{control}"
        "|P|2.5.1||||||UNICODE UTF-8"
    )


def _pid(examination: Examination) -> str:
    person = examination.patient
    name = f"{escaped(person.family)}^{escaped(person.given)}"
    born = f"{person.birth_date(examination.first):%Y%m%d}"
    return f"PID|1||{person.number}^^^{examination.issuer}^MR||{name}||{born}|{person.sex}"


def _obr(report: Report, modality: str, *, issued: bool) -> str:
    """OBR with only the fields that mean something here set; the index is the field's number."""
    examination, reader = report.examination, report.version.reader
    fields = {
        1: "1",
        2: examination.accession,
        3: _accession(examination, issued=issued),
        4: f"CXR{examination.case.view}^Chest radiograph {examination.case.view}^L",
        7: _time(examination.taken_at),
        18: examination.accession,
        22: _time(report.signed_at),
        24: modality,
        25: _STATUS[report.version.status],
        32: f"{reader.number}&{escaped(reader.family)}&{escaped(reader.given)}",
    }
    return "|".join(["OBR", *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _obx(report: Report) -> list[str]:
    status = _STATUS[report.version.status]
    return [
        f"OBX|{number}|TX|18782-3^Radiology Study observation^LN|{number}|{escaped(line)}||||||{status}"
        for number, line in enumerate(report.text.split("\n"), start=1)
    ]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S%z")
