"""One number for how far a window is from its reference over inputs, scores, embedding and metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.core.errors import SettingError
from monitor.drift.ordered import Ordered, ks_distance
from monitor.drift.sample import Sample

EMBEDDING = "embedding"
MIN_BLOCKS = 5
_SEED = 19_890_901
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Concordance:
    """`score` is 1 for a window like any of the reference, higher is more drift; `parts` are each group's own score."""

    score: float
    threshold: float
    parts: Mapping[str, float]

    @property
    def exceeded(self) -> bool:
        """Whether the window is further off than the reference's own windows are but for a share of alpha."""
        return self.score > self.threshold


def concordance(
    reference: Sample,
    current: Sample,
    *,
    groups: Mapping[str, Sequence[str]],
    weights: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    draws: int = 200,
) -> Concordance:
    """Weighted mean over the groups of their distance from the reference, each in units of its own mean by chance.

    A group's distance is the mean over its columns of the Kolmogorov-Smirnov distance (numbers) or the total variation
    (words); the embedding's is the length of the gap between the means in standard deviations. What chance makes of it
    is seen in windows drawn from the reference in blocks of consecutive studies, so that weekdays and wards stay
    together, each held against another such draw: the threshold allows for the reference being a sample as well. The
    block is as long as the cube root of the reference. It describes: a verdict with a bounded error is `compare`.

    Source of the moving-block bootstrap: H. R. Künsch, The jackknife and the bootstrap for general stationary
    observations, Annals of Statistics 17 (1989) 1217-1241.

    Args:
        reference: studies in order of time.
        current: studies, the same columns.
        groups: group to its columns; the embedding, where there is one, is a group of its own, `embedding`.
        weights: of each group, at least 0 and not all 0; equal where None.
        alpha: share of the reference's own windows that may exceed the threshold.
        draws: windows drawn.

    Raises:
        SettingError: a weight is missing, negative, or all are 0.
    """
    names = [*groups, *([EMBEDDING] if reference.embedding is not None else [])]
    shares = _shares(names, weights)
    rng = np.random.default_rng([_SEED, reference.n, current.n])
    block = max(1, min(round(reference.n ** (1 / 3)), reference.n // MIN_BLOCKS))
    drawn = [
        reference.at(_blocks(reference.n, size, block, rng)) for _ in range(draws) for size in (reference.n, current.n)
    ]
    null = np.array([_distances(*pair, groups) for pair in zip(drawn[::2], drawn[1::2], strict=True)])
    by_chance = np.maximum(null.mean(axis=0), 1e-12)
    parts = np.array(_distances(reference, current, groups)) / by_chance
    return Concordance(
        score=float(parts @ shares),
        threshold=float(np.quantile(null / by_chance @ shares, 1 - alpha, method="higher")),
        parts=dict(zip(names, parts.tolist(), strict=True)),
    )


def _shares(names: Sequence[str], weights: Mapping[str, float] | None) -> Floats:
    given = dict.fromkeys(names, 1.0) if weights is None else dict(weights)
    if set(given) != set(names) or min(given.values()) < 0 or sum(given.values()) <= 0:
        message = f"weights: {given}; one of at least 0 for each of {list(names)}, not all 0, is accepted"
        raise SettingError(message)
    values = np.array([given[name] for name in names])
    return np.asarray(values / values.sum())


def _blocks(n: int, size: int, block: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Row numbers of `size` studies in blocks of consecutive ones."""
    starts = rng.integers(0, n - block + 1, size=-(-size // block))
    return np.asarray((starts[:, None] + np.arange(block)).ravel()[:size], dtype=np.intp)


def _distances(reference: Sample, current: Sample, groups: Mapping[str, Sequence[str]]) -> list[float]:
    """Of each group in order, the embedding last."""
    found = [
        float(np.mean([_distance(reference, current, column) for column in columns])) for columns in groups.values()
    ]
    before, after = reference.usable_embedding(), current.usable_embedding()
    if before is None or after is None:
        return found
    if min(len(before), len(after)) == 0:
        return [*found, 0.0]
    spread = before.std(axis=0)
    gap = (after.mean(axis=0) - before.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return [*found, float(np.sqrt((gap**2).mean()))]


def _distance(reference: Sample, current: Sample, column: str) -> float:
    if column in reference.categorical:
        sides = [np.array(sample.categorical[column], dtype=object) for sample in (reference, current)]
        words = {word for side in sides for word in side}
        return float(sum(abs((sides[0] == word).mean() - (sides[1] == word).mean()) for word in words) / 2)
    values = [sample.numeric[column][np.isfinite(sample.numeric[column])] for sample in (reference, current)]
    return ks_distance(*map(Ordered.of, values)) if min(map(len, values)) else float(any(map(len, values)))
