"""The receiver takes what a hospital sends, says no to the rest, and acknowledges only what is durable."""

import socket
import struct
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE

from monitor.bench.sender import CT, ImageKind, Sender
from monitor.ingest.admission import Limits, Refused
from monitor.ingest.spool import DiskSpool, Watermarks
from tests.monitor.ingest.conftest import NOW
from tests.monitor.ingest.receiving import Listening, answer_of, listening, objects, pdu, threads, until

SMALL = ImageKind(name="small", sop_class=CT.sop_class, modality="CT", rows=64, columns=64)
KNOWN = Limits(ae_title="OVERREAD", calling_aes=("PACS", "CT1"), max_associations=4, max_pending=8)


def stored(port: int, *, calling: str = "PACS", kind: ImageKind = SMALL, images: int = 1, study: str = "1.2.3") -> int:
    """Send images over one association; the last status."""
    with Sender(port, "OVERREAD", kind, study, calling=calling) as sender:
        status = [sender.store() for _ in range(images)][-1]
        sender.release()
    return status


def test_what_is_acknowledged_lies_whole_in_the_spool(spool: DiskSpool) -> None:
    """Objects of several PDUs arrive byte for byte behind a zeroed preamble, and leave no draft."""
    with listening(spool) as door:
        assert stored(door.port, kind=CT, images=3) == 0
    assert len(objects(spool)) == 3
    for path in objects(spool):
        assert path.read_bytes()[:132] == bytes(128) + b"DICM"
        dataset = pydicom.dcmread(path)
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert len(dataset.PixelData) == CT.pixel_bytes
    assert list(spool.partial.iterdir()) == []
    assert list(spool.aborted.iterdir()) == []


def test_every_storage_class_and_transfer_syntax_is_taken(spool: DiskSpool) -> None:
    """A private class and a compressed syntax are accepted; a query, a DICOMDIR and an unknown syntax are not."""
    asked = {
        "1.2.826.0.1.99.1": (JPEG2000Lossless, True),
        "1.2.840.10008.1.1": ("1.2.840.10008.1.2", True),
        "1.2.840.10008.5.1.4.1.2.2.1": (ExplicitVRLittleEndian, False),
        "1.2.840.10008.1.3.10": (ExplicitVRLittleEndian, False),
        CT.sop_class: ("1.2.826.0.1.99.2", False),
    }
    entity = AE()
    for abstract, (syntax, _) in asked.items():
        entity.add_requested_context(abstract, syntax)
    with listening(spool) as door:
        association = entity.associate("127.0.0.1", door.port, ae_title="OVERREAD")
        assert association.send_c_echo().Status == 0
        accepted = {context.abstract_syntax for context in association.accepted_contexts}
        association.release()
    assert accepted == {abstract for abstract, (_, taken) in asked.items() if taken}


@pytest.mark.parametrize(
    ("called", "calling", "reason"),
    [("ELSEWHERE", "PACS", Refused.CALLED_TITLE), ("OVERREAD", "STRANGER", Refused.CALLING_TITLE)],
)
def test_strangers_are_rejected_and_noted(spool: DiskSpool, called: str, calling: str, reason: Refused) -> None:
    """A wrong called or calling title gets an A-ASSOCIATE-RJ, and whoever came is on record."""
    with listening(spool, limits=KNOWN) as door:
        with pytest.raises(ConnectionError):
            Sender(door.port, called, SMALL, "1.2", calling=calling)
        until(lambda: door.refusals)
        assert [(one.reason, one.host, one.title) for one in door.refusals] == [(reason, "127.0.0.1", calling)]
        assert stored(door.port) == 0


def test_an_unknown_host_is_closed_before_a_byte(spool: DiskSpool) -> None:
    """A host off the allow-list is hung up on; IPv4 addresses are known behind their IPv6 form."""
    from ipaddress import ip_network  # noqa: PLC0415  # only here

    limits = Limits(ae_title="OVERREAD", calling_hosts=(ip_network("10.0.0.0/8"),))
    assert limits.lets_in("::ffff:10.1.2.3")
    assert not limits.lets_in("127.0.0.1")
    with listening(spool, limits=limits) as door, door.connect() as connection:
        assert answer_of(connection) == b""
        until(lambda: [one.reason for one in door.refusals] == [Refused.HOST])


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
        pdu(4, bytes(20)),
        pdu(1, b"\xff" * 200),
        struct.pack(">BxI", 1, 2 << 30),
        struct.pack(">BxI", 4, 2 << 30),
    ],
    ids=["http", "tls", "data first", "garbled request", "2 GiB request", "2 GiB data"],
)
def test_noise_is_aborted_at_its_header(spool: DiskSpool, noise: bytes) -> None:
    """HTTP, TLS, a PDU out of turn and one that claims 2 GiB are answered with A-ABORT at once."""
    with listening(spool) as door, door.connect() as connection:
        connection.sendall(noise)
        assert answer_of(connection)[:1] in {b"\x07", b""}
        until(lambda: door.receiver.connections() == 0)
        assert [one.reason for one in door.refusals] == [Refused.PROTOCOL]


def test_noise_leaves_nothing_behind(spool: DiskSpool) -> None:
    """After hundreds of bad connections there is no thread and no socket more than before."""
    with listening(spool) as door:
        assert stored(door.port) == 0
        until(lambda: door.receiver.connections() == 0)
        before, descriptors = threads(), _descriptors()
        for turn in range(300):
            with door.connect() as connection:
                connection.sendall((b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02", b"", b"\x01")[turn % 4])
        assert stored(door.port) == 0  # the last in line: all before it were seen
        until(lambda: threads() <= before and _descriptors() <= descriptors)
        assert door.receiver.connections() == 0


def test_idle_sockets_keep_no_known_peer_out(spool: DiskSpool) -> None:
    """Sixty sockets that say nothing make room, the oldest first, and a peer stores meanwhile."""
    with listening(spool, limits=KNOWN) as door:
        idle = [door.connect() for _ in range(60)]
        assert stored(door.port) == 0
        assert door.receiver.connections() <= KNOWN.max_pending
        assert {one.reason for one in door.refusals} == {Refused.BUSY}
        for connection in idle:
            connection.close()


def test_every_known_title_finds_a_slot(spool: DiskSpool) -> None:
    """One title with associations without end leaves a slot for the other; beyond that it is told to wait."""
    with listening(spool, limits=KNOWN) as door:
        held = [Sender(door.port, "OVERREAD", SMALL, f"1.{n}", calling="PACS") for n in range(3)]
        with pytest.raises(ConnectionError):
            Sender(door.port, "OVERREAD", SMALL, "1.9", calling="PACS")
        assert stored(door.port, calling="CT1") == 0
        for sender in held:
            sender.release()
        until(lambda: door.receiver.connections() == 0)
        assert stored(door.port) == 0


def test_silence_ends_a_connection(spool: DiskSpool) -> None:
    """A request that trickles in and an association that goes quiet are ended, and what came is on record."""
    limits = Limits(ae_title="OVERREAD", association_timeout_seconds=0.3, network_timeout_seconds=0.3)
    with listening(spool, limits=limits) as door:
        with door.connect() as connection:
            connection.sendall(b"\1")
            assert answer_of(connection)[:1] == b"\x07"
        with Sender(door.port, "OVERREAD", SMALL, "1.2") as sender:
            assert sender.store() == 0
            until(lambda: door.receiver.connections() == 0)
    assert [one.reason for one in door.refusals] == [Refused.TIMEOUT] * 2
    assert len(spool.broken_off()) == 1


def test_what_an_association_brought_is_on_record_unless_it_was_released(spool: DiskSpool) -> None:
    """An aborted association and one that our own death ended list what they had delivered; a released one nothing."""
    with listening(spool) as door:
        stored(door.port, images=2, study="1.1")
        assert spool.broken_off() == []
        with Sender(door.port, "OVERREAD", SMALL, "1.2") as sender:
            assert [sender.store(), sender.store()] == [0, 0]
        until(spool.broken_off)
        (broken,) = spool.broken_off()
        sent = {a.digest: a.path for a in spool.arrivals(10)}
        assert {str(pydicom.dcmread(sent[d]).StudyInstanceUID) for d in broken.digests} == {"1.2"}
        assert len(broken.digests) == 2
        spool.forget(broken)
        assert spool.broken_off() == []
        with Sender(door.port, "OVERREAD", SMALL, "1.3") as sender:
            assert sender.store() == 0
            DiskSpool(spool.incoming.parent).sweep()
            assert [len(one.digests) for one in spool.broken_off()] == [1]


def test_too_large_an_object_is_refused_while_it_comes(spool: DiskSpool) -> None:
    """The draft goes as soon as it is too long; the rest is read and refused, and a smaller one after it is taken."""
    limits = Limits(ae_title="OVERREAD", max_object_bytes=100_000)
    with listening(spool, limits=limits) as door:
        assert stored(door.port, kind=CT) == 0xA700
        assert [one.reason for one in door.refusals] == [Refused.TOO_LARGE]
        assert stored(door.port) == 0
    assert len(objects(spool)) == 1
    assert list(spool.partial.iterdir()) == []


def test_past_the_second_mark_nothing_is_taken_and_nothing_given_up(tmp_path: Path) -> None:
    """A disk that is too full answers 0xA700 to new objects and keeps the ones it has."""
    spool = DiskSpool(tmp_path / "spool")
    spool.write((b"earlier",), received_at=NOW)
    with listening(DiskSpool(tmp_path / "spool", Watermarks(refuse=0.999999))) as door:
        assert stored(door.port) == 0xA700
        assert [one.reason for one in door.refusals] == [Refused.DISK_FULL]
    assert [path.read_bytes() for path in objects(spool)] == [b"earlier"]


@pytest.mark.parametrize("uid", ["../../../etc/x", "1.2\0/../x", "1." + "9" * 200, "é/" * 30, "."])
def test_no_uid_becomes_a_path(spool: DiskSpool, uid: str) -> None:
    """Whatever stands for a SOP Instance UID, the file is named by digests and lies in the spool."""
    with listening(spool) as door, _raw(door) as connection:
        connection.sendall(_store_request(uid.encode()))
        head = connection.recv(6)
        assert head[:1] == b"\x04"
    root = spool.incoming.parent
    assert {path.parent for path in root.rglob("*") if path.is_file()} == {spool.incoming, spool.aborted}
    (path,) = objects(spool)
    micros, digest, mark = path.name.split(".")
    assert (micros.isdigit(), len(digest), len(mark)) == (True, 64, 32)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_after_the_association_end_it_and_nothing_else(spool: DiskSpool, noise: bytes) -> None:
    """Whatever is sent within an association, the connection ends or waits, and the door stays open."""
    with listening(spool) as door:
        with _raw(door) as connection:
            connection.sendall(noise)
            with suppress(OSError):  # it may be over already
                connection.shutdown(socket.SHUT_WR)
            answer_of(connection)
        until(lambda: door.receiver.connections() == 0)
        assert list(spool.partial.iterdir()) == []


def _raw(door: Listening) -> socket.socket:
    """A connection whose association is accepted."""
    from monitor.bench import sender  # noqa: PLC0415  # its request, without its manners

    connection = door.connect()
    connection.sendall(sender._request("OVERREAD", "PACS", CT.sop_class))
    kind, length = struct.unpack(">BxI", connection.recv(6))
    assert kind == 2
    connection.recv(length)
    return connection


def _store_request(uid: bytes) -> bytes:
    """A whole C-STORE-RQ of a tiny data set, with anything for a UID."""
    from monitor.bench import sender  # noqa: PLC0415

    command = sender._command(CT.sop_class, "1.2", 1)
    at = command.rindex(struct.pack("<HH", 0, 0x1000))
    body = command[12:at] + sender._implicit(0x1000, uid)
    return sender._data(sender._implicit(0, struct.pack("<I", len(body))) + body, 3) + sender._data(b"", 2)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
