"""Benchmarks of drift run and give ratios and rates; how fast is not a test's to say."""

from monitor.bench.drift import distances_speed
from monitor.bench.drift_errors import CHANGES, cell


def test_distances_are_those_of_scipy() -> None:
    """The raced results are equal to 1e-12, and both took time."""
    speed = distances_speed(200)
    assert speed.gap is not None
    assert speed.gap <= 1e-12
    assert speed.ratio == speed.peer_seconds / speed.seconds


def test_error_cells_are_rates() -> None:
    """A change gives the share of pairs that each side called drift."""
    for change in CHANGES[::5]:
        found = cell(change, 100, 40, repetitions=2)
        assert {found.drift, found.peer} <= {0.0, 0.5, 1.0}
