"""Reference window against current window: one verdict over all columns, with the false alarms of the whole bounded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monitor.core.verdict import DriftVerdict
from monitor.drift.categorical import Categorical, chi_square, missing_rate
from monitor.drift.ks import ks
from monitor.drift.mmd import mmd
from monitor.drift.multiplicity import holm
from monitor.drift.permutation import draws_for
from monitor.drift.sample import Sample

EMBEDDING = "embedding"
WHOLE = "all"
MIN_REFERENCE, MIN_CURRENT = 50, 30
"""Fewer cannot show a change worth a look: at 50 and 30, with 15 columns at .05, a KS distance must reach .4."""

_SEED = 20_140_611


@dataclass(frozen=True, kw_only=True, slots=True)
class Tested:
    """One column, or the embedding, tested. `effect` is a distance in [0, 1]; without values there is no p-value."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupResult:
    """The columns of one group together: the smallest adjusted p-value, and the effect of the column that has it."""

    group: str
    verdict: DriftVerdict
    effect: float
    p_adjusted: float | None
    leading: str
    n_reference: int
    n_current: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What two windows say of each other."""

    verdict: DriftVerdict
    alpha: float
    columns: tuple[Tested, ...]
    embedding: Tested | None
    groups: tuple[GroupResult, ...]
    n_reference: int
    n_current: int

    def as_json(self) -> dict[str, Any]:
        """The verdict, the columns and the embedding as plain JSON values."""
        return {
            "verdict": self.verdict.value,
            "alpha": self.alpha,
            "n_reference": self.n_reference,
            "n_current": self.n_current,
            "columns": [column.as_json() for column in self.columns],
            "embedding": None if self.embedding is None else self.embedding.as_json(),
        }


def compare(
    reference: Sample, current: Sample, *, alpha: float = 0.05, groups: Mapping[str, Sequence[str]] | None = None
) -> Comparison:
    """Test every column and the embedding, and judge them together.

    Where both windows come from one distribution, the verdict is `drift` with probability at most `alpha`: every
    p-value is valid at any level, alpha is shared evenly between the groups, and Holm's procedure runs inside each,
    whatever the dependence of the columns. A column in which values are missing is tested for the rate of it as well,
    at the price of doubling its p-value.

    A look every day at `alpha` gives at most 365 alpha false-alarm looks a year in expectation, however much the
    windows overlap, since expectations add up whatever the dependence. They come in clumps. The bound is over
    reference windows too: with one fixed reference a site may see more or fewer.

    The answer is deterministic: permutations are drawn from a generator seeded by the sizes.

    Args:
        reference: the window that sets the standard.
        current: the window in question; the same columns.
        alpha: probability of a false verdict of drift accepted for the whole comparison.
        groups: group to its columns, each column of the samples in exactly one; the embedding is a group of its own,
            `embedding`. One family of all where None.

    Raises:
        ValueError: the windows differ in their columns, or the groups do not share them out.
    """
    assigned = _assigned(reference, current, groups)
    families = Counter(assigned.values())
    tested = []
    for index, (column, group) in enumerate(assigned.items()):
        rng = np.random.default_rng([_SEED, reference.n, current.n, index])
        draws = draws_for(alpha / len(families) / families[group])
        test = _test_embedding if column == EMBEDDING else _test_numeric
        test = _test_categorical if column in reference.categorical else test
        tested.append(replace(test(reference, current, column, draws, rng), group=group))
    enough = reference.n >= MIN_REFERENCE and current.n >= MIN_CURRENT
    judged = [one for name in families for one in _adjusted(tested, name, len(families), alpha if enough else 0.0)]
    results = tuple(_group(name, [one for one in judged if one.group == name], enough=enough) for name in families)
    return Comparison(
        verdict=_overall([result.verdict for result in results]),
        alpha=alpha,
        columns=tuple(one for one in judged if one.kind != EMBEDDING),
        embedding=next((one for one in judged if one.kind == EMBEDDING), None),
        groups=results,
        n_reference=reference.n,
        n_current=current.n,
    )


def _assigned(reference: Sample, current: Sample, groups: Mapping[str, Sequence[str]] | None) -> dict[str, str]:
    """Every column, and the embedding where there is one, with its group."""
    named = [(*sample.numeric, *sample.categorical) for sample in (reference, current)]
    columns = set(named[0])
    if columns != set(named[1]) or set(reference.numeric) != set(current.numeric) or EMBEDDING in columns:
        message = f"columns: {sorted(columns)} and {sorted(named[1])}; the same in both, of one kind, are accepted"
        raise ValueError(message)
    if (reference.embedding is None) != (current.embedding is None):
        message = "embedding: given in one window only; in both or in neither is accepted"
        raise ValueError(message)
    embedded = reference.embedding is not None
    if groups is None:
        return dict.fromkeys([*named[0], *([EMBEDDING] if embedded else [])], WHOLE)
    assigned = [(column, group) for group, members in groups.items() for column in members]
    if sorted(column for column, _ in assigned) != sorted(columns):
        message = f"groups: {dict(groups)} do not hold each of {sorted(columns)} exactly once"
        raise ValueError(message)
    return dict([*assigned, *([(EMBEDDING, EMBEDDING)] if embedded else [])])


def _test_numeric(reference: Sample, current: Sample, column: str, _draws: int, _rng: np.random.Generator) -> Tested:
    values = [sample.numeric[column] for sample in (reference, current)]
    there = [one[np.isfinite(one)] for one in values]
    tests = []
    if min(map(len, there)) > 0:
        result = ks(there[0], there[1])
        tests.append(("ks", Categorical(statistic=result.statistic, effect=result.statistic, p_value=result.p_value)))
    return _tested(column, "numeric", tests, (len(values[0]), len(values[1])), (len(there[0]), len(there[1])))


def _test_categorical(reference: Sample, current: Sample, column: str, draws: int, rng: np.random.Generator) -> Tested:
    values = [sample.categorical[column] for sample in (reference, current)]
    counts = [Counter(word for word in one if word is not None) for one in values]
    words = sorted(counts[0] | counts[1])
    tests = []
    if min(map(len, counts)) > 0:
        table = [np.array([count[word] for word in words], dtype=np.int64) for count in counts]
        tests.append(("chi_square", chi_square(table[0], table[1], draws=draws, rng=rng)))
    there = (counts[0].total(), counts[1].total())
    return _tested(column, "categorical", tests, (len(values[0]), len(values[1])), there)


def _test_embedding(reference: Sample, current: Sample, column: str, draws: int, rng: np.random.Generator) -> Tested:
    rows = [sample.usable_embedding() for sample in (reference, current)]
    there = [np.empty((0, 0)) if one is None else one for one in rows]
    tests = []
    if min(map(len, there)) > 1:
        result = mmd(there[0], there[1], draws=draws, rng=rng)
        tests.append(("mmd", Categorical(statistic=result.statistic, effect=result.effect, p_value=result.p_value)))
    return _tested(column, EMBEDDING, tests, (reference.n, current.n), (len(there[0]), len(there[1])))


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


def _adjusted(tested: list[Tested], group: str, shares: int, alpha: float) -> list[Tested]:
    """The group's results with Holm's p-values, each paying for the other groups too."""
    members = [one for one in tested if one.group == group]
    p_values = [one.p_value for one in members if one.p_value is not None]
    adjusted = iter(np.minimum(holm(p_values) * shares, 1.0))
    return [
        one if one.p_value is None else replace(one, p_adjusted=(p := float(next(adjusted))), drifted=p <= alpha)
        for one in members
    ]


def _group(name: str, members: list[Tested], *, enough: bool) -> GroupResult:
    spoken = [one for one in members if one.p_adjusted is not None]
    leading = min(spoken, key=lambda one: (one.p_value, -(one.effect or 0.0)), default=None)
    verdict = DriftVerdict.DRIFT if any(one.drifted for one in members) else DriftVerdict.NO_DRIFT
    return GroupResult(
        group=name,
        verdict=verdict if spoken and enough else DriftVerdict.INSUFFICIENT_DATA,
        effect=0.0 if leading is None else leading.effect or 0.0,
        p_adjusted=None if leading is None else leading.p_adjusted,
        leading="" if leading is None else leading.column,
        n_reference=0 if leading is None else leading.n_reference,
        n_current=0 if leading is None else leading.n_current,
    )


def _overall(verdicts: Sequence[DriftVerdict]) -> DriftVerdict:
    order = (DriftVerdict.DRIFT, DriftVerdict.NO_DRIFT)
    return next((verdict for verdict in order if verdict in verdicts), DriftVerdict.INSUFFICIENT_DATA)
