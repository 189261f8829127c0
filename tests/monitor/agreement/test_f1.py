"""F1 against scikit-learn, and its interval."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from monitor.agreement.f1 import f1
from monitor.core.counts import Counts

cells = st.integers(0, 60)


@given(st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells))
def test_matches_scikit_learn(counts: Counts) -> None:
    """The value is that of an independent implementation, inside its interval."""
    assume(counts.tp + counts.fp + counts.fn > 0)
    calls = [1] * (counts.tp + counts.fp) + [0] * (counts.fn + counts.tn)
    labels = [1] * counts.tp + [0] * counts.fp + [1] * counts.fn + [0] * counts.tn
    figure = f1(counts)
    assert figure is not None
    assert figure.value == pytest.approx(f1_score(labels, calls), abs=1e-12)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_undefined_without_positives() -> None:
    """Where neither side calls the finding there is no F1."""
    assert f1(Counts(tn=100)) is None


@pytest.mark.slow
def test_interval_covers() -> None:
    """The 95 % interval holds the true F1 of .8 in .93 to .97 of 4000 samples of 400 pairs."""
    drawn = np.random.default_rng(3).multinomial(400, [0.08, 0.02, 0.02, 0.88], 4000)
    figures = [f1(Counts(tp=int(tp), fp=int(fp), fn=int(fn))) for tp, fp, fn, _ in drawn]
    assert 0.93 <= np.mean([one is not None and one.low <= 0.8 <= one.high for one in figures]) <= 0.97
