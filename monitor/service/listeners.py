"""The receiver role: the DICOM listener in threads, the HL7 listener on this process's event loop."""

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from monitor.core.errors import UnreachableError
from monitor.ingest.receiver import Receiver
from monitor.reads.group import GroupCommit
from monitor.reads.intake import ReadIntake, Received
from monitor.reads.mllp import MllpServer
from monitor.service import rooms
from monitor.service.clocks import clock_of
from monitor.service.reporting import read_intake
from monitor.service.running import Running

BIND_SECONDS = 20.0
BIND_RETRY_SECONDS = 0.2
BoundT = TypeVar("BoundT")


def receive(running: Running) -> None:
    """Run the receiver role until asked to stop.

    Raises:
        UnreachableError: a port stays taken.
    """
    settings = running.settings
    clock, spool = clock_of(settings.clock.file), rooms.open_spool(settings)
    spool.sweep()
    receiver = Receiver(
        spool,
        clock,
        rooms.receiver_limits(settings),
        on_refused=lambda what: running.log.warning("refused", door="dicom", what=what),
    )
    store = rooms.open_store(settings)
    intake = read_intake(running, store, clock)
    try:
        asyncio.run(_listen(running, receiver, intake))
    finally:
        receiver.stop()
        store.close()


async def _listen(running: Running, receiver: Receiver, intake: ReadIntake) -> None:
    settings = running.settings
    dicom, mllp = settings.dicom, settings.mllp
    group = GroupCommit(receive=intake.receive)
    server = MllpServer(
        handler=lambda raw, peer: group.submit(Received(raw=raw, peer=peer)),
        refusal=intake.refuse,
        max_message=mllp.max_message_bytes,
    )
    committing = asyncio.create_task(group.run())
    deadline = time.monotonic() + BIND_SECONDS
    await _bound(
        "DICOM", dicom.host, dicom.port, deadline, lambda: asyncio.to_thread(receiver.start, dicom.host, dicom.port)
    )
    listener = await _bound("MLLP", mllp.host, mllp.port, deadline, lambda: server.start(mllp.host, mllp.port))
    running.ready()
    running.log.info("listening", dicom=dicom.port, mllp=mllp.port)
    await asyncio.to_thread(running.stop.wait)
    listener.close()
    committing.cancel()


async def _bound(name: str, host: str, port: int, deadline: float, bind: Callable[[], Awaitable[BoundT]]) -> BoundT:
    """Bind a port; one that the process before us is still giving back is tried again for a while."""
    while True:
        try:
            return await bind()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                message = f"OVERREAD_{name}__PORT={port}: cannot listen on {host} ({error.strerror})"
                raise UnreachableError(message) from None
        await asyncio.sleep(BIND_RETRY_SECONDS)
