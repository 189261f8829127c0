"""Benchmarks run and give ratios; how fast is not a test's to say."""

from monitor.bench.ingest import spool_speed


def test_the_spool_is_measured_beside_its_floor() -> None:
    """Both ways take time, and the ratio is theirs."""
    speed = spool_speed(4096, objects=3)
    assert speed.spool_seconds > 0
    assert speed.ratio == speed.floor_seconds / speed.spool_seconds
