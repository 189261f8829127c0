"""Many looks: against their definitions, and their false discoveries in simulation."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.drift.multiplicity import benjamini_hochberg
from monitor.drift.online import e_benjamini_hochberg, e_lond, lord

P_VALUES = st.lists(st.floats(1e-6, 1), min_size=1, max_size=20)


@given(P_VALUES)
def test_e_bh_is_bh_of_the_inverses(p_values: list[float]) -> None:
    """On e = 1 / p the rejected are those of Benjamini-Hochberg on p."""
    rejected = e_benjamini_hochberg(1 / np.array(p_values), alpha=0.1)
    assert rejected.tolist() == (benjamini_hochberg(p_values) <= 0.1 * (1 + 1e-12)).tolist()


@given(P_VALUES)
def test_looks_are_decided_when_they_are_made(p_values: list[float]) -> None:
    """A later look changes no earlier decision, and evidence of certainty is always a discovery."""
    for decide, stream in ((lord, p_values), (e_lond, [1 / p for p in p_values])):
        whole = decide(stream, alpha=0.1)
        assert whole[:-1].tolist() == decide(stream[:-1], alpha=0.1).tolist()
    assert lord([*p_values, 0.0], alpha=0.1)[-1]
    assert e_lond([*p_values, 1e9], alpha=0.1)[-1]


@pytest.mark.parametrize("decide", [lord, lambda p, *, alpha: e_lond(0.5 / np.sqrt(p), alpha=alpha)])
def test_false_discoveries_are_bounded(decide: Callable[..., np.ndarray]) -> None:
    """Of 200 streams of 100 looks, a tenth real, the mean share of false discoveries is at most .1 plus chance."""
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(200):
        real = rng.random(100) < 0.1
        rejected = decide(np.where(real, 1e-14, rng.random(100)), alpha=0.1)
        shares.append((rejected & ~real).sum() / max(rejected.sum(), 1))
        assert rejected[real].any() or not real.any()
    assert np.mean(shares) <= 0.1 + 4 * np.std(shares) / 200**0.5
