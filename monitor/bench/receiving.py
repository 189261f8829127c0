"""Images a second, from C-STORE to an acknowledgement that is durable: ours beside Orthanc's and dcmtk's storescp.

Every cell is measured for all receivers in turn, in rounds, so that what else the machine does meets them alike.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from monitor.bench.receivers import ORTHANC, OURS, STORESCP, Peer, running
from monitor.bench.sender import CR, CT, ImageKind, Sender

PEERS = (OURS, ORTHANC, STORESCP)
ASSOCIATIONS = (1, 4)
KINDS = ((CT, 1), (CR, 10))
"""Kinds, and how many times fewer of them are sent: a radiograph is twenty slices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverSpeed:
    """Median images a second of each receiver in one cell, taken in turn in one run."""

    kind: str
    associations: int
    images_per_second: Mapping[str, float]

    def ratio(self, peer: str) -> float | None:
        """Ours over this peer's; None where it is not installed."""
        theirs = self.images_per_second.get(peer)
        return None if theirs is None else self.images_per_second[OURS.name] / theirs


def missing() -> Sequence[str]:
    """Receivers that cannot be compared here."""
    return [peer.name for peer in PEERS if not peer.installed]


def receiver_speeds(images: int, *, rounds: int, folder: Path | None = None) -> Sequence[ReceiverSpeed]:
    """Send `images` slices a round, and a tenth of that in radiographs, over one association and over four.

    Nothing is stored twice: each round has its own study. `folder` is where all of them store; the system's temporary
    folder where none is given.
    """
    here = [peer for peer in PEERS if peer.installed]
    with tempfile.TemporaryDirectory(dir=folder) as root, ExitStack() as stack:
        ports = {peer: stack.enter_context(running(peer, Path(root) / peer.name)) for peer in here}
        return [
            _cell(ports, kind, associations, max(associations, images // fewer), rounds)
            for kind, fewer in KINDS
            for associations in ASSOCIATIONS
        ]


def _cell(ports: Mapping[Peer, int], kind: ImageKind, associations: int, images: int, rounds: int) -> ReceiverSpeed:
    found: dict[str, list[float]] = {peer.name: [] for peer in ports}
    for _ in range(rounds):
        for peer, port in ports.items():
            found[peer.name].append(_rate(port, peer.title, kind, associations, images // associations))
    return ReceiverSpeed(
        kind=kind.name,
        associations=associations,
        images_per_second={name: median(rates) for name, rates in found.items()},
    )


def _rate(port: int, title: str, kind: ImageKind, associations: int, images: int) -> float:
    """Images a second over all associations, from the first image to the last answer.

    Raises:
        ConnectionError: an image was not acknowledged.
    """
    study = f"1.2.826.0.1.3680043.10.{secrets.randbits(60)}"
    senders = [Sender(port, title, kind, f"{study}.{number}") for number in range(associations)]
    failed: list[int] = []
    threads = [threading.Thread(target=_send, args=(sender, images, failed.append)) for sender in senders]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for sender in senders:
        sender.release()
    if failed:
        message = f"{title} answered {failed[0]:#06x}"
        raise ConnectionError(message)
    return associations * images / took


def _send(sender: Sender, images: int, failed: Callable[[int], None]) -> None:
    for _ in range(images):
        status = sender.store()
        if status:
            failed(status)
            return
