"""Claims: how they stand, why a percentage may say nothing, and what it takes to settle one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.agreement.claims import Claim, Standing, cases_needed, settle
from monitor.agreement.sequence import confidence_sequence
from monitor.core.counts import Counts

FINDING = (("finding", "effusion"),)
GOOD, POOR, FEW = Counts(tp=290, fn=10, tn=700), Counts(tp=100, fn=200, tn=700), Counts(tp=3, fn=1, tn=20)


def _claim(statistic: str = "ppa", at_least: float = 0.9) -> Claim:
    return Claim(name="as promised", statistic=statistic, at_least=at_least)  # type: ignore[arg-type]  a word


@pytest.mark.parametrize(
    ("counts", "standing"),
    [(GOOD, Standing.SUPPORTED), (POOR, Standing.REFUTED), (FEW, Standing.UNDECIDED), (Counts(), Standing.UNDECIDED)],
)
def test_stands_as_the_interval_says(counts: Counts, standing: Standing) -> None:
    """Supported where the whole interval keeps the promise, refuted where none of it does, else undecided."""
    assert settle(_claim(), {FINDING: counts}).standing is standing


def test_one_refuted_part_refutes_the_whole() -> None:
    """A promise across scanners is broken by one of them, and kept only by all."""
    where = [(*FINDING, ("manufacturer", name)) for name in ("A", "B", "C")]
    kept = settle(_claim(), dict.fromkeys(where, GOOD))
    open_ = settle(_claim(), {where[0]: GOOD, where[1]: FEW})
    broken = settle(_claim(), {where[0]: GOOD, where[1]: POOR, where[2]: FEW})
    assert (kept.standing, open_.standing) == (Standing.SUPPORTED, Standing.UNDECIDED)
    assert broken.standing is Standing.REFUTED
    assert [part.stratum["manufacturer"] for part in broken.parts] == ["A", "B", "C"]


def test_a_percentage_that_silence_would_reach_is_not_meaningful() -> None:
    """At 3 % prevalence an agreement above 93 % is kept by an AI that never calls the finding; a PPA is not."""
    counts = Counts(tp=20, fn=10, tn=970)
    (agreement,), (ppa,) = (
        settle(claim, {FINDING: counts}).parts for claim in (_claim("agreement", 0.93), _claim("ppa", 0.5))
    )
    assert (agreement.always_negative, agreement.meaningful) == (0.97, False)
    assert (ppa.always_negative, ppa.meaningful) == (0.0, True)


@given(st.integers(0, 100), st.floats(0.05, 0.95))
def test_the_cases_needed_are_the_fewest_that_settle(percent: int, bound: float) -> None:
    """With so many hundred cases more than needed the bound is outside, with so many fewer it is inside."""
    assume(abs(percent / 100 - bound) > 0.02)
    needed = cases_needed(percent / 100, bound)
    assert needed is not None
    more, fewer = 100 * (needed // 100 + 1), 100 * (needed // 100)
    outside = confidence_sequence(percent * more // 100, more)
    assert outside is not None
    assert not outside.low <= bound <= outside.high
    if fewer and fewer < needed:
        inside = confidence_sequence(percent * fewer // 100, fewer)
        assert inside is not None
        assert inside.low <= bound <= inside.high


def test_nothing_settles_what_is_exactly_kept() -> None:
    """A share equal to the bound is never told from it."""
    assert cases_needed(0.9, 0.9) is None
