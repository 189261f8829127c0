"""What a hostile or broken sender can do: nothing but be refused."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import pytest

from monitor.core.read import QuarantineReason, SetAside, Taken
from monitor.reads.hl7v2 import read_message
from monitor.reads.intake import Received
from monitor.reads.mllp import Framer, FrameTooLargeError, frame
from monitor.reads.report import QuarantinedError
from monitor.reads.source import Source
from tests.monitor.reads.test_hl7v2 import oru
from tests.monitor.reads.test_intake import Intake, Shelf, _msa

MUTANTS = 1500
MARKS = (b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\x0b", b"\x1c", b"\x1c\r", b"\x00", b"\xff", b"\x1b$B", b"MSH|")


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Messages with some bytes cut, doubled, swapped or put in."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    seeds = [oru(), oru(text="a\\.br\\b~c"), oru(accession="A1~A2"), oru(kind="ADT^A40").replace(b"OBX", b"MRG")]
    for _ in range(count):
        raw = bytearray(draw.choice(seeds))
        for _ in range(draw.randint(1, 6)):
            start, size = draw.randrange(len(raw) + 1), draw.randint(0, 12)
            raw[start : start + draw.choice((0, size))] = draw.choice((*MARKS, bytes(raw[start : start + size])))
        yield bytes(raw)


def test_any_mutant_is_a_report_or_set_aside() -> None:
    """Whatever comes, it is read or set aside with a reason; nothing else is raised."""
    reasons = set()
    for raw in mutants(MUTANTS, 1):
        try:
            read_message(raw, Source())
        except QuarantinedError as error:
            reasons.add(error.reason)
    assert len(reasons) > 3


def test_no_message_bleeds_into_the_next() -> None:
    """After any broken frame the next whole one is found, alone, wherever the stream is cut."""
    draw = random.Random(2)  # noqa: S311 - as above
    sound = oru(control="SOUND")
    for raw in mutants(300, 3):
        stream = b"\x0b" + raw + frame(sound)
        framer, cut, found = Framer(limit=1 << 20), 0, []
        while cut < len(stream):
            size = draw.randint(1, 400)
            found += framer.feed(stream[cut : cut + size])
            cut += size
        assert found[-1] == sound


def test_every_split_gives_the_same_message() -> None:
    """A message cut in two at any byte is the same message."""
    stream = frame(oru()) + frame(oru(control="C2"))
    for cut in range(len(stream)):
        framer = Framer()
        assert [*framer.feed(stream[:cut]), *framer.feed(stream[cut:])] == [oru(), oru(control="C2")]


@pytest.mark.parametrize(
    "raw",
    [oru() + b"OBX|1\r" * 200_000, oru() + b"OBX|1\n" * 200_000, b"MSH|" + b"x" * 50_000_000],
    ids=["segments", "lines", "bytes"],
)
def test_a_message_over_a_cap_is_refused_at_once(raw: bytes) -> None:
    """200,000 segments or 50 MB are answered AR within a tenth of a second."""
    intake = Intake(Shelf())
    began = time.perf_counter()
    assert _msa(intake.receive(raw))[1] == "AR"
    assert time.perf_counter() - began < 0.5  # a tenth on a quiet machine; a busy one is no fault of ours


def test_a_frame_over_the_cap_is_refused_before_it_ends() -> None:
    """A frame of 50 MB is given up once it is over the cap."""
    framer, piece = Framer(limit=8 << 20), b"x" * 65_536
    assert not list(framer.feed(b"\x0b"))
    for _ in range(128):
        assert not list(framer.feed(piece))
    with pytest.raises(FrameTooLargeError):
        list(framer.feed(piece))


KNOWN = Source(name="ris", senders=frozenset({"RIS|HOSP"}), addresses=(ip_network("10.0.0.0/8"),), charset="ASCII")


@pytest.mark.parametrize(
    ("raw", "peer"),
    [(oru(), "192.0.2.7"), (oru().replace(b"|RIS|HOSP|", b"|RIS|FORGED|"), "10.1.2.3"), (b"nonsense", "10.1.2.3")],
    ids=["address", "name", "no name"],
)
def test_a_forged_sender_is_refused(raw: bytes, peer: str) -> None:
    """A sender that no source knows is answered AR, counted, reported by its address, and hung up on."""
    shelf = Shelf()
    intake = Intake(shelf, KNOWN)
    (answer,) = intake.whole.receive([Received(raw=raw, peer=peer)])
    assert answer.refused
    assert b"MSA|AR|" in answer.message
    assert intake.refused == [peer]
    assert not shelf.reads
    assert list(shelf.aside.values()) == [QuarantineReason.SENDER_REFUSED]


def test_the_known_sender_is_let_in() -> None:
    """The source's own name from its own address is taken, under the source's name."""
    shelf = Shelf()
    assert _msa(Intake(shelf, KNOWN).receive(oru(), peer="10.1.2.3"))[1] == "AA"
    assert [read.source for read in shelf.reads.values()] == ["ris"]


class Picky(Shelf):
    """A store that cannot keep what was set aside."""

    def take(self, taken: Sequence[Taken]) -> int:
        """Fail where anything was set aside."""
        if any(isinstance(one, SetAside) for one in taken):
            raise ValueError
        return super().take(taken)


def test_one_bad_row_does_not_take_the_others_down() -> None:
    """Where a batch cannot be stored whole, each message is tried alone, and only the bad one is sent back."""
    shelf = Picky()
    messages = [oru(control="C1"), oru(control="C2", status="Q"), oru(control="C3")]
    answers = Intake(shelf).whole.receive([Received(raw=raw) for raw in messages])
    assert [_msa(answer.message)[1] for answer in answers] == ["AA", "AE", "AA"]
    assert len(shelf.reads) == 2


def test_mutants_say_nothing_of_what_is_in_them(caplog: pytest.LogCaptureFixture) -> None:
    """No name, number or text of a broken message is in an answer, an error, a log or what is kept of it."""
    caplog.set_level(logging.DEBUG)
    shelf, seen = Shelf(), []
    intake = Intake(shelf)
    for raw in mutants(200, 4):
        marked = raw.replace(b"JOHN", b"CANARYNAME").replace(b"P77", b"CANARYNUM").replace(b"effusion", b"CANARYTEXT")
        seen.append(intake.receive(marked).decode())
    seen += [repr(shelf.aside), repr(shelf.reads), caplog.text]
    assert not [text for text in seen if "CANARY" in text.replace("MSA|AE|CANARY", "")]
