"""Wilson's interval against statsmodels, at its edges, and its coverage."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from monitor.agreement.coverage import SIMULATED, coverage_table, exact_coverage, simulated_table
from monitor.agreement.proportion import wilson

DOCUMENT = Path(__file__).parents[3] / "docs" / "statistics.md"
tables = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(tables, st.sampled_from([0.8, 0.95, 0.99]))
def test_matches_statsmodels(table: tuple[int, int], confidence: float) -> None:
    """The bounds are those of an independent implementation, to 1e-12."""
    share = wilson(*table, confidence=confidence)
    assert share is not None
    expected = proportion_confint(*table, alpha=1 - confidence, method="wilson")
    assert (share.low, share.high) == pytest.approx(expected, abs=1e-12)


@given(tables)
def test_holds_its_estimate_inside_the_unit_interval(table: tuple[int, int]) -> None:
    """0 ≤ low ≤ value ≤ high ≤ 1 and the interval is never a point."""
    share = wilson(*table)
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.low < share.high


def test_no_cases_is_undefined() -> None:
    """A share of nothing is None, not 0."""
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    """More successes than cases, or fewer than none, is an error that names both."""
    with pytest.raises(ValueError, match=f"{successes} of {n}"):
        wilson(successes, n)


def test_exact_coverage_is_what_simulation_finds() -> None:
    """The exact coverage of the interval agrees with 20 000 simulated samples, within four Monte-Carlo errors."""
    rng = np.random.default_rng(1)
    for n, p in [(20, 0.1), (100, 0.5)]:
        hits = 0
        for successes, times in zip(*np.unique(rng.binomial(n, p, 20_000), return_counts=True), strict=True):
            share = wilson(int(successes), n)
            assert share is not None
            hits += int(times) * (share.low <= p <= share.high)
        assert hits / 20_000 == pytest.approx(exact_coverage(wilson, n, p), abs=4 * (0.05 * 0.95 / 20_000) ** 0.5)


def test_documented_coverage_is_current() -> None:
    """The coverage table in the documentation is the one the code gives."""
    assert coverage_table() in DOCUMENT.read_text(encoding="utf-8")


def test_every_interval_has_its_simulated_coverage_documented() -> None:
    """The table in the documentation has three rows for each interval that is simulated, as the code prints it."""
    printed, text = simulated_table(replicates=2), DOCUMENT.read_text(encoding="utf-8")
    for name in SIMULATED:
        assert printed.count(f"| {name} |") == 3 <= text.count(f"| {name} |")
