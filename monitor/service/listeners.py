"""The receiver role: the DICOM listener in threads, the HL7 listener on this process's event loop."""

import asyncio
import errno
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from monitor.core.errors import UnreachableError
from monitor.ingest.receiver import Receiver
from monitor.ingest.spool import DiskSpool
from monitor.reads.group import GroupCommit
from monitor.reads.intake import ReadIntake, Received
from monitor.reads.mllp import MllpServer
from monitor.service import doors, receiving, rooms
from monitor.service.clocks import clock_of
from monitor.service.refusals import RefusalBook
from monitor.service.reporting import read_intake
from monitor.service.running import Running

BIND_SECONDS = 20.0
BIND_RETRY_SECONDS = 0.2
DISK_SECONDS = 10.0
STOP_SECONDS = 5.0
"""How long a door may go on with what it has in hand; what it does not finish is found again."""
BoundT = TypeVar("BoundT")


def receive(running: Running) -> None:
    """Run the receiver role until asked to stop.

    Raises:
        UnreachableError: a port stays taken.
        SettingError: another door cannot be opened as it was set.
    """
    settings = running.settings
    clock, spool = clock_of(settings.clock.file), rooms.open_spool(settings)
    spool.sweep()
    store = rooms.open_store(settings)
    refusals = RefusalBook(running.log, lambda who: store.audit("receiver", "refused", who, at=clock.now()))
    receiver = Receiver(
        spool,
        clock,
        receiving.limits(settings),
        refusals.note,
        pseudonym=rooms.pseudonyms(settings).uid,
        commitments=receiving.commitments(settings, spool, store),
        tls=receiving.tls(settings),
    )
    for work in (refusals.keep, partial(_watch_disk, spool, running.log)):
        threading.Thread(target=work, args=(running.stop,), daemon=True).start()
    intake = read_intake(running, store, clock)
    beside = doors.start(running, store, clock)
    try:
        asyncio.run(_listen(running, receiver, intake))
    finally:
        receiver.stop()
        running.stop.set()
        for thread in beside:
            thread.join(STOP_SECONDS)
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


def _watch_disk(spool: DiskSpool, log: Any, stop: threading.Event) -> None:
    """Say when the spool's disk passes a mark, in either direction."""
    before = "disk_enough"
    while True:
        free = spool.free_ratio()
        refused, low = free < spool.marks.refuse, free < spool.marks.warn
        now = "disk_refused" if refused else "disk_low" if low else "disk_enough"
        if now != before:
            (log.info if now == "disk_enough" else log.warning)(now, free_ratio=round(free, 3))
        before = now
        if stop.wait(DISK_SECONDS):
            return


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
