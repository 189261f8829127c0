import contextlib
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read import QuarantineReason, ReadStatus
from monitor.reads import hl7v2
from monitor.reads.hl7v2 import header_of, read_message
from monitor.reads.report import QuarantinedError, ReportFacts
from monitor.reads.source import Source

BERLIN = ZoneInfo("Europe/Berlin")
UID = "1.2.840.99.1"


def read_report(raw: bytes, *, zone: tzinfo, charset: str = "ASCII") -> ReportFacts:
    """The only report version of a message."""
    facts = read_message(raw, Source(zone=zone, charset=charset))
    assert isinstance(facts, tuple)
    (only,) = facts
    return only


def oru(
    *,
    status: str = "F",
    text: str = "No effusion is seen.",
    accession: str = "A1",
    filler: str = "F1^RIS",
    signed: str = "20260102030405",
    extra: str = f"ZDS|{UID}^App^Application^DICOM\r",
    control: str = "C1",
    kind: str = "ORU^R01^ORU_R01",
    version: str = "2.5",
) -> bytes:
    """A report message as a RIS sends it."""
    obr = f"OBR|1|P1|{filler}|CXR{'|' * 14}{accession}|||{'|'}{signed}||DX|{status}{'|' * 7}R9&Doe&Jane"
    return (
        f"MSH|^~\\&|RIS|HOSP|OV|HOSP|20260103000000||{kind}|{control}|P|{version}\r"
        f"PID|1||P77^^^HOSP||DOE^JOHN\r{obr}\r{extra}OBX|1|TX|18782-3^Findings||{text}||||||{status}\r"
    ).encode()


def test_facts() -> None:
    """Every fact is taken from the field that carries it."""
    facts = read_report(oru(), zone=BERLIN)
    assert (facts.accession, facts.issuer, facts.study_uid) == ("A1", "RIS", UID)
    assert (facts.patient, facts.reader, facts.modality) == ("P77", "R9", "DX")
    assert facts.signed_at == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert facts.text == "FINDINGS:\nNo effusion is seen."


def test_filler_order_number_stands_in() -> None:
    """Without OBR-18 the accession is OBR-3."""
    assert read_report(oru(accession=""), zone=UTC).accession == "F1"


def test_study_uid_from_an_observation() -> None:
    """The study UID may come in an observation coded 113014, which is no part of the text."""
    facts = read_report(oru(extra=f"OBX|9|ST|113014^Study Instance UID^DCM||{UID}\r"), zone=UTC)
    assert facts.study_uid == UID
    assert UID not in facts.text


def test_escapes_and_repetitions() -> None:
    """Escape sequences are resolved, and repetitions become lines."""
    facts = read_report(oru(text="a\\.br\\b \\T\\ \\F\\ \\S\\ \\E\\ \\H\\c\\N\\~d"), zone=UTC)
    assert facts.text == "FINDINGS:\na\nb & | ^ \\ c\nd"


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5.1", "2.6", "2.7", "2.8"])
def test_versions(version: str) -> None:
    """Every version from 2.3 to 2.8 is read alike."""
    assert read_report(oru(version=version), zone=UTC).status is ReadStatus.FINAL


@pytest.mark.parametrize(
    ("sent", "status"),
    [(s, ReadStatus.PRELIMINARY) for s in ("P", "R", "I", "S", "A", "preliminary")]
    + [(s, ReadStatus.FINAL) for s in ("F", "f", "Final")]
    + [(s, ReadStatus.CORRECTED) for s in ("C", "CORRECTED")]
    + [(s, ReadStatus.RETRACTED) for s in ("X", "D", "W", "Cancelled")],
)
def test_status(sent: str, status: ReadStatus) -> None:
    """Codes and spelled-out words of any case become a status."""
    assert read_report(oru(status=sent), zone=UTC).status is status


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        ("20260102030405+0900", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=9)))),
        ("202601020304", datetime(2026, 1, 2, 3, 4, tzinfo=BERLIN)),
        ("20260102", datetime(2026, 1, 2, tzinfo=BERLIN)),
        ("", datetime(2026, 1, 3, tzinfo=BERLIN)),
        ("20269999", datetime(2026, 1, 3, tzinfo=BERLIN)),
    ],
)
def test_signed_time(signed: str, expected: datetime) -> None:
    """The signing time has its own zone or the site's, and falls back to the message's."""
    assert read_report(oru(signed=signed), zone=BERLIN).signed_at == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (oru(status="Q"), QuarantineReason.UNKNOWN_STATUS),
        (oru(status=""), QuarantineReason.UNKNOWN_STATUS),
        (oru(kind="ADT^A01"), QuarantineReason.UNSUPPORTED_MESSAGE),
        (oru(accession="", filler="", extra=""), QuarantineReason.NO_STUDY_REFERENCE),
        (oru(text=""), QuarantineReason.NO_TEXT),
        (oru(text="a" * 200_001), QuarantineReason.TOO_LARGE),
        (oru(text="é"), QuarantineReason.UNDECODABLE_TEXT),
        (b"not a message", QuarantineReason.UNPARSEABLE),
        (b"", QuarantineReason.UNPARSEABLE),
    ],
)
def test_quarantine(raw: bytes, reason: QuarantineReason) -> None:
    """A message that is no placeable report is set aside with its reason."""
    if reason is QuarantineReason.NO_TEXT:
        raw = raw.replace(b"18782-3^Findings", b"x")
    with pytest.raises(QuarantinedError) as caught:
        read_report(raw, zone=UTC)
    assert caught.value.reason is reason


@pytest.mark.parametrize("raw", [oru() + b"OBX|1\r" * 200_000, b"MSH|" + b"x" * 50_000_000], ids=["segments", "bytes"])
def test_caps_come_before_parsing(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message over a cap is refused before anything decodes or parses it."""

    def reached(*_: object, **__: object) -> str:
        pytest.fail("decoded")

    monkeypatch.setattr(hl7v2, "decode", reached)
    with pytest.raises(QuarantinedError, match="too_large"):
        read_report(raw, zone=UTC)


@pytest.mark.parametrize("mark", ["|", "^", "~", "&"])
def test_delimiters_are_capped_before_parsing(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is all delimiters is refused before it is split."""
    monkeypatch.setattr(hl7v2, "Message", lambda _: pytest.fail("parsed"))
    with pytest.raises(QuarantinedError, match="too_large"):
        read_report(oru(text=mark * 60_000), zone=UTC)


def test_control_id_is_plain() -> None:
    """A control id is cut down to what may stand in an acknowledgement."""
    assert header_of(oru(control="C1\x0b\x1c<evil>é")).control == "C1evil"


@given(st.binary(max_size=80), st.integers(0, 300))
def test_any_bytes_are_read_or_set_aside(noise: bytes, at: int) -> None:
    """Bytes spliced in anywhere give facts or a quarantine, never another error."""
    raw = oru()
    for mutant in (noise, raw[:at] + noise + raw[at:], raw[:at] + raw[at + len(noise) :]):
        header_of(mutant)
        with contextlib.suppress(QuarantinedError):
            read_report(mutant, zone=UTC)
