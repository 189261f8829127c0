"""Labels that come late: how complete a day is by now, and what those that are there must weigh."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import Proportion, wilson
from monitor.agreement.survival import Waiting

LEAST_CHANCE = 0.05  # a weight is at most 20: one early label may not speak for a whole day


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """Of the studies of an age, `first` up to but not including `last`, in the unit given, how many have a label."""

    first: float
    last: float
    labelled: Proportion


def coverage_by_age(ages: ArrayLike, labelled: ArrayLike, *, edges: Sequence[float]) -> tuple[Coverage, ...]:
    """The labelled share by the age of the study; ages without a study are left out.

    Args:
        ages: time since each study, shape (n,).
        labelled: whether its label has come, shape (n,).
        edges: of the ages, ascending.
    """
    age, there = np.asarray(ages, dtype=np.float64), np.asarray(labelled, dtype=bool)
    found = []
    for first, last in pairwise(edges):
        inside = (age >= first) & (age < last)
        share = wilson(int(there[inside].sum()), int(inside.sum()))
        if share is not None:
            found.append(Coverage(first=first, last=last, labelled=share))
    return tuple(found)


def censoring_weights(ages: ArrayLike, delay: Waiting) -> Floats:
    """What each labelled study weighs: the inverse of the chance that its label has come by its age.

    Where delay depends on the case, say on the AI's call, take a `delay` for each class: without it, slow classes are
    too few in young windows.

    Source: J. M. Robins, A. Rotnitzky, L. P. Zhao, JASA 89 (1994) 846-866.

    Args:
        ages: time since each labelled study, shape (n,).
        delay: how many still wait for their label, by time.

    Returns:
        Shape (n,), from 1 to 20.
    """
    chances = np.array([1 - delay.at(float(age)) for age in np.asarray(ages).ravel()])
    return np.asarray(1 / np.maximum(chances, LEAST_CHANCE))


def closed(labelled: Proportion | None, *, at_least: float) -> bool:
    """Whether a window has the coverage that its figures need; it stays open until then."""
    return labelled is not None and labelled.value >= at_least
