"""What kind of change a drift is, as far as scores without labels can tell."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.core.verdict import DriftVerdict, ShiftType
from monitor.drift.compare import Comparison, compare
from monitor.drift.sample import Sample

MIN_STUDIES = 500
"""In each window; below, a drift that a new prevalence would explain cannot be told from one it would not."""

MIN_RESAMPLED = 200
"""Reference studies left after resampling; below, the retest would find nothing and take that for an explanation."""

_SEED = 20_020_101
_ROUNDS, _SETTLED = 1_000, 1e-6
Floats = NDArray[np.float64]


def shift_type(reference: Sample, current: Sample, comparison: Comparison, *, scores: Sequence[str]) -> ShiftType:
    """Say whether a new prevalence alone explains a drift, or inputs moved while scores did not.

    `prevalence`: scores moved, and once the reference is resampled to the prevalence estimated from them, every test is
    silent. `covariate`: inputs or embedding moved and no score did. Where scores moved and prevalence does not explain
    it, a change of images and a change of both look alike without labels: `undetermined`, never a guess; `mixed` is
    therefore not returned. The estimate takes scores for probabilities that were calibrated on the reference window; if
    they were not, the resampled reference does not fit and the answer is `undetermined` again.

    Source of the estimate: M. Saerens, P. Latinne, C. Decaestecker, Adjusting the outputs of a classifier to new a
    priori probabilities, Neural Computation 14 (2002) 21-41.

    Args:
        reference: the window that sets the standard.
        current: the window in question.
        comparison: what `compare` said of the two.
        scores: the columns that hold probabilities in [0, 1], one a finding.
    """
    if comparison.verdict is DriftVerdict.NO_DRIFT:
        return ShiftType.NONE
    decided = comparison.verdict is DriftVerdict.DRIFT and scores
    if not decided or min(reference.n, current.n) < MIN_STUDIES:
        return ShiftType.UNDETERMINED
    moved = [column.column for column in comparison.columns if column.drifted and column.column in scores]
    if not moved:
        return ShiftType.COVARIATE
    resampled = _resampled(reference, current, moved)
    if resampled.n < MIN_RESAMPLED:
        return ShiftType.UNDETERMINED
    explained = compare(resampled, current, alpha=comparison.alpha).verdict is DriftVerdict.NO_DRIFT
    return ShiftType.PREVALENCE if explained else ShiftType.UNDETERMINED


def estimated_prevalence(scores: Floats, prevalence: float) -> float:
    """Prevalence in a window, from calibrated scores of a model fitted where it was `prevalence`; by EM.

    Args:
        scores: probabilities, shape (n,), n at least 1.
        prevalence: in (0, 1).
    """
    estimate = prevalence
    for _ in range(_ROUNDS):
        up, down = estimate / prevalence, (1 - estimate) / (1 - prevalence)
        updated = float(np.mean(scores * up / (scores * up + (1 - scores) * down)))
        if abs(updated - estimate) < _SETTLED:
            return updated
        estimate = min(max(updated, 1e-9), 1 - 1e-9)
    return estimate


def _resampled(reference: Sample, current: Sample, moved: Sequence[str]) -> Sample:
    """Reference studies kept as often as the current prevalence has them, each once at most: tests stay valid."""
    weights = np.ones(reference.n)
    for column in moved:
        before, after = (np.clip(sample.numeric[column], 1e-6, 1 - 1e-6) for sample in (reference, current))
        after, old = after[np.isfinite(after)], float(np.nanmean(before))
        before = np.where(np.isfinite(before), before, old)
        new = estimated_prevalence(after, old)
        weights *= before * new / old + (1 - before) * (1 - new) / (1 - old)
    kept = np.random.default_rng([_SEED, reference.n, current.n]).random(reference.n) < weights / weights.max()
    return reference.at(kept)
