"""A receiver on loopback and the plain ways to speak to it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.core.identity import Pseudonyms
from monitor.ingest.admission import Limits, Refusal
from monitor.ingest.receiver import Receiver
from monitor.ingest.spool import DiskSpool

PSEUDONYMS = Pseudonyms(key=b"k" * 32)


class SystemTime:
    """The `Clock` port over the system's clock."""

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)


class Listening:
    """A receiver that listens, and what it refused."""

    def __init__(self, spool: DiskSpool, limits: Limits, **more: Any) -> None:
        self.spool, self.refusals = spool, list[Refusal]()
        self.receiver = Receiver(spool, SystemTime(), limits, self.refusals.append, pseudonym=PSEUDONYMS.uid, **more)
        self.port = self.receiver.start("127.0.0.1", 0)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def listening(spool: DiskSpool, *, limits: Limits | None = None, **more: Any) -> Iterator[Listening]:
    """Listen for as long as the block lasts."""
    found = Listening(spool, limits or Limits(ae_title="OVERREAD"), **more)
    try:
        yield found
    finally:
        found.receiver.stop()


def until(holds: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def answer_of(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    try:
        while piece := connection.recv(4096):
            found += piece
    except ConnectionResetError:
        pass
    return found


def pdu(kind: int, content: bytes) -> bytes:
    """A PDU."""
    return struct.pack(">BxI", kind, len(content)) + content


def objects(spool: DiskSpool) -> list[Path]:
    """The files not yet registered."""
    return [arrival.path for arrival in spool.arrivals(10_000)]


def threads() -> int:
    """How many threads this process has."""
    return threading.active_count()
