"""Who carries a change, since when, and which studies show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.core.verdict import Suspect
from monitor.drift.classifier import FOLDS, margins
from monitor.drift.onset import Onset, onset
from monitor.drift.suspects import suspects

EXEMPLARS = 5
Floats = NDArray[np.float64]
Days = NDArray[np.int64]
Segments = Sequence[Mapping[str, str]]
_SEED = 19_700_101


@dataclass(frozen=True, kw_only=True, slots=True)
class Carriers:
    """`nearest` and `farthest` are indices of current studies, most and least like the reference first."""

    suspects: tuple[Suspect, ...]
    onset: Onset | None
    nearest: tuple[int, ...]
    farthest: tuple[int, ...]


def carriers_of(
    reference: Floats, current: Floats, segments: tuple[Segments, Segments], days: tuple[Days, Days] | None
) -> Carriers:
    """Suspects, onset and exemplars of a drift.

    The onset is looked for among the studies of the first suspect, or among all where there is none, in how much like
    the current window each looks to a classifier that never saw it. It may lie in the reference.

    Args:
        reference: features, shape (m, d), d at least 1.
        current: features, shape (n, d).
        segments: attributes of each study of both windows, or none at all.
        days: day number of each study of both windows.
    """
    before, after = segments
    found = suspects(reference, current, after, before) if after else ()
    if min(len(reference), len(current)) < 2 * FOLDS:
        return Carriers(suspects=found, onset=None, nearest=(), farthest=())
    looks = margins(reference, current, np.random.default_rng([_SEED, len(reference), len(current)]))
    order = np.argsort(looks[len(reference) :], kind="stable")
    began = None
    if days is not None:
        carries = np.array([not found or found[0].segment.items() <= one.items() for one in (*before, *after)])
        chosen = carries if carries.size else np.ones(looks.size, dtype=bool)
        began = onset(np.concatenate(days)[chosen], looks[chosen])
    return Carriers(
        suspects=found,
        onset=began,
        nearest=tuple(order[:EXEMPLARS].tolist()),
        farthest=tuple(order[::-1][:EXEMPLARS].tolist()),
    )
