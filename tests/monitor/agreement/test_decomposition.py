"""Why agreement moved: parts that add up, and the cause named where there is one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.agreement.decomposition import FACTORS, decompose
from monitor.core.counts import Counts

cells = st.integers(0, 50)
window = st.dictionaries(
    st.sampled_from(["A", "B", "C"]), st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells), min_size=1
)
BEFORE = {"A": Counts(tp=80, fn=20, fp=90, tn=810), "B": Counts(tp=60, fn=40, fp=100, tn=300)}


def _agreement(tables: dict[str, Counts]) -> float:
    whole = sum(tables.values(), Counts())
    return (whole.tp + whole.tn) / whole.n


@settings(max_examples=30, deadline=None)
@given(window, window)
def test_parts_add_up_to_the_change(before: dict[str, Counts], after: dict[str, Counts]) -> None:
    """Over factors and over strata the contributions sum to the change of agreement, whatever the windows hold."""
    assume(sum(before.values(), Counts()).n > 0 and sum(after.values(), Counts()).n > 0)
    found = decompose(before, after, rng=np.random.default_rng(0), replicates=5)
    assert found is not None
    change = _agreement(after) - _agreement(before)
    assert found.change.value == pytest.approx(change, abs=1e-9)
    assert sum(one.value for one in found.factors.values()) == pytest.approx(change, abs=1e-9)
    for factor in FACTORS:
        parts = sum(stratum[factor] for stratum in found.strata.values())
        assert found.factors[factor].value == pytest.approx(parts, abs=1e-9)


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        ({"A": BEFORE["A"], "B": Counts(tp=240, fn=160, fp=400, tn=1200)}, "case_mix"),
        ({"A": Counts(tp=400, fn=100, fp=50, tn=450), "B": BEFORE["B"]}, "prevalence"),
        ({"A": Counts(tp=10, fn=90, fp=90, tn=810), "B": BEFORE["B"]}, "ppa"),
        ({"A": Counts(tp=80, fn=20, fp=400, tn=500), "B": BEFORE["B"]}, "npa"),
    ],
)
def test_one_cause_is_named(after: dict[str, Counts], cause: str) -> None:
    """Where one factor alone moves, it carries the whole change and its interval leaves 0 out."""
    found = decompose(BEFORE, after, rng=np.random.default_rng(0))
    assert found is not None
    named = {factor: one for factor, one in found.factors.items() if abs(one.value) > 1e-9}
    assert named.keys() == {cause}
    assert named[cause].low * named[cause].high > 0  # type: ignore[index]  one of the factors


def test_a_window_without_cases_has_no_change() -> None:
    """Nothing before is nothing to compare with."""
    assert decompose({}, BEFORE, rng=np.random.default_rng(0)) is None
