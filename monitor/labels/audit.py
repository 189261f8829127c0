"""Whose reports are read again by hand, and what that coding says of the labeler, as counts of strata."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from monitor.core.read import Label

_POSITIVE = frozenset({Label.PRESENT})
_NEGATIVE = frozenset({Label.ABSENT, Label.NOT_MENTIONED})


class Stratum(NamedTuple):
    """What a report is drawn by: what the labeler says of the finding, and any group such as a site or a language."""

    label: Label
    group: str = ""


class Cell(NamedTuple):
    """A stratum with its size among all reports and how its sample was coded by hand."""

    stratum: Stratum
    called: bool
    size: int
    positive: int
    negative: int
    undecided: int


def draw(strata: Mapping[str, Stratum], *, n: int, seed: int) -> list[str]:
    """A random sample of reports for human coding, evenly from every stratum.

    A rare value of the labeler is so drawn as often as a common one. A stratum too small for its share is taken whole
    and the rest goes to the others. The same reports and seed give the same sample, in whatever order they come.

    Args:
        strata: each report's stratum, by its id.
        n: how many reports to draw; all of them where there are no more.
        seed: of the draw.

    Returns:
        Ids, in random order, so that whoever codes them cannot tell the stratum by the place.

    Raises:
        ValueError: `n` is less than 1.
    """
    if n < 1:
        message = f"n: {n}; a whole number above 0 is accepted"
        raise ValueError(message)
    rng = np.random.default_rng(seed)
    members: dict[Stratum, list[str]] = {}
    for report in sorted(strata):
        members.setdefault(strata[report], []).append(report)
    drawn: list[str] = []
    smallest_first = sorted(members, key=lambda stratum: (len(members[stratum]), stratum))
    for left, stratum in zip(range(len(members), 0, -1), smallest_first, strict=True):
        share = -(-(n - len(drawn)) // left)  # rounded up; the larger strata after it even it out
        drawn += [members[stratum][i] for i in rng.permutation(len(members[stratum]))[:share]]
    return [drawn[i] for i in rng.permutation(len(drawn))]


def tabulated(sizes: Mapping[Stratum, int], coded: Iterable[tuple[Stratum, Label]]) -> list[Cell]:
    """The coding of a drawn sample as counts, ready for `stratified_agreement`.

    Strata the labeler is in doubt about are left out: a doubtful label is excluded from agreement too. A case the coder
    is in doubt about counts as undecided.

    Args:
        sizes: how many reports each stratum has, drawn or not.
        coded: for each report that was coded, its stratum and what the coder says of the finding.

    Raises:
        ValueError: a coded report's stratum is not among the sizes.
    """
    counted: Counter[tuple[Stratum, str]] = Counter()
    for stratum, label in coded:
        if stratum not in sizes:
            message = f"stratum: {stratum.label.value}, {stratum.group!r} has no size; every stratum must have one"
            raise ValueError(message)
        counted[stratum, _kind(label)] += 1
    return [
        Cell(
            stratum,
            stratum.label in _POSITIVE,
            size,
            counted[stratum, "positive"],
            counted[stratum, "negative"],
            counted[stratum, "undecided"],
        )
        for stratum, size in sorted(sizes.items())
        if stratum.label is not Label.UNCERTAIN
    ]


def _kind(label: Label) -> str:
    if label in _POSITIVE:
        return "positive"
    return "negative" if label in _NEGATIVE else "undecided"
