from math import sqrt

import hl7
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.simulate.hl7 import WITHOUT_UID_SHARE, escaped
from monitor.simulate.hospital import Hospital, ReportSent

STATUS = {"preliminary": "P", "final": "F", "corrected": "C"}


@pytest.fixture
def reports(hospital: Hospital) -> list[ReportSent]:
    """The report versions sent on three days."""
    return [event for day in (3, 4, 5) for event in hospital.events(day) if isinstance(event, ReportSent)]


def test_messages_parse_with_what_was_meant(reports: list[ReportSent]) -> None:
    """python-hl7 finds type, version, charset, patient, accession, status, times, reader and the text line by line."""
    for event in reports:
        report, one = event.report, event.report.examination
        parsed = hl7.parse(event.message().decode("utf-8"))
        msh, pid, obr = parsed.segment("MSH"), parsed.segment("PID"), parsed.segment("OBR")
        assert [str(msh[index]) for index in (9, 12, 18)] == ["ORU^R01^ORU_R01", "2.5.1", "UNICODE UTF-8"]
        assert str(pid[3][0][0]) == one.patient.number
        assert str(obr[3]).split("^")[0] == str(obr[18]) == one.accession
        assert str(obr[25]) == STATUS[report.version.status]
        assert str(obr[22]) == report.signed_at.strftime("%Y%m%d%H%M%S+0000")
        assert str(obr[32]).split("&")[0] == report.version.reader.number
        rows = parsed.segments("OBX")
        assert "\n".join(parsed.unescape(str(row[5])) for row in rows) == report.text
        assert {(str(row[2]), str(row[11])) for row in rows} == {("TX", STATUS[report.version.status])}


def test_control_ids_are_unique_and_fit(reports: list[ReportSent]) -> None:
    """No two messages share MSH-10, which has at most 20 characters."""
    controls = [event.message().split(b"|", 10)[9] for event in reports]
    assert len(set(controls)) == len(controls)
    assert all(0 < len(control) <= 20 for control in controls)


def test_most_name_their_study_and_some_only_its_accession(hospital: Hospital) -> None:
    """Reports without a study UID come at their share, and all versions of one report agree."""
    reports = [event for day in range(40) for event in hospital.events(day) if isinstance(event, ReportSent)]
    named: dict[str, set[bool]] = {}
    for event in reports:
        message, uid = event.message().decode(), event.report.examination.study_uid
        named.setdefault(uid, set()).add(f"\rZDS|{uid}^" in message)
    assert all(len(answers) == 1 for answers in named.values())
    n, p = len(named), WITHOUT_UID_SHARE
    assert abs(sum(answers == {False} for answers in named.values()) - n * p) <= 4.5 * sqrt(n * p * (1 - p))


@settings(deadline=None)
@given(st.text("|^&~\\é漢 aE"))
def test_no_delimiter_survives_escaping(text: str) -> None:
    """Escaped text holds no delimiter, and python-hl7 gives the text back."""
    safe = escaped(text)
    assert not set("|^&~\r\n") & set(safe)
    plain = hl7.parse("MSH|^~\\&|||||||ORU^R01|1|P|2.5.1\r")
    if "\\" not in text:  # python-hl7 unescapes what a doubled escape left standing
        assert plain.unescape(safe) == text
