"""Agreement of many readers against statsmodels and the published example."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from monitor.agreement.fleiss import fleiss_kappa, reader_deviations


@given(st.lists(st.integers(0, 5), min_size=3, max_size=40))
def test_matches_statsmodels(positives: list[int]) -> None:
    """The value is that of an independent implementation."""
    table = np.array([[one, 5 - one] for one in positives])
    assume((table.sum(axis=0) > 5).all())
    found = fleiss_kappa(table)
    assert found is not None
    assert found.value == pytest.approx(statsmodels_fleiss(table), abs=1e-9)
    assert found.low <= found.value <= found.high


def test_readers_must_be_as_many_for_each_case() -> None:
    """A case with fewer readers is refused, one reader alone has no agreement."""
    with pytest.raises(ValueError, match="number of readers"):
        fleiss_kappa([[2, 1], [1, 1]])
    assert fleiss_kappa([[1, 0], [0, 1]]) is None
    assert fleiss_kappa([[3, 0], [3, 0]]) is None


def test_a_reader_apart_is_seen_and_one_of_few_cases_is_not_shown() -> None:
    """Of four readers, one differs in four of ten cases; the one with ten cases does not appear."""
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.3
    labels = np.array([np.where(rng.random(400) < error, ~truth, truth) for error in (0.02, 0.02, 0.4, 0.02)]).T * 1.0
    labels[10:, 3] = np.nan
    found = {one.reader: one.differs for one in reader_deviations(labels)}
    assert found.keys() == {0, 1, 2}
    assert found[2].low > 0.3 > found[0].high
