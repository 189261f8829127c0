"""The recursion against the sum it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.agreement.baseline import Baseline, Prior, counted
from monitor.agreement.shiryaev import SHIFTS, evidence

BASELINES = st.one_of(
    st.builds(Baseline, rate=st.floats(0.01, 0.9), inflation=st.floats(1, 3)),
    st.builds(counted, st.integers(0, 30), st.just(30), inflation=st.floats(1, 3)),
)


def _direct(flags: list[bool], prior: Prior, inflation: float, head_start: float) -> float:
    """The likelihoods of every time of change, size of change and node, summed one by one."""
    x = np.array(flags)

    def likelihood(rate: float, cases: np.ndarray) -> float:
        return float(np.prod(np.where(cases, rate, 1 - rate) ** (1 / inflation)))

    with_change, without = 0.0, 0.0
    for rate, weight in zip(prior.rates[0], prior.weights[0], strict=True):
        without += weight * likelihood(rate, x)
        for shift in SHIFTS:
            risen = rate * shift / (1 - rate + rate * shift)
            for k in range(x.size):
                times = 1 + head_start * (k == 0)
                with_change += times * weight * likelihood(rate, x[:k]) * likelihood(risen, x[k:]) / SHIFTS.size
    return with_change / without


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), BASELINES, st.sampled_from([0.0, 7.5]))
def test_is_the_sum_over_all_times_and_sizes_of_a_change(
    flags: list[bool], baseline: Baseline, head_start: float
) -> None:
    """Followed in closed form between discordant cases, the statistic is the mixture's likelihood ratio."""
    prior, positions = baseline.prior(12), np.flatnonzero(flags)
    values = evidence(positions[None], prior, inflation=baseline.inflation, head_start=head_start)[0]
    for event, position in enumerate(positions):
        expected = _direct(flags[: position + 1], prior, baseline.inflation, head_start)
        assert values[event] == pytest.approx(expected, rel=1e-9)


def test_a_gap_of_any_length_leaves_a_number() -> None:
    """A million concordant cases, more than a double can hold the likelihood of, neither overflow nor divide by 0."""
    positions = np.array([[0, 1_000_000, 1_000_001]])
    for baseline in (Baseline(rate=0.5), counted(10, 20)):
        assert np.isfinite(evidence(positions, baseline.prior(1_000_002))).all()


def test_stops_where_every_run_has_arrived() -> None:
    """Nothing is computed beyond the alarm."""
    positions = np.arange(500)[None]
    prior = Baseline(rate=0.1).prior(500)
    values = evidence(positions, prior, until=1e6)
    assert values.shape[1] < 50
    assert values[0, -1] >= 1e6 > values[0, -2]
