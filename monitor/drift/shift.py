"""What kind of change a drift is, as far as scores without labels can tell."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.core.verdict import DriftVerdict, ShiftType
from monitor.drift.compare import Comparison, compare
from monitor.drift.ks import ks
from monitor.drift.sample import Sample

MIN_STUDIES = 500
"""In each window; below, a drift that a new prevalence would explain cannot be told from one it would not."""

MIN_RESAMPLED = 100
"""Reference studies left after resampling; below, the retest would find nothing and take that for an explanation."""

MOVED, FITS = 0.025, 0.02
"""Levels: a score has moved when the test of it says so; an explanation of it fits until a test refutes it."""

FAR = 3.0
"""One explanation over the other, in log-likelihood: a factor of twenty."""

_SEED = 20_020_101
_ROUNDS, _SETTLED = 1_000, 1e-6
_EDGE = 1e-6
BINS = 20
Floats = NDArray[np.float64]


def shift_type(reference: Sample, current: Sample, comparison: Comparison, *, scores: Sequence[str]) -> ShiftType:
    """Say whether a new prevalence explains a drift, a change of images, or only both together.

    Scores that stayed leave the images: `covariate`. Where scores moved, two simple explanations of them are tried.
    A new prevalence mixes the same studies anew: the reference, resampled to the prevalence that is estimated from the
    current scores, must then fit the current scores. A change of images that reaches the model moves and stretches all
    its outputs alike: the reference's log-odds, moved and stretched, must fit. Then

    - a new prevalence fits, and nothing else differs from the resampled reference: `prevalence`;
    - a new prevalence fits, a change of images does not, and other columns still differ: `mixed`;
    - a change of images fits and a new prevalence does not: `covariate`;
    - both fit and neither is likelier by far, or neither fits: `undetermined`, never a guess.

    The estimate takes scores for probabilities that were calibrated on the reference window; where they were not, the
    resampled reference fits less well and the answer leans to `undetermined`. A change of concept cannot be seen
    without labels.

    Source of the estimate: M. Saerens, P. Latinne, C. Decaestecker, Adjusting the outputs of a classifier to new a
    priori probabilities, Neural Computation 14 (2002) 21-41. Of the resampling and the retest: M. Roschewitz, R. Mehta,
    C. Jones, B. Glocker, Automatic dataset shift identification to support safe deployment of medical imaging AI,
    MICCAI 2025.

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
    moved = [
        column.column
        for column in comparison.columns
        if column.column in scores and (column.p_value or 0.0) * len(scores) <= MOVED
    ]
    return _explained(reference, current, moved) if moved else ShiftType.COVARIATE


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


def _explained(reference: Sample, current: Sample, moved: Sequence[str]) -> ShiftType:
    """What explains that these scores moved."""
    weights = _weights(reference, current, moved)
    resampled = reference.at(_kept(weights, current.n))
    if resampled.n < MIN_RESAMPLED:
        return ShiftType.UNDETERMINED
    pairs = [(_log_odds(reference.numeric[name]), _log_odds(current.numeric[name])) for name in moved]
    by_images = all(_fits(_moved(*pair), pair[1], len(moved)) for pair in pairs)
    by_prevalence = all(
        _fits(_log_odds(resampled.numeric[name]), pair[1], len(moved)) for name, pair in zip(moved, pairs, strict=True)
    )
    if by_prevalence and compare(resampled, current, alpha=FITS / 2).verdict is DriftVerdict.NO_DRIFT:
        return ShiftType.PREVALENCE
    if by_images and by_prevalence:
        # Both leave nothing to refute: the likelier one stands where it is likelier by far.
        ratio = sum(
            _log_likelihood(before, after, weights) - _log_likelihood(_moved(before, after), after)
            for before, after in pairs
        )
        by_images, by_prevalence = ratio < -FAR, ratio > FAR
    if by_images == by_prevalence:
        return ShiftType.UNDETERMINED
    return ShiftType.COVARIATE if by_images else ShiftType.MIXED


def _weights(reference: Sample, current: Sample, moved: Sequence[str]) -> Floats:
    """How often each reference study would be there at the current prevalences, shape (m,)."""
    weights = np.ones(reference.n)
    for column in moved:
        before, after = (np.clip(sample.numeric[column], _EDGE, 1 - _EDGE) for sample in (reference, current))
        after, old = after[np.isfinite(after)], float(np.nanmean(before))
        before = np.where(np.isfinite(before), before, old)
        new = estimated_prevalence(after, old)
        weights *= before * new / old + (1 - before) * (1 - new) / (1 - old)
    return weights


def _kept(weights: Floats, n: int) -> NDArray[np.bool_]:
    """Reference studies kept as often as they would be there, each once at most: tests stay valid."""
    return np.asarray(np.random.default_rng([_SEED, weights.size, n]).random(weights.size) < weights / weights.max())


def _log_odds(scores: Floats) -> Floats:
    inside = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _moved(before: Floats, after: Floats) -> Floats:
    """Log-odds moved and stretched to the median and the quartiles of others."""
    quartiles = [np.nanquantile(one, [0.25, 0.5, 0.75]) for one in (before, after)]
    spreads = [float(three[2] - three[0]) for three in quartiles]
    stretch = spreads[1] / spreads[0] if min(spreads) > 0 else 1.0
    return np.asarray((before - quartiles[0][1]) * stretch + quartiles[1][1])


def _fits(expected: Floats, found: Floats, tries: int) -> bool:
    """Whether values look as expected, at a level shared between as many tries."""
    values = [one[np.isfinite(one)] for one in (expected, found)]
    return min(map(len, values)) > 0 and ks(values[0], values[1]).p_value * tries > FITS


def _log_likelihood(expected: Floats, found: Floats, weights: Floats | None = None) -> float:
    """Of the found values in a histogram of the expected ones, its edges at the quantiles of the found."""
    edges = np.unique(np.nanquantile(found, np.linspace(0, 1, BINS + 1)[1:-1]))
    known = np.isfinite(expected)
    bins = np.searchsorted(edges, expected[known])
    counts = np.bincount(bins, None if weights is None else weights[known] / weights[known].mean(), edges.size + 1)
    shares = (counts + 0.5) / (counts + 0.5).sum()
    return float(np.log(shares)[np.searchsorted(edges, found[np.isfinite(found)])].sum())
