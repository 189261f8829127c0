"""Average precision, Brier, reliability and recalibration, each against an independent implementation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, brier_score_loss

from monitor.agreement.average_precision import average_precision
from monitor.agreement.brier import brier
from monitor.agreement.recalibration import recalibration
from monitor.agreement.reliability import reliability

cases = st.lists(st.tuples(st.integers(1, 19), st.booleans()), min_size=2, max_size=80)


@given(cases)
def test_average_precision_and_brier_match_scikit_learn(drawn: list[tuple[int, bool]]) -> None:
    """Both are those of an independent implementation, ties included."""
    p, y = np.array([one / 20 for one, _ in drawn]), np.array([int(label) for _, label in drawn])
    score = brier(p, y)
    assert score is not None
    assert score.value == pytest.approx(brier_score_loss(y, p, pos_label=1), abs=1e-12)
    assert score.low <= score.value <= score.high
    if y.any():
        assert average_precision(p[y == 1], p[y == 0]) == pytest.approx(average_precision_score(y, p), abs=1e-12)
    else:
        assert average_precision(p[y == 1], p[y == 0]) is None


def _sample(slope: float, shift: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 4, n)
    return p, (rng.random(n) < expit(shift + slope * logit(p))).astype(int)


def test_recalibration_matches_statsmodels() -> None:
    """Intercept, slope and their errors are those of a logistic regression elsewhere, to 1e-8."""
    p, y = _sample(0.7, 0.4, 500, 1)
    found = recalibration(p, y)
    assert found is not None
    both = sm.Logit(y, sm.add_constant(logit(p))).fit(disp=0, tol=1e-12)
    large = sm.GLM(y, np.ones(500), family=sm.families.Binomial(), offset=logit(p)).fit(tol=1e-12)
    assert (found.slope.value, found.slope.standard_error) == pytest.approx((both.params[1], both.bse[1]), abs=1e-8)
    expected = (large.params[0], large.bse[0])
    assert (found.intercept.value, found.intercept.standard_error) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [([0.1, 0.2], [0, 0]), ([0.3, 0.3, 0.3], [0, 1, 1]), ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), ([], [])],
)
def test_recalibration_is_undefined_where_no_finite_answer_is(scores: list[float], labels: list[int]) -> None:
    """Labels or scores all alike, or complete separation, have no slope."""
    assert recalibration(scores, labels) is None


def test_reliability_of_calibrated_scores() -> None:
    """Debiased, the error of calibrated scores is near 0 where the plain one is not; a shift is found by both."""
    calibrated, shifted = reliability(*_sample(1, 0, 1000, 2)), reliability(*_sample(1, 1, 5000, 3))
    assert calibrated is not None
    assert shifted is not None
    assert calibrated.error > 0.015
    assert calibrated.root_error < 0.015
    assert shifted.root_error > 0.1
    assert sum(one.observed.n for one in calibrated.bins) == 1000
    scores = [one.mean_score for one in calibrated.bins]
    assert scores == sorted(scores)


def test_the_debiased_square_error_is_unbiased() -> None:
    """Over 400 samples of calibrated scores its mean is 0, before the negative ones are cut."""
    roots = [reliability(np.full(200, 0.3), np.random.default_rng(s).random(200) < 0.3, bins=1) for s in range(400)]
    positive = np.mean([one is not None and one.root_error > 0 for one in roots])
    assert 0.25 < positive < 0.4  # P(chi-square of one degree > 1) = .32


def test_too_few_cases_are_undefined() -> None:
    """One case is no calibration."""
    assert reliability([0.3], [1]) is None
    assert brier([], []) is None
