"""McNemar and Tango's interval against statsmodels, published values and simulation."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from monitor.agreement.paired import Pairing, mcnemar, non_inferiority, paired_difference

cells, positive = st.integers(0, 60), st.integers(1, 60)
pairings = st.builds(Pairing, both=cells, only_first=cells, only_second=cells, neither=cells)


@given(pairings)
def test_mcnemar_matches_statsmodels(pairing: Pairing) -> None:
    """The exact p-value is that of an independent implementation."""
    table = [[pairing.both, pairing.only_first], [pairing.only_second, pairing.neither]]
    assume(pairing.only_first + pairing.only_second > 0)
    assert mcnemar(pairing) == pytest.approx(statsmodels_mcnemar(table, exact=True).pvalue, abs=1e-9)


def test_no_discordant_case_tells_nothing() -> None:
    """Two who are right on the same cases cannot be told apart."""
    assert mcnemar(Pairing(both=40, only_first=0, only_second=0, neither=2)) == 1.0


def test_interval_is_the_published_one() -> None:
    """Airway hyper-responsiveness before and after transplantation: Tango's interval is -.517 to -.026."""
    found = paired_difference(Pairing(both=1, only_first=1, only_second=7, neither=12))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((-0.517, -0.026), abs=5e-4)


@given(st.builds(Pairing, both=positive, only_first=positive, only_second=positive, neither=positive))
def test_bounds_are_where_the_score_test_rejects(pairing: Pairing) -> None:
    """With the nuisance maximised numerically, the score at either bound is 1.96 from what was seen."""
    found, n = paired_difference(pairing), pairing.n
    assert found is not None
    b, c = pairing.only_first, pairing.only_second
    for bound in (found.low, found.high):

        def unlikeliness(second: float, bound: float = bound) -> float:
            first = second + bound
            return -(b * np.log(first) + c * np.log(second) + (n - b - c) * np.log(1 - first - second))

        edges = (max(0, -bound) + 1e-12, (1 - bound) / 2 - 1e-12)
        second = minimize_scalar(unlikeliness, bounds=edges, method="bounded", options={"xatol": 1e-12}).x
        score = (b - c - n * bound) / np.sqrt(n * (2 * second + bound * (1 - bound)))
        assert abs(score) == pytest.approx(1.959964, abs=1e-4)


@given(pairings)
def test_interval_holds_its_value_and_is_no_point(pairing: Pairing) -> None:
    """-1 ≤ low ≤ value ≤ high ≤ 1, of some width, and mirrored when the two change places."""
    assume(pairing.n > 0)
    found = paired_difference(pairing)
    swapped = Pairing(
        both=pairing.both, only_first=pairing.only_second, only_second=pairing.only_first, neither=pairing.neither
    )
    mirrored = paired_difference(swapped)
    assert found is not None
    assert mirrored is not None
    assert -1 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1
    assert found.low < found.high
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


@given(pairings)
def test_not_inferior_exactly_where_the_interval_says_so(pairing: Pairing) -> None:
    """The one-sided p-value is at most .025 where the 95 % interval lies above the margin."""
    found, p_value = paired_difference(pairing), non_inferiority(pairing, 0.1)
    assume(found is not None)
    assert found is not None
    assert p_value is not None
    assume(abs(found.low + 0.1) > 1e-6)
    assert (p_value < 0.025) == (found.low > -0.1)


@pytest.mark.slow
def test_interval_covers() -> None:
    """The 95 % interval holds a true difference of -.04 in .93 to .97 of 2000 samples of 100 pairs."""
    drawn = np.random.default_rng(2).multinomial(100, [0.85, 0.03, 0.07, 0.05], 2000)
    held = [
        paired_difference(Pairing(both=int(a), only_first=int(b), only_second=int(c), neither=int(d)))
        for a, b, c, d in drawn
    ]
    assert 0.93 <= np.mean([one is not None and one.low <= -0.04 <= one.high for one in held]) <= 0.97
