"""How often a comparison of two windows is wrong, and how often it sees a shift, beside KS + Bonferroni + MMD."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp

from monitor.core.verdict import DriftVerdict
from monitor.drift.compare import compare
from monitor.drift.sample import Sample

Change = Literal["none", "small", "medium", "category", "embedding", "mixed"]
CHANGES: tuple[Change, ...] = get_args(Change)
NUMBERS, WORDS, WIDTH = 15, 5, 64
ALPHA = 0.05

_SEED = 20_070_913
_SHIFT: Mapping[Change, float] = {"small": 0.2, "medium": 0.5, "mixed": 0.15}
_SHARES = (
    (0.6, 0.4),
    (0.7, 0.25, 0.05),
    (0.5, 0.3, 0.15, 0.04, 0.01),
    (0.97, 0.02, 0.007, 0.003),
    tuple(np.full(30, 1 / 30)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Of `repetitions` pairs of windows of these sizes, the share that was called drift, by us and by the peer."""

    change: Change
    reference: int
    current: int
    repetitions: int
    drift: float
    peer: float


def cell(change: Change, reference: int, current: int, *, repetitions: int) -> Cell:
    """Draw pairs of windows, the current one with `change` in it, and count the verdicts of drift.

    Twenty columns as hospitals have them (skewed, heavy-tailed, rounded, zero-inflated, one in ten missing; words of
    two to thirty kinds, some rare), all dependent, and an embedding of 64. The peer tests each column by
    Kolmogorov-Smirnov or chi-square without a continuity correction, the embedding by a permutation MMD, and divides
    alpha by their number.

    Args:
        change: `small` and `medium` move one column by .2 and .5 standard deviations; `category` moves five points
            of a share; `embedding` replaces a tenth of the rows by others two standard deviations away; `mixed` moves
            four columns by .15, a share by three points and a twentieth of the embedding.
        reference: studies in the reference window.
        current: studies in the current window.
        repetitions: pairs of windows.
    """
    ours = theirs = 0
    for repetition in range(repetitions):
        rng = np.random.default_rng([_SEED, reference, current, repetition, CHANGES.index(change)])
        before, after = _window(rng, reference, "none"), _window(rng, current, change)
        comparison = compare(before, after, alpha=ALPHA)
        ours += comparison.verdict is DriftVerdict.DRIFT
        embedding = comparison.embedding.p_value if comparison.embedding else None
        smallest = min([*_classical(before, after), 1.0 if embedding is None else embedding])
        theirs += smallest <= ALPHA / (NUMBERS + WORDS + 1)
    return Cell(
        change=change,
        reference=reference,
        current=current,
        repetitions=repetitions,
        drift=ours / repetitions,
        peer=theirs / repetitions,
    )


def _window(rng: np.random.Generator, n: int, change: Change) -> Sample:
    latent = 0.5 * rng.normal(size=(n, 1)) + np.sqrt(0.75) * rng.normal(size=(n, NUMBERS))
    latent[:, : 4 if change == "mixed" else 1] += _SHIFT.get(change, 0.0)
    numbers = {f"x{i}": _shaped(latent[:, i], i % 5, rng) for i in range(NUMBERS)}
    moved = {"category": 0.05, "mixed": 0.03}.get(change, 0.0)
    words = {}
    for index, shares in enumerate(_SHARES):
        tilted = np.array(shares)
        tilted[:2] += np.array([-moved, moved]) * (index == 0)
        words[f"w{index}"] = [f"v{value}" for value in rng.choice(len(shares), n, p=tilted / tilted.sum())]
    return Sample(numeric=numbers, categorical=words, embedding=_embedding(rng, n, change))


def _shaped(latent: NDArray[np.float64], shape: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """As measured: as it is, skewed, rounded, at zero for a third, one in ten missing."""
    if shape == 1:
        return np.asarray(np.exp(2 * latent))
    if shape == 2:
        return np.asarray(np.round(2 * latent) / 2)
    if shape == 3:
        return np.asarray(np.maximum(latent + 0.43, 0.0))
    return np.asarray(np.where(rng.random(latent.size) < 0.1, np.nan, latent)) if shape == 4 else latent


def _embedding(rng: np.random.Generator, n: int, change: Change) -> NDArray[np.float64]:
    mixing = np.random.default_rng(_SEED).normal(size=(8, WIDTH)) / np.sqrt(8)
    rows = np.asarray(rng.standard_t(5, size=(n, 8)) @ mixing)
    rows += 0.5 * rng.normal(size=(n, WIDTH))
    share = {"embedding": 0.1, "mixed": 0.05}.get(change, 0.0)
    rows[rng.random(n) < share] += 2 * np.random.default_rng(_SEED + 1).choice([-1.0, 1.0], WIDTH)
    return rows


def _classical(before: Sample, after: Sample) -> list[float]:
    p_values = []
    for name in before.numeric:
        values = [sample.numeric[name][np.isfinite(sample.numeric[name])] for sample in (before, after)]
        p_values.append(float(ks_2samp(*values).pvalue))
    for name in before.categorical:
        table = [[list(sample.categorical[name]).count(f"v{i}") for i in range(30)] for sample in (before, after)]
        seen = np.array(table)[:, np.sum(table, axis=0) > 0]
        p_values.append(float(chi2_contingency(seen, correction=False).pvalue))
    return p_values
