"""The spool keeps what it has acknowledged, whatever happens next."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.errors import SpoolError
from monitor.ingest.spool import DiskSpool

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.lists(st.binary(max_size=400), max_size=5), st.integers(0, 10**9))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back_whole(spool: DiskSpool, pieces: list[bytes], micros: int) -> None:
    """Any bytes in any pieces are found under their digest, with the very time of receipt."""
    received_at = NOW + timedelta(microseconds=micros)
    digest = spool.write(pieces, received_at=received_at)
    arrivals = {arrival.digest: arrival for arrival in spool.arrivals(10_000)}
    assert digest == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert arrivals[digest].path.read_bytes() == b"".join(pieces)
    for arrival in arrivals.values():
        spool.hold(arrival)
    spool.release(arrivals)
    assert spool.waiting() == 0
    assert spool.held_digests() == []


def test_arrivals_come_oldest_first(spool: DiskSpool) -> None:
    """The order is that of receipt, not of content."""
    times = [NOW + timedelta(seconds=second) for second in (5, 1, 9, 3)]
    for moment in times:
        spool.write((str(moment).encode(),), received_at=moment)
    assert [arrival.received_at for arrival in spool.arrivals(10)] == sorted(times)
    assert [arrival.received_at for arrival in spool.arrivals(2)] == sorted(times)[:2]


def test_a_full_disk_is_an_error_and_leaves_nothing(spool: DiskSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that the disk refuses half-way is never acknowledged and leaves no part of itself."""
    written = os.write

    def full_after_ten(handle: int, view: memoryview) -> int:
        if len(view) > 10:
            return written(handle, view[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full_after_ten)
    with pytest.raises(SpoolError, match="No space left"):
        spool.write((b"x" * 15,), received_at=NOW)
    assert spool.waiting() == 0
    assert list(spool.partial.iterdir()) == []


def test_a_crash_between_registering_and_holding_shows_the_object_again(spool: DiskSpool, tmp_path: Path) -> None:
    """What was not held is an arrival again for whoever opens the spool next; drafts are swept."""
    spool.write((b"one",), received_at=NOW)
    (spool.partial / "draft").write_bytes(b"half")
    again = DiskSpool(tmp_path / "spool")
    again.sweep()
    assert [arrival.path.read_bytes() for arrival in again.arrivals(10)] == [b"one"]
    assert list(again.partial.iterdir()) == []


def test_a_power_cut_after_the_acknowledgement_loses_nothing(spool: DiskSpool, tmp_path: Path) -> None:
    """Undo the last move of a durable object, as a power cut may: sweeping brings it in; a cut-off one goes."""
    spool.write((b"whole",), received_at=NOW)
    (arrival,) = spool.arrivals(1)
    arrival.path.rename(spool.partial / arrival.path.name)
    (spool.partial / f"{arrival.path.name[:-1]}x").write_bytes(b"whol")
    again = DiskSpool(tmp_path / "spool")
    again.sweep()
    assert [found.path.read_bytes() for found in again.arrivals(10)] == [b"whole"]
    assert list(again.partial.iterdir()) == []


def test_files_are_for_the_owner_alone(spool: DiskSpool) -> None:
    """Neither group nor others may read what patients' images lie in."""
    spool.write((b"one",), received_at=NOW)
    (arrival,) = spool.arrivals(1)
    assert arrival.path.stat().st_mode & 0o077 == 0
    assert spool.incoming.stat().st_mode & 0o077 == 0
