import math

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.records import finite, packed, unpacked
from monitor.store.tally import bucket


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_an_embedding_round_trips(values: list[float]) -> None:
    """Single-precision values come back to the bit."""
    assert unpacked(packed(values)) == tuple(values)


def test_an_embedding_is_little_endian() -> None:
    """The bytes are the same on every machine."""
    assert packed([1.0]) == b"\x00\x00\x80\x3f"


@given(st.dictionaries(st.text(max_size=5), st.floats()))
def test_only_numbers_are_kept(statistics: dict[str, float]) -> None:
    """Every finite statistic is kept as it is, and no other."""
    kept = finite(statistics)
    assert kept == {name: value for name, value in statistics.items() if math.isfinite(value)}


@given(st.floats(0, 60))
def test_a_latency_falls_in_the_least_bucket_that_holds_it(seconds: float) -> None:
    """A bucket is named by its upper bound, which it takes in, and everything below it down to the time falls there."""
    bound = float(bucket(seconds))
    assert seconds <= bound
    assert {bucket(bound), bucket((seconds + bound) / 2)} == {bucket(seconds)}
