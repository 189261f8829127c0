"""Whether a reference is of one piece: a window that drifted within itself is no standard for others."""

from dataclasses import dataclass

import numpy as np

from monitor.core.verdict import DriftVerdict
from monitor.drift.compare import MIN_CURRENT, Comparison, compare
from monitor.drift.sample import Sample

MOST_PARTS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Homogeneity:
    """The verdict, and each part in order of time held against the other parts together."""

    verdict: DriftVerdict
    parts: tuple[Comparison, ...]


def homogeneity(reference: Sample, *, alpha: float = 0.05) -> Homogeneity:
    """Hold each quarter of a reference against the rest of it; `drift` is false with probability at most alpha.

    Fewer parts where quarters would be too small, and `insufficient_data` where not even halves are large enough. The
    parts share alpha evenly (Bonferroni), since they overlap in what they are held against.

    Args:
        reference: studies in order of time.
        alpha: probability of a false verdict of drift accepted.
    """
    parts = min(MOST_PARTS, reference.n // (2 * MIN_CURRENT))
    if parts < 2:  # one part would be held against nothing
        return Homogeneity(verdict=DriftVerdict.INSUFFICIENT_DATA, parts=())
    rows = np.array_split(np.arange(reference.n), parts)
    compared = tuple(
        compare(reference.at(np.setdiff1d(np.arange(reference.n), part)), reference.at(part), alpha=alpha / parts)
        for part in rows
    )
    verdicts = {one.verdict for one in compared}
    order = (DriftVerdict.DRIFT, DriftVerdict.NO_DRIFT, DriftVerdict.INSUFFICIENT_DATA)
    return Homogeneity(verdict=next(verdict for verdict in order if verdict in verdicts), parts=compared)
