"""What goes wrong between a RIS and a PACS, one trap a row: the message that comes, and the studies that are there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.core.pairing import Match, MatchMethod, Unmatched, match
from monitor.core.read import Read
from monitor.core.study import Acquisition, Study
from monitor.reads.intake import Received
from monitor.reads.source import AccessionRule, Source
from tests.monitor.reads.test_hl7v2 import UID, oru
from tests.monitor.reads.test_intake import NAMES, Intake, Shelf

TAKEN = datetime(2026, 1, 2, 2, tzinfo=UTC)


def study(
    uid: str = "1.9", accession: str = "A1", issuer: str | None = None, patient: str = "P77", **changes: object
) -> Study:
    """A study as its images gave it, under pseudonyms."""
    found = Study(
        key=str(NAMES.uid(uid)),
        patient=NAMES.patient(patient),
        accession=NAMES.accession(accession),
        issuer_accession=NAMES.accession(accession, issuer=issuer) if issuer else None,
        acquisition=Acquisition(modality="DX"),
        studied_at=TAKEN,
        received_at=TAKEN,
        last_instance_at=TAKEN,
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # named by each case


def reads(raw: bytes, source: Source | None = None) -> list[Read]:
    """What becomes of a message."""
    shelf = Shelf()
    Intake(shelf, source or Source(charset="ASCII")).whole.receive([Received(raw=raw)])
    return list(shelf.reads.values())


MEANT = (UID, "1.9", "2.25.1")
"""The studies that the reports of the table are of; every other one is a trap."""
BARE = {"extra": "", "filler": ""}
BY_NUMBER = MatchMethod.ACCESSION
BY_ISSUER = MatchMethod.ISSUER_ACCESSION


@pytest.mark.parametrize(
    ("sent", "source", "studies", "expected"),
    [
        pytest.param({}, {}, [study(UID)], MatchMethod.STUDY_UID, id="study UID"),
        pytest.param({**BARE, "accession": "  A1 "}, {}, [study()], BY_NUMBER, id="padded with blanks"),
        pytest.param({**BARE, "accession": "a1"}, {}, [study()], BY_NUMBER, id="other case"),
        pytest.param(
            {**BARE, "accession": "0000123"},
            {"accession": AccessionRule(bare=True)},
            [study(accession="123")],
            BY_NUMBER,
            id="zeros only the RIS writes",
        ),
        pytest.param(
            {**BARE, "accession": "123"},
            {"accession": AccessionRule(width=8)},
            [study(accession="00000123")],
            BY_NUMBER,
            id="zeros only the PACS writes",
        ),
        pytest.param({**BARE, "accession": "0123"}, {}, [study(accession="123")], Unmatched.NO_CANDIDATE, id="no rule"),
        pytest.param(
            {**BARE, "accession": "RIS-123"},
            {"accession": AccessionRule(strip="RIS-", prefix="H1")},
            [study(accession="H1123")],
            BY_NUMBER,
            id="prefixes of either side",
        ),
        pytest.param(
            {**BARE, "accession": "HOSPITAL-2026-000123"},
            {"accession": AccessionRule(at_most=16)},
            [study(accession="HOSPITAL-2026-00")],
            BY_NUMBER,
            id="cut to 16 characters in DICOM",
        ),
        pytest.param(
            {"extra": "", "filler": "A1^EAST"},
            {},
            [study("1.9", issuer="EAST"), study("1.2", issuer="WEST")],
            BY_ISSUER,
            id="same accession at two sites, issuer named",
        ),
        pytest.param(
            {**BARE},
            {"issuer": "WEST"},
            [study("1.2", issuer="EAST"), study("1.9", issuer="WEST")],
            BY_ISSUER,
            id="same accession at two sites, issuer of the source",
        ),
        pytest.param(
            {**BARE}, {}, [study("1.1"), study("1.2")], Unmatched.AMBIGUOUS, id="same accession at two sites, no issuer"
        ),
        pytest.param({**BARE}, {}, [study(patient="P78")], Unmatched.PATIENT_DIFFERS, id="another patient"),
        pytest.param(
            {"extra": "", "filler": "A1^EAST"},
            {},
            [study(issuer="EAST", patient="P78")],
            Unmatched.PATIENT_DIFFERS,
            id="another patient under the issuer's number",
        ),
        pytest.param(
            {"filler": "A1^EAST"}, {}, [study("2.25.1", issuer="EAST")], BY_ISSUER, id="study UID coerced by the PACS"
        ),
        pytest.param({"filler": ""}, {}, [study("2.25.1")], BY_NUMBER, id="study UID coerced, no issuer"),
        pytest.param(
            {**BARE, "signed": "20260102001500"},
            {"zone": ZoneInfo("America/New_York")},
            [study(studied_at=datetime(2026, 1, 2, 4, 50, tzinfo=UTC))],
            BY_NUMBER,
            id="signed after midnight",
        ),
        pytest.param(
            {**BARE, "signed": "20260109015900"}, {}, [study()], BY_NUMBER, id="just within seven days, in UTC"
        ),
        pytest.param(
            {**BARE, "signed": "20260109015900"},
            {"zone": ZoneInfo("America/New_York")},
            [study()],
            Unmatched.NO_CANDIDATE,
            id="the same words, five hours later by the clock of the site",
        ),
        pytest.param(
            {**BARE, "signed": "20260109040000+0900"},
            {},
            [study()],
            BY_NUMBER,
            id="a zone of its own comes first",
        ),
        pytest.param(
            {**BARE}, {}, [study(acquisition=Acquisition(modality="CT"))], Unmatched.NO_CANDIDATE, id="another modality"
        ),
        pytest.param(
            {"extra": "", "filler": "A1^EAST"},
            {},
            [study("1.9", issuer="EAST"), study("1.2", issuer="EAST", acquisition=Acquisition(modality="CT"))],
            BY_ISSUER,
            id="one accession, two studies, one of the modality",
        ),
        pytest.param(
            {"extra": "", "filler": "A1^EAST"},
            {},
            [study("1.9", issuer="EAST"), study("1.2", issuer="EAST")],
            Unmatched.AMBIGUOUS,
            id="one accession, two studies alike",
        ),
        pytest.param({"accession": "A9"}, {}, [study(UID)], MatchMethod.STUDY_UID, id="UID outranks the accession"),
    ],
)
def test_a_trap(
    sent: dict[str, str],
    source: dict[str, object],
    studies: Sequence[Study],
    expected: MatchMethod | Unmatched,
) -> None:
    """Every report finds its study by the rule that is meant, or says why it has none."""
    (read,) = reads(oru(**sent), Source(charset="ASCII", **source))  # type: ignore[arg-type]  # named by each case
    found = match(read, studies)
    assert (found.method if isinstance(found, Match) else found) == expected
    if isinstance(found, Match):
        assert found.study in {NAMES.uid(uid) for uid in MEANT}


def test_one_report_of_three_accessions() -> None:
    """A combined report is a read of each of its studies, with the same labels."""
    raw = oru(accession="A1~A2~A3", extra="", filler="")
    found = reads(raw)
    assert [read.accession for read in found] == [NAMES.accession(n) for n in ("A1", "A2", "A3")]
    assert len({read.key for read in found}) == 3
    assert found[0].labels == found[1].labels == found[2].labels


def test_orders_of_one_message_share_its_only_text() -> None:
    """Orders without a text of their own have the message's; the study UID at the end is the last order's."""
    raw = oru(accession="A1", extra="", filler="").replace(
        b"OBX|1", b"OBR|2|||CXR" + b"|" * 14 + b"A2\rZDS|" + UID.encode() + b"\rOBX|1"
    )
    found = reads(raw)
    assert [read.accession for read in found] == [NAMES.accession("A1"), NAMES.accession("A2")]
    assert [read.study_uid for read in found] == [None, NAMES.uid(UID)]
    assert found[0].labels == found[1].labels


def test_a_mixture_that_could_mean_more_than_one_thing_is_set_aside() -> None:
    """Three accession numbers beside two study UIDs are not guessed at."""
    shelf = Shelf()
    raw = oru(accession="A1~A2~A3", extra=f"ZDS|{UID}\rZDS|1.2.840.99.2\r")
    assert b"MSA|AE" in Intake(shelf).receive(raw)
    assert [reason.value for reason in shelf.aside.values()] == ["ambiguous_reference"]


def test_a_merged_patient() -> None:
    """A patient merge names the record that is gone and the one that stays, as pseudonyms."""
    shelf = Shelf()
    raw = (
        b"MSH|^~\\&|ADT|HOSP|OV|HOSP|20260103||ADT^A40^ADT_A39|M1|P|2.5\rPID|1||P77^^^HOSP||DOE^JOHN\rMRG|P12^^^HOSP\r"
    )
    assert b"MSA|AA|M1" in Intake(shelf).receive(raw)
    (merge,) = shelf.merges
    assert (merge.retired, merge.surviving) == (NAMES.patient("P12"), NAMES.patient("P77"))


def test_banner_instead_of_a_status() -> None:
    """Where the status fields are empty the text's banner says how far the report has come."""
    (read,) = reads(oru(status="", text="PRELIMINARY REPORT\\.br\\No effusion is seen."))
    assert read.status.value == "preliminary"
