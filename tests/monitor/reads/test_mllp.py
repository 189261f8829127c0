import asyncio
import itertools
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.reads.group import MOST, GroupCommit
from monitor.reads.intake import Answer, Received
from monitor.reads.mllp import Framer, FrameTooLargeError, MllpServer, frame

MESSAGES = st.lists(st.binary(max_size=60).filter(lambda m: b"\x0b" not in m and b"\x1c" not in m), max_size=6)
GARBAGE = st.binary(max_size=12).filter(lambda g: b"\x0b" not in g)


def _fed(stream: bytes, cuts: list[int], limit: int = 1000) -> list[bytes]:
    framer = Framer(limit=limit)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [message for a, b in itertools.pairwise(edges) for message in framer.feed(stream[a:b])]


@given(MESSAGES, st.lists(st.integers(0, 500), max_size=30))
def test_chunking_changes_nothing(messages: list[bytes], cuts: list[int]) -> None:
    """However a stream of frames is cut, the same messages come out."""
    stream = b"".join(frame(message) for message in messages)
    assert _fed(stream, cuts) == messages
    assert _fed(stream, list(range(len(stream)))) == messages


@given(MESSAGES, GARBAGE)
def test_garbage_between_frames_is_skipped(messages: list[bytes], garbage: bytes) -> None:
    """What lies between frames is skipped, and the next frame is found."""
    assert _fed(garbage + b"".join(frame(m) + garbage for m in messages), [3, 9]) == messages


def test_a_bleeding_frame_is_dropped() -> None:
    """A start byte within a frame begins anew; the frame that never ended is dropped."""
    assert _fed(b"\x0bMSH|lost" + frame(b"MSH|whole"), [4]) == [b"MSH|whole"]


def test_size_is_refused_while_reading() -> None:
    """A frame over the cap is refused once the cap is passed, with no more than the cap and one piece held."""
    framer = Framer(limit=100)
    for chunk in [b"\x0b", *[b"x" * 10] * 10]:
        assert not list(framer.feed(chunk))
    with pytest.raises(FrameTooLargeError, match="at most 100"):
        next(framer.feed(b"x" * 10))
    assert _fed_after(framer) == [b"next"]


def _fed_after(framer: Framer) -> list[bytes]:
    return list(framer.feed(b"rest of it" + frame(b"next")))


def test_a_frame_of_exactly_the_cap_passes() -> None:
    """The cap itself is accepted."""
    assert _fed(frame(b"x" * 100), [50, 101, 102], limit=100) == [b"x" * 100]


async def _conversation(chunks: list[bytes], **limits: float) -> bytes:
    async def answer(message: bytes, peer: str) -> Answer:
        assert peer == "127.0.0.1"
        await asyncio.sleep(0.02 if message == b"one" else 0)
        return Answer(message=b"ACK " + message, refused=message == b"forged")

    server = MllpServer(
        handler=answer, refusal=lambda _: Answer(message=b"TOO LARGE", refused=True), linger_seconds=0.05, **limits
    )  # type: ignore[arg-type]
    async with await server.start("127.0.0.1", 0) as listening:
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname()[:2])
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof() and "idle_seconds" not in limits:
            writer.write_eof()
        got = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return got


def test_server_answers_in_order() -> None:
    """Every message on a connection gets its own answer, in order."""
    got = asyncio.run(_conversation([frame(b"one") + frame(b"tw")[:2], frame(b"tw")[2:]]))
    assert got == frame(b"ACK one") + frame(b"ACK tw")


def test_a_refused_sender_is_hung_up_on() -> None:
    """After a refusal nothing more is answered, and the connection ends."""
    assert asyncio.run(_conversation([frame(b"forged") + frame(b"two")])) == frame(b"ACK forged")


def test_messages_of_all_connections_are_taken_together() -> None:
    """What comes while a batch is being stored is the next batch, in order, each message with its own answer."""
    batches: list[int] = []

    def receive(messages: Sequence[Received]) -> list[Answer]:
        batches.append(len(messages))
        time.sleep(0.01)
        return [Answer(message=message.raw) for message in messages]

    async def submitted() -> list[bytes]:
        group = GroupCommit(receive=receive)
        running = asyncio.create_task(group.run())
        answers = [await one for one in [group.submit(Received(raw=b"%d" % n)) for n in range(MOST * 2 + 5)]]
        running.cancel()
        return [answer.message for answer in answers]

    assert asyncio.run(submitted()) == [b"%d" % n for n in range(MOST * 2 + 5)]
    assert batches == [MOST, MOST, 5]


def test_server_refuses_large_frames_and_hangs_up() -> None:
    """A frame over the cap is answered with the refusal, and the connection closed."""
    assert asyncio.run(_conversation([b"\x0b" + b"x" * 200], max_message=100)) == frame(b"TOO LARGE")


def test_server_drops_idle_connections() -> None:
    """A connection that stays silent is closed."""
    assert asyncio.run(_conversation([b"\x0bhalf"], idle_seconds=0.05)) == b""


def test_server_limits_connections() -> None:
    """A connection over the limit is closed at once."""
    assert asyncio.run(_conversation([], max_connections=0)) == b""
