import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from monitor.core.errors import UnreachableError
from monitor.simulate.hospital import Hospital, StudySent
from monitor.simulate.wire import LARGEST_ACK, AnswerError, DicomSender, MllpSender

MESSAGE = b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|CTRL1|P|2.5.1\rOBX|1|TX|||caf\xc3\xa9\r"
Reply = Callable[[bytes], bytes | None]


def acknowledging(code: str, control: str = "CTRL1") -> Reply:
    """A receiver that answers every message with this code."""
    return lambda _: f"\x0bMSH|^~\\&\rMSA|{code}|{control}\r\x1c\r".encode()


@contextmanager
def listening(reply: Reply) -> Iterator[tuple[int, list[bytes]]]:
    """A tiny MLLP server: its port, and the frames it got. A reply of None closes the connection."""
    frames: list[bytes] = []
    started, stop, bound = threading.Event(), asyncio.Event(), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frames.append(await reader.readuntil(b"\x1c\r"))
                answer = reply(frames[-1])
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        bound.extend([server.sockets[0].getsockname()[1], asyncio.get_running_loop()])
        started.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    started.wait(5)
    try:
        yield bound[0], frames
    finally:
        bound[1].call_soon_threadsafe(stop.set)
        thread.join(5)


@pytest.mark.parametrize("code", ["AA", "AE", "AR"])
def test_the_acknowledgement_code_comes_back(code: str) -> None:
    """The sender frames the message byte for byte and returns MSA-1."""
    with listening(acknowledging(code)) as (port, frames), MllpSender("127.0.0.1", port, timeout=5) as sender:
        assert sender.send(MESSAGE) == code
        assert sender.send(MESSAGE) == code
        assert frames == [b"\x0b" + MESSAGE + b"\x1c\r"] * 2


def test_a_lost_connection_is_renewed_once() -> None:
    """A receiver that hangs up before its first answer gets the same message again on a new connection."""
    calls: list[bytes] = []

    def reply(frame: bytes) -> bytes | None:
        calls.append(frame)
        return None if len(calls) == 1 else acknowledging("AA")(frame)

    with listening(reply) as (port, frames), MllpSender("127.0.0.1", port, timeout=5) as sender:
        assert sender.send(MESSAGE) == "AA"
        assert frames[0] == frames[1]


def test_a_silent_or_absent_receiver_is_unreachable() -> None:
    """No answer within the time-out, or nobody listening, is an UnreachableError that names the address."""
    with (
        listening(lambda _: b"") as (port, _),
        MllpSender("127.0.0.1", port, timeout=0.2) as sender,
        pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"),
    ):
        sender.send(MESSAGE)
    with pytest.raises(UnreachableError, match="does not answer"):
        MllpSender("127.0.0.1", _free_port(), timeout=1).send(MESSAGE)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x0bMSH|^~\\&\rMSA|AA|OTHER\r\x1c\r",
        b"\x0bMSH|^~\\&\rMSA|ZZ|CTRL1\r\x1c\r",
        b"\x0bMSH|^~\\&\r\x1c\r",
        b"MSA|AA|CTRL1\r\x1c\r",
        b"\x0b" + b"x" * (LARGEST_ACK + 1),
    ],
    ids=["other message", "unknown code", "no MSA", "no start", "endless"],
)
def test_a_wrong_answer_is_no_acknowledgement(answer: bytes) -> None:
    """An answer to something else, without a code, unframed or without end is an AnswerError, and bounded."""
    with (
        listening(lambda _: answer) as (port, _),
        MllpSender("127.0.0.1", port, timeout=5) as sender,
        pytest.raises(AnswerError),
    ):
        sender.send(MESSAGE)


@contextmanager
def storing(status: int, events: list[str], *, aborted: str = "") -> Iterator[int]:
    """A DICOM receiver that answers with this status, but aborts when it first gets the instance `aborted`.

    `events` notes associations and objects.
    """
    entity = AE("ARCHIVE")
    entity.require_called_aet = True
    entity.add_supported_context("1.2.840.10008.5.1.4.1.1.1.1")

    def stored(event: evt.Event) -> int:
        uid = event.request.AffectedSOPInstanceUID
        if uid == aborted and uid not in events:
            event.assoc.abort()
        events.append(uid)
        return status

    handlers = [(evt.EVT_C_STORE, stored), (evt.EVT_ESTABLISHED, lambda _: events.append("association"))]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@pytest.fixture
def datasets(hospital: Hospital) -> list[Dataset]:
    """A few objects."""
    return [event.dataset() for event in hospital.events(1) if isinstance(event, StudySent)][:4]


@pytest.mark.parametrize("status", [0x0000, 0xA700])
def test_objects_share_one_association(datasets: list[Dataset], status: int) -> None:
    """Several objects go over one association without Nagle's delay; the receiver's status comes back."""
    events: list[str] = []
    with storing(status, events) as port, _sender(port) as sender:
        assert [sender.send(one) for one in datasets] == [status] * 4
        assert sender._association is not None
        assert sender._association._wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert events == ["association", *(one.SOPInstanceUID for one in datasets)]


def test_an_association_is_renewed_when_lost(datasets: list[Dataset]) -> None:
    """An object whose association the receiver aborts goes over a new one."""
    events: list[str] = []
    with storing(0, events, aborted=datasets[1].SOPInstanceUID) as port, _sender(port) as sender:
        assert [sender.send(one) for one in datasets] == [0] * 4
    uids = [one.SOPInstanceUID for one in datasets]
    assert events == ["association", *uids[:2], "association", *uids[1:]]


def test_a_refused_association_is_unreachable(datasets: list[Dataset]) -> None:
    """A receiver of another title, and one that speaks no DICOM, are an UnreachableError, not a hang."""
    with storing(0, []) as port, pytest.raises(UnreachableError, match="ELSEWHERE"):
        DicomSender("127.0.0.1", port, calling_ae="NORTH", called_ae="ELSEWHERE", timeout=5).send(datasets[0])
    with listening(acknowledging("AA")) as (port, _), pytest.raises(UnreachableError):
        DicomSender("127.0.0.1", port, calling_ae="NORTH", called_ae="ARCHIVE", timeout=0.5).send(datasets[0])


def test_nobody_listening_is_unreachable(datasets: list[Dataset]) -> None:
    """Without a receiver, sending is an UnreachableError that names the title and the address."""
    port = _free_port()
    with pytest.raises(UnreachableError, match=f"ARCHIVE at 127.0.0.1:{port}"):
        _sender(port).send(datasets[0])


def _sender(port: int) -> DicomSender:
    return DicomSender("127.0.0.1", port, calling_ae="NORTH", called_ae="ARCHIVE", timeout=5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
