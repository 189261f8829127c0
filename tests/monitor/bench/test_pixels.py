"""Benchmarks run and give ratios; how fast is not a test's to say."""

from monitor.bench.pixels import Cost, jail_costs


def test_a_ratio_is_the_peer_over_us() -> None:
    """Twice as fast is a ratio of two; without its peer a task has none."""
    assert Cost(task="t", milliseconds=10.0, peer="p", peer_milliseconds=20.0).ratio == 2.0
    assert Cost(task="t", milliseconds=10.0, peer="p", peer_milliseconds=None).ratio is None


def test_the_jail_is_measured() -> None:
    """A slice and a radiograph take time to become facts and pixels."""
    costs = jail_costs(rounds=1)
    assert len({cost.task for cost in costs}) == 4
    assert all(cost.milliseconds > 0 for cost in costs)
