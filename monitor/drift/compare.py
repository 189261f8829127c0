"""Reference window against current window: one verdict over all columns, with the false alarms of the whole bounded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monitor.core.verdict import DriftVerdict
from monitor.drift.columns import (
    EMBEDDING,
    TOGETHER,
    Tested,
    tested_categorical,
    tested_embedding,
    tested_numeric,
    tested_together,
    width,
)
from monitor.drift.multiplicity import holm
from monitor.drift.permutation import draws_for
from monitor.drift.sample import Sample

WHOLE = "all"
MIN_REFERENCE, MIN_CURRENT = 50, 30
"""Fewer cannot show a change worth a look: at 50 and 30, with 15 columns at .05, a KS distance must reach .4."""

_SEED = 20_140_611


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
    together: tuple[Tested, ...]
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
            "together": [one.as_json() for one in self.together],
        }


def compare(
    reference: Sample, current: Sample, *, alpha: float = 0.05, groups: Mapping[str, Sequence[str]] | None = None
) -> Comparison:
    """Test every column and the embedding, and judge them together.

    Where both windows come from one distribution, the verdict is `drift` with probability at most `alpha`: every
    p-value is valid at any level, alpha is shared evenly between the groups, and Holm's procedure runs inside each,
    whatever the dependence of the columns. A column of numbers is tested for its shape and its place, and where values
    are missing for the rate of it; its p-value is the smallest of them times their number. A group of more than one
    feature is tested as a whole too, for many small shifts that no column shows alone.

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

    def members(group: str) -> list[str]:
        return [column for column, its in assigned.items() if its == group]

    joint = [group for group in families if width(reference, members(group)) > 1]
    families.update(joint)
    tested = []
    for index, (column, group) in enumerate(assigned.items()):
        rng = np.random.default_rng([_SEED, reference.n, current.n, index])
        draws = draws_for(alpha / len(families) / families[group])
        test = tested_embedding if column == EMBEDDING else tested_numeric
        test = tested_categorical if column in reference.categorical else test
        tested.append(replace(test(reference, current, column, draws, rng), group=group))
    for index, group in enumerate(joint, start=len(assigned)):
        rng = np.random.default_rng([_SEED, reference.n, current.n, index])
        draws = draws_for(alpha / len(families) / families[group])
        tested.append(replace(tested_together(reference, current, members(group), draws, rng), group=group))
    enough = reference.n >= MIN_REFERENCE and current.n >= MIN_CURRENT
    judged = [one for name in families for one in _adjusted(tested, name, len(families), alpha if enough else 0.0)]
    results = tuple(_group(name, [one for one in judged if one.group == name], enough=enough) for name in families)
    return Comparison(
        verdict=_overall([result.verdict for result in results]),
        alpha=alpha,
        columns=tuple(one for one in judged if one.kind not in {EMBEDDING, TOGETHER}),
        embedding=next((one for one in judged if one.kind == EMBEDDING), None),
        together=tuple(one for one in judged if one.kind == TOGETHER),
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
    # What is named is a column: the joint test says that something moved, not what.
    leading = min(spoken, key=lambda one: (one.kind == TOGETHER, one.p_value, -(one.effect or 0.0)), default=None)
    verdict = DriftVerdict.DRIFT if any(one.drifted for one in members) else DriftVerdict.NO_DRIFT
    return GroupResult(
        group=name,
        verdict=verdict if spoken and enough else DriftVerdict.INSUFFICIENT_DATA,
        effect=0.0 if leading is None else leading.effect or 0.0,
        p_adjusted=min((one.p_adjusted for one in spoken if one.p_adjusted is not None), default=None),
        leading="" if leading is None else leading.column,
        n_reference=0 if leading is None else leading.n_reference,
        n_current=0 if leading is None else leading.n_current,
    )


def _overall(verdicts: Sequence[DriftVerdict]) -> DriftVerdict:
    order = (DriftVerdict.DRIFT, DriftVerdict.NO_DRIFT)
    return next((verdict for verdict in order if verdict in verdicts), DriftVerdict.INSUFFICIENT_DATA)
