"""The intervals of AC1 and PABAK."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.agreement.chance_corrected import ac1_interval, pabak_interval
from monitor.agreement.kappa import gwet_ac1, pabak
from monitor.core.counts import Counts

cells = st.integers(0, 300)
counts = st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells)


def _gwet_2008(table: Counts) -> float:
    """The variance as Gwet writes it, for two readers and two categories."""
    n, agreed = table.n, (table.tp + table.tn) / table.n
    shares = {(1, 1): table.tp, (1, 0): table.fp, (0, 1): table.fn, (0, 0): table.tn}
    positive = (2 * table.tp + table.fp + table.fn) / (2 * n)
    pi = {1: positive, 0: 1 - positive}
    chance = sum(share * (1 - share) for share in pi.values())
    first = agreed * (1 - agreed)
    second = sum(shares[k, k] / n * (1 - pi[k]) for k in pi) - agreed * chance
    third = sum(share / n * (1 - (pi[k] + pi[m]) / 2) ** 2 for (k, m), share in shares.items()) - chance**2
    left = (1 - agreed) / (1 - chance)
    return (first - 4 * left * second + 4 * left**2 * third) / (n * (1 - chance) ** 2)


@given(counts)
def test_ac1_error_is_gwets(table: Counts) -> None:
    """The standard error is that of the published formula."""
    assume(table.n > 0 and table.fp + table.fn > 0)
    figure = ac1_interval(table)
    assert figure is not None
    assert figure.value == gwet_ac1(table)
    assert figure.standard_error**2 == pytest.approx(_gwet_2008(table), rel=1e-6, abs=1e-12)


@given(counts)
def test_intervals_hold_their_values_and_are_no_points(table: Counts) -> None:
    """-1 ≤ low ≤ value ≤ high ≤ 1 with low below high, also in perfect agreement."""
    assume(table.n > 0)
    for figure, value in ((ac1_interval(table), gwet_ac1(table)), (pabak_interval(table), pabak(table))):
        assert figure is not None
        assert value == pytest.approx(figure.value, abs=1e-12)
        assert -1 <= figure.low <= figure.value + 1e-12 <= figure.high + 2e-12 <= 1 + 3e-12
        assert figure.low < figure.high


def test_undefined_without_cases() -> None:
    """No cases, no figure."""
    assert ac1_interval(Counts()) is None
    assert pabak_interval(Counts()) is None


@pytest.mark.slow
def test_ac1_interval_covers_at_low_prevalence() -> None:
    """The 95 % interval holds the true AC1 in .92 to .97 of 4000 samples of 300 pairs at 4 % prevalence."""
    truth = gwet_ac1(Counts(tp=30, fp=20, fn=10, tn=940))
    figures = [
        ac1_interval(Counts(tp=int(tp), fp=int(fp), fn=int(fn), tn=int(tn)))
        for tp, fp, fn, tn in np.random.default_rng(9).multinomial(300, [0.03, 0.02, 0.01, 0.94], 4000)
    ]
    assert truth is not None
    assert 0.92 <= np.mean([one is not None and one.low <= truth <= one.high for one in figures]) <= 0.97
