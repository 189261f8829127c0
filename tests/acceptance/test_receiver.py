"""The receiver as a process: killed at any moment and on a disk that runs full, it keeps what it acknowledged."""

import hashlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer

import pydicom
import pytest

from monitor.bench.sender import CT, ImageKind, Sender
from monitor.ingest.admission import Refused
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.receiving import listening

pytestmark = pytest.mark.acceptance

KILLS = 50
DISK_BYTES = 2 << 20
SLICE = ImageKind(name="slice", sop_class=CT.sop_class, modality="CT", rows=256, columns=256)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_acknowledges_no_truncated_object(small_disk: Path) -> None:
    """Until the disk is full every object is taken whole, then each is refused with 0xA700 and leaves nothing."""
    spool = DiskSpool(small_disk / "spool")
    with listening(spool) as door, Sender(door.port, "OVERREAD", SLICE, "1.2") as sender:
        answers = [sender.store() for _ in range(2 * DISK_BYTES // SLICE.pixel_bytes)]
        sender.release()
        assert {one.reason for one in door.refusals} == {Refused.SPOOL}
    taken = answers.index(0xA700)
    assert taken > 5
    assert set(answers[taken:]) == {0xA700}
    assert [_whole(arrival.path) for arrival in spool.arrivals(100)] == [f"1.2.{n + 1}" for n in range(taken)]
    assert list(spool.partial.iterdir()) == []


def test_kill_nine_in_a_transfer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """At fifty random moments: each acknowledged object is there whole, each other is there whole or not at all."""
    moments = random.Random(3)  # noqa: S311  # a reproducible choice of moments, not a secret
    root = tmp_path / "spool"
    command = [sys.executable, str(Path(__file__).with_name("forked_receiver.py")), str(root)]
    acknowledged: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receivers:
        assert receivers.stdin is not None
        assert receivers.stdout is not None
        for turn in range(KILLS):
            receivers.stdin.write("\n")
            receivers.stdin.flush()
            number, port = map(int, receivers.stdout.readline().split())
            acknowledged += _sent_until_killed(number, port, f"1.2.{turn}", moments.uniform(0.0, 0.1))
    spool = DiskSpool(root)
    spool.sweep()
    found = [_whole(arrival.path) for arrival in spool.arrivals(100_000)]
    assert len(acknowledged) > KILLS
    assert set(acknowledged) <= set(found)
    assert len(found) <= len(acknowledged) + KILLS
    assert list(spool.partial.iterdir()) == []
    noted = {digest for broken in spool.broken_off() for digest in broken.digests}
    assert len(noted) >= len(acknowledged)


def _sent_until_killed(number: int, port: int, study: str, seconds: float) -> Sequence[str]:
    """Send until the receiver is gone; the UIDs that were acknowledged."""
    acknowledged: list[str] = []
    timer = Timer(seconds, os.kill, (number, signal.SIGKILL))
    timer.start()
    try:
        with Sender(port, "OVERREAD", SLICE, study) as sender:
            while True:
                assert sender.store() == 0
                acknowledged.append(f"{study}.{len(acknowledged) + 1}")
    except OSError:
        return acknowledged
    finally:
        timer.join()


def _whole(path: Path) -> str:
    """The SOP Instance UID of an object that has the digest it is named for and all its pixels."""
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name.split(".")[1]
    dataset = pydicom.dcmread(path)
    assert len(dataset.PixelData) == SLICE.pixel_bytes
    return str(dataset.SOPInstanceUID)
