"""HL7 reports through the socket to durable storage: how many a second, and how long a sender waits for its answer."""

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from monitor.core.identity import KEY_BYTES, Pseudonyms
from monitor.labels import labeler_for
from monitor.reads.group import GroupCommit
from monitor.reads.intake import Desk, ReadIntake, Received
from monitor.reads.mllp import MllpServer, frame
from monitor.store import schema
from monitor.store.database import Database
from monitor.store.sql import SqlStore

CONNECTIONS = 16
MESSAGES = 5000
READY_SECONDS = 60.0
_TEXT = (
    "CLINICAL HISTORY: Shortness of breath.~COMPARISON: Chest radiograph of last year.~FINDINGS: The heart is mildly "
    "enlarged. There is a small left pleural effusion with adjacent atelectasis. No pneumothorax is seen. The right "
    "lung is clear. No acute osseous abnormality. A calcified granuloma is unchanged in the right upper lobe."
    "~IMPRESSION: 1. Small left pleural effusion.~2. Mild cardiomegaly, unchanged."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hl7Speed:
    """Messages a second and the seconds until the answer, at the median and at the 99th of a hundred.

    `floor_per_second` is a bare write and flush of each message, one after the other, in the same run.
    """

    messages: int
    per_second: float
    median_seconds: float
    p99_seconds: float
    floor_per_second: float

    @property
    def ratio(self) -> float:
        """Our messages a second over the floor's: above 1 where one flush serves many messages."""
        return self.per_second / self.floor_per_second


def hl7_speed(messages: int, *, rate: float | None = None) -> Hl7Speed:
    """Send reports over several connections to a listener in a process of its own, and wait for every answer.

    Args:
        messages: how many.
        rate: messages a second, evenly spaced; None for as fast as the answers come.
    """
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, theirs), daemon=True)
        server.start()
        try:
            if not ours.poll(READY_SECONDS):
                message = "the listener did not start"
                raise TimeoutError(message)
            port = int(ours.recv())
            began = time.perf_counter()
            waits = sorted(asyncio.run(_send_all(port, messages, rate)))
            elapsed = time.perf_counter() - began
        finally:
            server.terminate()
            server.join()
        floor = _floor(Path(folder) / "floor", min(messages, 500))
    return Hl7Speed(
        messages=messages,
        per_second=messages / elapsed,
        median_seconds=waits[len(waits) // 2],
        p99_seconds=waits[int(len(waits) * 0.99)],
        floor_per_second=floor,
    )


def report(number: int) -> bytes:
    """A report of a made-up study, like no other."""
    return (
        f"MSH|^~\\&|RIS|HOSP|OV|HOSP|20260103000000||ORU^R01^ORU_R01|C{number}|P|2.5.1||||||UNICODE UTF-8\r"
        f"PID|1||P{number % 997}^^^HOSP||DOE^JOHN\r"
        f"OBR|1|P{number}|A{number}^RIS|CXR^Chest radiograph{'|' * 14}A{number}"
        f"||||20260102030405||DX|F{'|' * 7}R9&Doe&Jane\r"
        f"OBX|1|TX|18782-3^Findings||{_TEXT}||||||F\rZDS|1.2.3.4.{number}^App^Application^DICOM\r"
    ).encode()


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def _serve(folder: str, ready: Connection) -> None:
    """The listener as the receiver role runs it, over a SQLite store of its own."""
    database = Database(f"sqlite:///{folder}/store.sqlite")
    schema.upgrade(database)
    labeler = labeler_for("chest-radiograph")
    desk = Desk(pseudonyms=Pseudonyms(key=os.urandom(KEY_BYTES)), labeler_for=lambda _: labeler, clock=_SystemClock())
    intake = ReadIntake(store=SqlStore(database), desk=desk)
    asyncio.run(_listen(intake, ready.send))


async def _listen(intake: ReadIntake, ready: Callable[[int], None]) -> None:
    group = GroupCommit(receive=intake.receive)
    server = MllpServer(handler=lambda raw, peer: group.submit(Received(raw=raw, peer=peer)), refusal=intake.refuse)
    listener = await server.start("127.0.0.1", 0)
    ready(listener.sockets[0].getsockname()[1])
    await group.run()


async def _send_all(port: int, messages: int, rate: float | None) -> list[float]:
    began = time.perf_counter()
    waits = [_send(port, range(first, messages, CONNECTIONS), began, rate) for first in range(CONNECTIONS)]
    return [wait for part in await asyncio.gather(*waits) for wait in part]


async def _send(port: int, numbers: range, began: float, rate: float | None) -> list[float]:
    """One connection's messages; a wait counts from when its message was due, so that a late start is no discount."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waits = []
    for number in numbers:
        due = time.perf_counter() if rate is None else began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(frame(report(number)))
        answer = await reader.readuntil(b"\x1c\r")
        if b"MSA|AA" not in answer:
            message = f"report {number} was not taken"
            raise ValueError(message)
        waits.append(time.perf_counter() - due)
    writer.close()
    return waits


def _floor(path: Path, messages: int) -> float:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    began = time.perf_counter()
    try:
        for number in range(messages):
            os.write(handle, report(number))
            os.fsync(handle)
    finally:
        os.close(handle)
    return messages / (time.perf_counter() - began)
