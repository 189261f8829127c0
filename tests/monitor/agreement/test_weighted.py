"""Shares from adjudicated samples, and intervals over patients, by simulation."""

import numpy as np
import pytest

from monitor.agreement.clustered import cluster_bootstrap
from monitor.agreement.proportion import wilson
from monitor.agreement.weighted import weighted_share


def test_equal_chances_give_the_plain_share() -> None:
    """Where every case was as likely to be sampled, value and interval are Wilson's."""
    found, plain = weighted_share([1, 0, 0, 1, 1], np.full(5, 0.2)), wilson(3, 5)
    assert found is not None
    assert plain is not None
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_edges() -> None:
    """No case has no share, and a chance of 0 could not have been sampled."""
    assert weighted_share([], []) is None
    with pytest.raises(ValueError, match="above 0"):
        weighted_share([1], [0])


@pytest.mark.slow
def test_oversampled_errors_are_weighed_back() -> None:
    """With all discordant and a tenth of concordant pairs adjudicated, .92 to .98 of intervals hold the truth."""
    rng, held, plain = np.random.default_rng(4), [], []
    for _ in range(1000):
        discordant = rng.random(2000) < 0.1
        right = np.where(discordant, rng.random(2000) < 0.5, rng.random(2000) < 0.98)
        chance = np.where(discordant, 1.0, 0.1)
        sampled = rng.random(2000) < chance
        found = weighted_share(right[sampled], chance[sampled])
        assert found is not None
        held.append(found.low <= 0.1 * 0.5 + 0.9 * 0.98 <= found.high)
        plain.append(right[sampled].mean())
    assert 0.92 <= np.mean(held) <= 0.98
    assert np.mean(plain) < 0.8  # what the plain share would have said of a true .932


@pytest.mark.slow
def test_patients_that_repeat_widen_the_interval() -> None:
    """Over 300 samples of 80 patients with ten cases each, .90 to .98 of intervals hold the truth; Wilson's do not."""
    rng, held, narrow = np.random.default_rng(5), [], []
    for _ in range(300):
        hits = rng.binomial(10, rng.beta(2, 2, 80))
        sums = np.column_stack([hits, np.full(80, 10)])
        found = cluster_bootstrap(sums, lambda totals: totals[:, 0] / totals[:, 1], rng=rng, replicates=400)
        plain = wilson(int(hits.sum()), 800)
        assert found is not None
        assert plain is not None
        held.append(found.low <= 0.5 <= found.high)
        narrow.append(plain.low <= 0.5 <= plain.high)
    assert 0.9 <= np.mean(held) <= 0.98
    assert np.mean(narrow) < 0.8


def test_one_patient_is_no_sample() -> None:
    """Nothing can be resampled from one patient."""
    assert cluster_bootstrap([[1, 2]], lambda totals: totals[:, 0], rng=np.random.default_rng(0)) is None
