"""The AUROC against scikit-learn, its variance against brute force, its interval by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score

from monitor.agreement.auroc import auroc, midranks

scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1), min_size=1, max_size=40)


def _brute(positive: list[float], negative: list[float]) -> tuple[float, float]:
    """Area and DeLong variance straight from the m × n comparisons."""
    gap = np.subtract.outer(positive, negative)
    wins = (gap > 0) + 0.5 * (gap == 0)
    rows, columns = wins.mean(axis=1), wins.mean(axis=0)
    variance = sum(float(part.var(ddof=1)) / part.size if part.size > 1 else 0.0 for part in (rows, columns))
    return float(wins.mean()), variance


@given(scores, scores)
def test_matches_brute_force_and_scikit_learn(positive: list[float], negative: list[float]) -> None:
    """Area and DeLong variance are those of all pairwise comparisons, ties included; the area is scikit-learn's."""
    curve = auroc(positive, negative)
    assert curve is not None
    value, variance = _brute(positive, negative)
    assert curve.value == pytest.approx(value, abs=1e-12)
    assert curve.standard_error**2 == pytest.approx(variance, abs=1e-12)
    labels = [1] * len(positive) + [0] * len(negative)
    assert curve.value == pytest.approx(roc_auc_score(labels, positive + negative), abs=1e-12)


@given(scores, scores)
def test_interval_holds_its_value_and_is_never_a_point(positive: list[float], negative: list[float]) -> None:
    """0 ≤ low ≤ value ≤ high ≤ 1 with low below high, also in complete separation."""
    curve = auroc(positive, negative)
    assert curve is not None
    assert 0 <= curve.low <= curve.value + 1e-9
    assert curve.value - 1e-9 <= curve.high <= 1
    assert curve.low < curve.high


@given(scores)
def test_midranks_are_scipys(values: list[float]) -> None:
    """Midranks are the average ranks of an independent implementation."""
    assert midranks(np.array(values)) == pytest.approx(rankdata(values))


def test_one_class_alone_is_undefined() -> None:
    """Without positives, or without negatives, there is no curve."""
    assert auroc([], [0.2]) is None
    assert auroc([0.2], []) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_refused(bad: float) -> None:
    """NaN would rank somewhere and be believed: it is an error here."""
    with pytest.raises(ValueError, match="not finite"):
        auroc([bad], [0.2])


@pytest.mark.slow
def test_interval_covers() -> None:
    """The 95 % interval holds the true area in .93 to .97 of 2000 samples of 40 positives and 160 negatives."""
    rng = np.random.default_rng(7)
    truth = norm.cdf(1.2 / np.sqrt(2))
    curves = [auroc(rng.normal(1.2, 1, 40), rng.normal(0, 1, 160)) for _ in range(2000)]
    held = sum(curve is not None and curve.low <= truth <= curve.high for curve in curves)
    assert 0.93 <= held / 2000 <= 0.97
