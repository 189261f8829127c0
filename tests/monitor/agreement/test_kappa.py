"""Kappa against scikit-learn and statsmodels, AC1 and PABAK against their definitions."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from monitor.agreement.kappa import cohen_kappa, gwet_ac1, pabak
from monitor.core.counts import Counts

cells = st.integers(0, 300)
counts = st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells)


def _answers(table: Counts) -> tuple[list[int], list[int]]:
    calls = [1] * (table.tp + table.fp) + [0] * (table.fn + table.tn)
    labels = [1] * table.tp + [0] * table.fp + [1] * table.fn + [0] * table.tn
    return calls, labels


def _varied(table: Counts) -> bool:
    return table.tp + table.fp + table.fn > 0 and table.fp + table.fn + table.tn > 0


@given(counts)
def test_value_matches_scikit_learn(table: Counts) -> None:
    """Kappa is that of an independent implementation."""
    assume(_varied(table))
    kappa = cohen_kappa(table)
    assert kappa is not None
    assert kappa.value == pytest.approx(cohen_kappa_score(*_answers(table)), abs=1e-12)


@given(counts)
def test_standard_error_matches_statsmodels(table: Counts) -> None:
    """The standard error is the non-null one of an independent implementation."""
    assume(_varied(table))
    kappa = cohen_kappa(table)
    assert kappa is not None
    assume(kappa.standard_error > 0)
    expected = cohens_kappa(np.array([[table.tp, table.fp], [table.fn, table.tn]])).std_kappa
    assert kappa.standard_error == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(counts)
def test_interval_holds_its_value_and_is_never_a_point(table: Counts) -> None:
    """-1 ≤ low ≤ value ≤ high ≤ 1 with low below high, also in perfect agreement."""
    kappa = cohen_kappa(table)
    assume(kappa is not None)
    assert kappa is not None
    assert -1 <= kappa.low <= kappa.value + 1e-12
    assert kappa.value - 1e-12 <= kappa.high <= 1
    assert kappa.low < kappa.high


@pytest.mark.parametrize("table", [Counts(), Counts(tn=40), Counts(tp=40)])
def test_undefined_without_variety(table: Counts) -> None:
    """No cases, or one and the same answer from both throughout, leave kappa undefined."""
    assert cohen_kappa(table) is None


def test_the_prevalence_paradox() -> None:
    """An always-negative AI at 3 % prevalence has kappa 0, while AC1 and PABAK stay near its raw agreement."""
    table = Counts(fn=30, tn=970)
    kappa, ac1 = cohen_kappa(table), gwet_ac1(table)
    assert kappa is not None
    assert ac1 is not None
    assert kappa.value == pytest.approx(0.0, abs=1e-12)
    assert kappa.low < 0 < kappa.high
    assert pabak(table) == pytest.approx(0.94)
    assert ac1 == pytest.approx((0.97 - 2 * 0.015 * 0.985) / (1 - 2 * 0.015 * 0.985))


@given(counts)
def test_ac1_and_pabak_lie_between_minus_one_and_one(table: Counts) -> None:
    """Both are defined for every table with cases, within [-1, 1], and 1 exactly in perfect agreement."""
    assume(table.n > 0)
    for figure in (gwet_ac1(table), pabak(table)):
        assert figure is not None
        assert -1 <= figure <= 1
        assert (figure == pytest.approx(1.0, abs=1e-12)) == (table.fp + table.fn == 0)


@pytest.mark.slow
def test_interval_covers_at_moderate_prevalence() -> None:
    """The 95 % interval holds the true kappa in .93 to .97 of 4000 samples of 200 pairs, at kappa .52."""
    cell_shares = np.array([0.15, 0.05, 0.1, 0.7])
    truth = cohen_kappa(Counts(**dict(zip(("tp", "fp", "fn", "tn"), (15, 5, 10, 70), strict=True))))
    assert truth is not None
    held = 0
    for tp, fp, fn, tn in np.random.default_rng(4).multinomial(200, cell_shares, 4000):
        kappa = cohen_kappa(Counts(tp=int(tp), fp=int(fp), fn=int(fn), tn=int(tn)))
        held += kappa is not None and kappa.low <= truth.value <= kappa.high
    assert 0.93 <= held / 4000 <= 0.97
