"""The concordance score: near one without drift, higher with it, its threshold kept."""

import numpy as np
import pytest

from monitor.core.errors import SettingError
from monitor.drift.concordance import concordance
from monitor.drift.sample import Sample

GROUPS = {"inputs": ["x", "view"], "scores": ["s"]}


def window(rng: np.random.Generator, n: int, shift: float = 0.0) -> Sample:
    """A number that moves, a view, a score and an embedding of four, in order of time."""
    return Sample(
        numeric={"x": rng.normal(shift, 1, n), "s": rng.beta(2, 8, n)},
        categorical={"view": rng.choice(["AP", "PA"], n).tolist()},
        embedding=rng.normal(size=(n, 4)),
    )


def test_higher_is_more_drift() -> None:
    """The score rises with the shift, through the group that moved, and exceeds its threshold."""
    rng = np.random.default_rng(1)
    reference = window(rng, 400)
    found = [concordance(reference, window(rng, 100, shift), groups=GROUPS, draws=50) for shift in (0.0, 0.7, 1.4)]
    assert found[0].score < found[1].score < found[2].score
    assert (found[0].exceeded, found[2].exceeded) == (False, True)
    assert max(found[2].parts, key=lambda name: found[2].parts[name]) == "inputs"


def test_a_weight_of_nothing_silences_a_group() -> None:
    """With all weight on the embedding, a shift of an input does not show; weights that do not fit are an error."""
    rng = np.random.default_rng(2)
    reference, current = window(rng, 300), window(rng, 100, 3.0)
    weights = {"inputs": 0.0, "scores": 0.0, "embedding": 1.0}
    found = concordance(reference, current, groups=GROUPS, weights=weights, draws=50)
    assert found.score == pytest.approx(found.parts["embedding"])
    for wrong in ({"inputs": 1.0}, dict.fromkeys(weights, 0.0), weights | {"scores": -1.0}):
        with pytest.raises(SettingError, match="is accepted"):
            concordance(reference, current, groups=GROUPS, weights=wrong)


@pytest.mark.slow
def test_the_threshold_is_kept() -> None:
    """Of 60 windows without drift at most .1 exceed the threshold at alpha .1, within four Monte-Carlo errors."""
    rng = np.random.default_rng(3)
    over = 0
    for _ in range(60):
        over += concordance(window(rng, 300), window(rng, 80), groups=GROUPS, alpha=0.1, draws=60).exceeded
    assert over / 60 <= 0.1 + 4 * (0.09 / 60) ** 0.5
