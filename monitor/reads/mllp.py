"""MLLP: HL7 messages framed on a byte stream (HL7 v2 Implementation Guide, minimal lower layer protocol)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from monitor.core.errors import OverreadError

START, END = b"\x0b", b"\x1c\x0d"
MAX_MESSAGE = 8 * 1024 * 1024
_CHUNK = 64 * 1024

Handler = Callable[[bytes], Awaitable[bytes]]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class MllpServer:
    """Serves MLLP connections: every message goes to `handler`, its answer back on the same connection.

    `refusal` is sent, then the connection closed, when a frame is larger than `max_message` bytes. A connection over
    `max_connections`, or silent for `idle_seconds`, is closed.
    """

    handler: Handler
    refusal: Callable[[], bytes]
    max_message: int = MAX_MESSAGE
    max_connections: int = 64
    idle_seconds: float = 300.0
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
        framer = Framer(limit=self.max_message)
        while chunk := await asyncio.wait_for(reader.read(_CHUNK), self.idle_seconds):
            try:
                for message in framer.feed(chunk):
                    await self._answer(writer, await self.handler(message))
            except FrameTooLargeError:
                await self._answer(writer, self.refusal())
                return

    async def _answer(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        writer.write(frame(message))
        await asyncio.wait_for(writer.drain(), self.idle_seconds)
