"""Weighted kappa against scikit-learn and statsmodels."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from monitor.agreement.weighted_kappa import weighted_kappa

tables = st.lists(st.lists(st.integers(0, 20), min_size=4, max_size=4), min_size=4, max_size=4)


@given(tables, st.sampled_from(["linear", "quadratic"]))
def test_matches_statsmodels(table: list[list[int]], weights: Literal["linear", "quadratic"]) -> None:
    """Value and non-null standard error are those of an independent implementation."""
    counts = np.array(table)
    assume((counts.sum(axis=0) > 0).sum() > 1 and (counts.sum(axis=1) > 0).sum() > 1)
    found = weighted_kappa(counts, weights=weights)
    assert found is not None
    expected = cohens_kappa(counts, wt=weights)
    assert found.value == pytest.approx(expected.kappa, abs=1e-9)
    assert found.standard_error == pytest.approx(expected.std_kappa, rel=1e-5, abs=1e-7)


def test_undefined_without_variety() -> None:
    """No cases, or one category throughout, leave it undefined."""
    assert weighted_kappa(np.zeros((3, 3))) is None
    assert weighted_kappa(np.diag([5, 0, 0])) is None
