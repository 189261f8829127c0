"""MLLP: HL7 messages framed on a byte stream (HL7 v2 Implementation Guide, minimal lower layer protocol)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from monitor.core.errors import OverreadError

START, END = b"\x0b", b"\x1c\x0d"
MAX_MESSAGE = 8 * 1024 * 1024
_CHUNK = 64 * 1024


class FrameTooLargeError(OverreadError):
    """A frame on the wire is larger than the cap."""


def frame(message: bytes) -> bytes:
    """A message as it goes on the wire."""
    return START + message + END


@dataclass(kw_only=True, slots=True)
class Framer:
    """Finds messages in a stream fed in pieces of any size; holds at most `limit` bytes and one piece.

    What lies outside a frame is skipped, and a start byte inside one begins anew: the frame before it bled.
    """

    limit: int = MAX_MESSAGE
    _buffer: bytearray = field(default_factory=bytearray)
    _searched: int = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The messages this piece completes, in order.

        Raises:
            FrameTooLargeError: a frame grew over the limit before it ended; the stream cannot be followed further.
        """
        buffer = self._buffer
        buffer += chunk
        while True:
            if not buffer.startswith(START):
                start = buffer.find(START)
                del buffer[: len(buffer) if start < 0 else start]
                self._searched = 0
                if not buffer:
                    return
            end = buffer.find(END, self._searched)
            certain = end if end >= 0 else len(buffer) - buffer.endswith(END[:1])
            if certain - len(START) > self.limit:
                held = len(buffer) - 1
                buffer.clear()
                self._searched = 0
                message = f"frame: {held} bytes and more; at most {self.limit} are accepted"
                raise FrameTooLargeError(message)
            if end < 0:
                self._searched = max(len(buffer) - 1, 0)
                return
            yield bytes(buffer[buffer.rfind(START, 0, end) + 1 : end])
            del buffer[: end + len(END)]
            self._searched = 0


class Reply(Protocol):
    """What goes back to a sender; after a refusal the connection ends."""

    @property
    def message(self) -> bytes:
        """The acknowledgement, not yet framed."""

    @property
    def refused(self) -> bool:
        """Whether nothing more is taken from this sender."""


Handler = Callable[[bytes, str], Awaitable[Reply]]
"""From a message and its sender's address to the reply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MllpServer:
    """Serves MLLP connections: every message goes to `handler`, its answer back on the same connection, in order.

    A sender need not wait for an answer before its next message; at most `pipelined` of its messages are worked on.
    `refusal` is sent, then the connection closed, when a frame is larger than `max_message` bytes. A connection over
    `max_connections`, or silent for `idle_seconds`, is closed.
    """

    handler: Handler
    refusal: Callable[[str], Reply]
    max_message: int = MAX_MESSAGE
    max_connections: int = 64
    pipelined: int = 64
    idle_seconds: float = 300.0
    linger_seconds: float = 2.0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen; port 0 takes a free one. Raises OSError where the address cannot be bound."""
        return await asyncio.start_server(self._serve, host, port, limit=_CHUNK)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._open) < self.max_connections:
                self._open.add(writer)
                await self._converse(reader, writer)
        except (TimeoutError, ConnectionError):
            pass  # the peer went silent or away; what it had not finished sending was never acknowledged
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        due: asyncio.Queue[Awaitable[Reply] | None] = asyncio.Queue(self.pipelined)
        speaking = asyncio.create_task(self._speak(due, writer))
        try:
            listening = asyncio.create_task(self._listen(reader, peer, due))
            try:
                await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
                if listening.done():
                    listening.result()
                    await speaking
            finally:
                listening.cancel()
        finally:
            speaking.cancel()
        if speaking.done() and not speaking.cancelled() and speaking.result():
            await self._linger(reader, writer)

    async def _listen(
        self, reader: asyncio.StreamReader, peer: str, due: "asyncio.Queue[Awaitable[Reply] | None]"
    ) -> None:
        framer = Framer(limit=self.max_message)
        while chunk := await asyncio.wait_for(reader.read(_CHUNK), self.idle_seconds):
            try:
                for message in framer.feed(chunk):
                    await due.put(asyncio.ensure_future(self.handler(message, peer)))
            except FrameTooLargeError:
                await due.put(asyncio.ensure_future(asyncio.to_thread(self._refused, peer)))
                break
        await due.put(None)

    def _refused(self, peer: str) -> Reply:
        return self.refusal(peer)

    async def _speak(self, due: "asyncio.Queue[Awaitable[Reply] | None]", writer: asyncio.StreamWriter) -> bool:
        """Send replies in the order their messages came; whether the last was a refusal."""
        refused = False
        while not refused and (reply := await due.get()) is not None:
            said = await reply
            writer.write(frame(said.message))
            await asyncio.wait_for(writer.drain(), self.idle_seconds)
            refused = said.refused
        return refused

    async def _linger(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let the peer read its refusal: a connection closed on bytes still under way is reset, and the answer lost."""
        if writer.can_write_eof():
            writer.write_eof()
        try:
            async with asyncio.timeout(self.linger_seconds):
                while await reader.read(_CHUNK):
                    pass
        except TimeoutError:
            pass
