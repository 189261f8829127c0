import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from monitor.core.identity import Pseudonyms
from monitor.core.read import Label, PatientMerge, QuarantineReason, Read, ReadStatus, SetAside, Taken
from monitor.labels import labeler_for
from monitor.reads.intake import Desk, ReadIntake, Received
from monitor.reads.source import Source
from tests.monitor.reads.test_hl7v2 import UID, oru, read_report

NAMES = Pseudonyms(key=b"k" * 32)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


class Fixed:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The one time there is."""
        return NOW


class Shelf:
    """A small store: reads by key, quarantined messages by key."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.reads: dict[str, Read] = {}
        self.aside: dict[str, QuarantineReason] = {}
        self.merges: list[PatientMerge] = []
        self.failing = failing
        self.lock = threading.Lock()

    def take(self, taken: Sequence[Taken]) -> int:
        """Keep everything, or fail as told."""
        if self.failing is not None:
            raise self.failing
        with self.lock:
            for one in taken:
                if isinstance(one, Read):
                    self.reads.setdefault(one.key, one)
                elif isinstance(one, SetAside):
                    self.aside[one.key] = one.reason
                else:
                    self.merges.append(one)
        return len(taken)


class Intake:
    """An intake that is given one message at a time."""

    def __init__(self, store: Shelf, *sources: Source) -> None:
        desk = Desk(pseudonyms=NAMES, labeler_for=lambda _: labeler_for("chest-radiograph"), clock=Fixed())
        self.refused: list[str] = []
        self.whole = ReadIntake(
            store=store, desk=desk, sources=sources or (Source(charset="ASCII"),), on_refused=self.refused.append
        )

    def receive(self, raw: bytes, peer: str | None = None) -> bytes:
        """The acknowledgement of one message."""
        (answer,) = self.whole.receive([Received(raw=raw, peer=peer)])
        return answer.message

    def refuse(self) -> bytes:
        """The answer to a frame too large."""
        return self.whole.refuse().message


_intake = Intake


def _msa(answer: bytes) -> list[str]:
    return answer.decode("ascii").split("\r")[1].split("|")


def test_a_report_becomes_a_read() -> None:
    """A report is stored under pseudonyms with its labels, and acknowledged."""
    store = Shelf()
    assert _msa(_intake(store).receive(oru())) == ["MSA", "AA", "C1", ""]
    (read,) = store.reads.values()
    assert read.labels["pleural_effusion"] is Label.ABSENT
    assert (read.study_uid, read.accession) == (NAMES.uid(UID), NAMES.accession("A1"))
    assert read.issuer_accession == NAMES.accession("A1", issuer="RIS")
    assert (read.patient, read.reader) == (NAMES.patient("P77"), NAMES.reader("R9"))
    assert (read.source, read.status, read.received_at) == ("hl7", ReadStatus.FINAL, NOW)


def test_sent_again_it_is_one_read() -> None:
    """The same message again, header times apart, is acknowledged and stored once; other content is another read."""
    store = Shelf()
    again = oru().replace(b"20260103000000", b"20260104000000")
    for raw in (oru(), oru(), again):
        assert _msa(_intake(store).receive(raw))[1] == "AA"
    assert len(store.reads) == 1
    _intake(store).receive(oru(text="There is an effusion."))
    _intake(store).receive(oru(control="C2"))
    assert len(store.reads) == 3


def test_unknown_language_leaves_no_labels() -> None:
    """A report the labeler cannot read is kept without labels."""
    store = Shelf()
    _intake(store).receive(oru(text="Kein Pleuraerguss, das Herz ist nicht breit."))
    (read,) = store.reads.values()
    assert not read.labels
    assert read.language == "other"


def test_set_aside_is_counted_and_said() -> None:
    """An unusable message is counted once however often it is sent, and answered AE with its reason."""
    store = Shelf()
    for _ in range(2):
        assert _msa(_intake(store).receive(oru(status="Q"))) == ["MSA", "AE", "C1", "unknown_status"]
    assert list(store.aside.values()) == [QuarantineReason.UNKNOWN_STATUS]


def test_over_a_cap_is_rejected() -> None:
    """A message over a cap is answered AR and counted; so is a frame refused on the wire."""
    store = Shelf()
    assert _msa(_intake(store).receive(oru() + b"OBX|1\r" * 200_000))[1:3] == ["AR", "C1"]
    assert _msa(_intake(store).refuse())[1] == "AR"
    assert set(store.aside.values()) == {QuarantineReason.TOO_LARGE}


def test_a_message_without_control_id_is_set_aside() -> None:
    """Without a control id nothing can be acknowledged, so nothing is stored."""
    store = Shelf()
    assert _msa(_intake(store).receive(oru(control="")))[1] == "AE"
    assert not store.reads


@pytest.mark.parametrize("raw", [oru(), oru(status="Q")])
def test_a_failing_store_acknowledges_nothing(raw: bytes) -> None:
    """When the store raises the answer is AE, and quotes nothing of what it raised."""
    answer = _intake(Shelf(RuntimeError("row P77 DOE"))).receive(raw)
    assert _msa(answer)[1] == "AE"
    assert b"DOE" not in answer


def test_identity_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    """Names, numbers and text appear in no answer, log, stored record, error or repr."""
    caplog.set_level(logging.DEBUG)
    canaries = ("CANARYNAME", "CANARYNUM", "CANARYTEXT", "CANARYACC", "CANARYDOC")
    store, seen = Shelf(), []
    for status in ("F", "Q"):
        raw = oru(status=status, accession="CANARYACC", text="There is an effusion. CANARYTEXT")
        raw = raw.replace(b"DOE^JOHN", b"CANARYNAME").replace(b"P77", b"CANARYNUM").replace(b"R9&Doe", b"CANARYDOC&Doe")
        seen.append(_intake(store).receive(raw).decode())
        try:
            seen.append(repr(read_report(raw, zone=UTC)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not name anyone
            seen += [repr(error), str(error)]
    seen += [repr(store.reads), repr(store.aside), caplog.text]
    assert not [canary for canary in canaries for text in seen if canary in text]


def test_threads_may_share_an_intake() -> None:
    """Messages received from a pool of threads are each stored once."""
    store = Shelf()
    intake = _intake(store)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: intake.receive(oru(control=f"C{i % 50}")), range(200)))
    assert {_msa(answer)[1] for answer in answers} == {"AA"}
    assert len(store.reads) == 50
