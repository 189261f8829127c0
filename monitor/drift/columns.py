"""One column, the embedding, or a group's columns together: what two windows say of each other in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor.drift.categorical import Categorical, chi_square, missing_rate
from monitor.drift.hotelling import hotelling, rank_scores, standard_scores
from monitor.drift.ks import ks
from monitor.drift.mmd import mmd
from monitor.drift.ordered import Ordered, rank_sum
from monitor.drift.sample import Floats, Sample

EMBEDDING, TOGETHER = "embedding", "together"
_WORDS_APART = 10
"""Words of a column that enter the joint test, the commonest first: rarer ones would be noise there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tested:
    """One column, the embedding, or a group's columns together, tested.

    `effect` is a distance in [0, 1]; without values there is no p-value.
    """

    column: str
    kind: str
    group: str
    test: str
    statistic: float | None
    effect: float | None
    p_value: float | None
    p_adjusted: float | None
    drifted: bool
    n_reference: int
    n_current: int

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def tested_numeric(reference: Sample, current: Sample, column: str, _draws: int, _rng: np.random.Generator) -> Tested:
    """A column of numbers: its shape, its place and how often it is missing."""
    values = [sample.numeric[column] for sample in (reference, current)]
    there = [one[np.isfinite(one)] for one in values]
    tests = []
    if min(map(len, there)) > 0:
        result = ks(there[0], there[1])
        moved = rank_sum(Ordered.of(there[0]), Ordered.of(there[1]))
        distance = result.statistic  # the effect, whichever test speaks: one scale for all columns of numbers
        tests = [
            ("ks", Categorical(statistic=distance, effect=distance, p_value=result.p_value)),
            ("rank_sum", Categorical(statistic=moved.statistic, effect=distance, p_value=moved.p_value)),
        ]
    return _tested(column, "numeric", tests, (len(values[0]), len(values[1])), (len(there[0]), len(there[1])))


def tested_categorical(reference: Sample, current: Sample, column: str, draws: int, rng: np.random.Generator) -> Tested:
    """A column of words: their shares and how often they are missing."""
    values = [sample.categorical[column] for sample in (reference, current)]
    counts = [Counter(word for word in one if word is not None) for one in values]
    words = sorted(counts[0] | counts[1])
    tests = []
    if min(map(len, counts)) > 0:
        table = [np.array([count[word] for word in words], dtype=np.int64) for count in counts]
        tests.append(("chi_square", chi_square(table[0], table[1], draws=draws, rng=rng)))
    there = (counts[0].total(), counts[1].total())
    return _tested(column, "categorical", tests, (len(values[0]), len(values[1])), there)


def tested_embedding(reference: Sample, current: Sample, column: str, draws: int, rng: np.random.Generator) -> Tested:
    """The embedding as one."""
    rows = [sample.usable_embedding() for sample in (reference, current)]
    there = [np.empty((0, 0)) if one is None else one for one in rows]
    tests = []
    if min(map(len, there)) > 1:
        result = mmd(there[0], there[1], draws=draws, rng=rng)
        tests.append(("mmd", Categorical(statistic=result.statistic, effect=result.effect, p_value=result.p_value)))
    return _tested(column, EMBEDDING, tests, (reference.n, current.n), (len(there[0]), len(there[1])))


def tested_together(
    reference: Sample, current: Sample, columns: Sequence[str], draws: int, rng: np.random.Generator
) -> Tested:
    """A group's features at once, in ranks; words as one feature each."""
    features = list(_features(reference, current, columns))
    rows = np.column_stack(features) if features else np.empty((reference.n + current.n, 0))
    rows = rows[:, np.ptp(rows, axis=0) > 0] if len(rows) else rows
    tests = []
    if rows.shape[1] > 1 and min(reference.n, current.n) > 1:
        result = hotelling(rows[: reference.n], rows[reference.n :], draws=draws, rng=rng)
        test = Categorical(statistic=result.statistic, effect=result.effect, p_value=result.p_value)
        tests.append(("hotelling", test))
    sizes = (reference.n, current.n)
    return _tested(TOGETHER, TOGETHER, tests, sizes, sizes)


def width(sample: Sample, columns: Sequence[str]) -> int:
    """How many features a group has: its columns, or those of the embedding."""
    if list(columns) == [EMBEDDING]:
        return 0 if sample.embedding is None else sample.embedding.shape[1]
    return len(columns)


def _features(reference: Sample, current: Sample, columns: Sequence[str]) -> Iterator[Floats]:
    """Rank scores of both windows together, each of shape (m + n,)."""
    for column in columns:
        if column in reference.categorical:
            words = [*reference.categorical[column], *current.categorical[column]]
            common = Counter(word for word in words if word is not None).most_common(_WORDS_APART)
            there = np.array(words, dtype=object)
            yield from (rank_scores((there == word).astype(np.float64)) for word, _ in common)
        elif column in reference.numeric:
            yield rank_scores(np.concatenate([reference.numeric[column], current.numeric[column]]))
        elif reference.embedding is not None and current.embedding is not None:
            yield from standard_scores(np.concatenate([reference.embedding, current.embedding])).T


def _tested(
    column: str, kind: str, tests: list[tuple[str, Categorical]], rows: tuple[int, int], there: tuple[int, int]
) -> Tested:
    """The test that speaks loudest, its p-value paid for having been chosen; None where nothing could be tested."""
    missing = (rows[0] - there[0], rows[1] - there[1])
    if any(missing) and any(there) and all(rows):
        tests = [*tests, ("missing_rate", missing_rate(missing, rows))]
    name, best = min(tests, key=lambda test: test[1].p_value, default=("none", None))
    p_value = None if best is None else min(1.0, len(tests) * best.p_value)
    return Tested(
        column=column,
        kind=kind,
        group="",
        test=name,
        statistic=None if best is None else best.statistic,
        effect=None if best is None else best.effect,
        p_value=p_value,
        p_adjusted=None,
        drifted=False,
        n_reference=there[0],
        n_current=there[1],
    )
