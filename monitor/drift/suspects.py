"""Which scanner or site carries a change: a classifier finds the changed studies, their segments are counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from monitor.core.verdict import Suspect

FOLDS = 5
CHANGED_ABOVE = 0.95
ALPHA = 0.05
PERMUTATIONS = 999
MAX_SEGMENTS = 2_000
MIN_SEGMENT = 5
"""Fewer studies of a segment in the current window are no basis for naming it."""

_SEED = 20_081_107
_RIDGE = 1.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Segment:
    """One value of one attribute, or a pair of them, and who belongs to it (shape (n,), bool)."""

    named: tuple[tuple[str, str], ...]
    members: NDArray[np.bool_]


def suspects(
    reference: Floats,
    current: Floats,
    segments: Sequence[Mapping[str, str]],
    reference_segments: Sequence[Mapping[str, str]] | None = None,
) -> tuple[Suspect, ...]:
    """Segments that are over-represented among the studies that changed, the most telling first.

    A cross-fitted linear classifier of reference against current (after D. Lopez-Paz, M. Oquab, Revisiting classifier
    two-sample tests, ICLR 2017) gives every study a margin by a model that never saw it. Current studies above the 95th
    percentile of the reference's margins count as changed. Each segment, and each pair of attributes, is scored by how
    far its number of changed studies lies above what its size alone would bring, in hypergeometric standard deviations;
    kept are those above the 95th percentile of the largest such score when the changed studies are drawn at random. So
    that a whole window that shifted alike names nobody, segments are compared with each other, not with the reference.

    A pair is listed only where it scores above both its parts: the simplest description wins. Squares of the features
    enter beside them, so that a change of spread is seen as well as one of place.

    Args:
        reference: features, shape (m, d), not-finite values are taken as the reference's mean.
        current: features, shape (n, d).
        segments: attributes of each current study, n mappings (site, manufacturer, model_name, software, ...).
        reference_segments: the same of each reference study, m mappings. With them margins are taken from the mean of
            the study's own scanner in the reference, and a scanner that always looked different is not blamed for it.

    Returns:
        Share of the changed studies, and lift (that share over the share of the current window), per suspect.

    Raises:
        ValueError: the matrices differ in width, or the segments in number from the current studies.
    """
    fits = reference.shape[1] == current.shape[1] and len(segments) == len(current)
    if not fits or len(reference_segments or reference) != len(reference):
        message = f"suspects: shapes {reference.shape} and {current.shape} with {len(segments)} segments do not fit"
        raise ValueError(message)
    candidates = list(_candidates(segments))[:MAX_SEGMENTS]
    if min(len(reference), len(current)) < 2 * FOLDS or not candidates:
        return ()
    rng = np.random.default_rng([_SEED, len(reference), len(current)])
    margins = _margins(reference, current, rng)
    if reference_segments is not None:
        margins = _from_own_mean(margins, [*reference_segments, *segments], len(reference))
    # Which current studies have a margin above the reference's 95th percentile.
    changed = margins[len(reference) :] > np.quantile(margins[: len(reference)], CHANGED_ABOVE)
    if not 0 < changed.sum() < changed.size:
        return ()
    members = np.stack([candidate.members for candidate in candidates]).astype(np.float64)
    scores = _scores(members, changed[:, None])[:, 0]
    shuffled = rng.permuted(np.tile(changed, (PERMUTATIONS, 1)), axis=1).T
    bar = np.quantile(_scores(members, shuffled).max(axis=0), 1 - ALPHA, method="higher")
    best: dict[tuple[tuple[str, str], ...], float] = {}
    for candidate, score in zip(candidates, scores, strict=True):
        parts = (best.get((part,), -np.inf) for part in candidate.named if len(candidate.named) > 1)
        if score > max([bar, *(part + 1e-9 for part in parts)]):
            best[candidate.named] = float(score)
    ranked = sorted((c for c in candidates if c.named in best), key=lambda c: (-best[c.named], len(c.named), c.named))
    return tuple(_suspect(candidate, changed) for candidate in ranked)


def _candidates(segments: Sequence[Mapping[str, str]]) -> Iterator[_Segment]:
    """Every value of every attribute, then every pair of values of two attributes, that holds enough but not all."""
    names = sorted({name for segment in segments for name in segment})
    columns = {name: np.array([segment.get(name, "unknown") for segment in segments]) for name in names}
    singles = [
        _Segment(named=((name, str(value)),), members=column == value)
        for name, column in columns.items()
        for value in np.unique(column)
    ]
    pairs = (
        _Segment(named=one.named + other.named, members=one.members & other.members)
        for one, other in combinations(singles, 2)
        if one.named[0][0] != other.named[0][0]
    )
    for segment in (*singles, *pairs):
        if MIN_SEGMENT <= int(segment.members.sum()) < len(segments):
            yield segment


def _margins(reference: Floats, current: Floats, rng: np.random.Generator) -> Floats:
    """How much like the current window every study looks to a classifier that never saw it, shape (m + n,)."""
    rows = _features(reference, current)
    is_current = np.r_[np.zeros(len(reference)), np.ones(len(current))]
    margins = np.empty(len(rows))
    folds = np.empty(len(rows), dtype=np.intp)
    for label in (0.0, 1.0):
        where = np.flatnonzero(is_current == label)
        folds[where] = rng.permutation(np.arange(where.size) % FOLDS)
    for fold in range(FOLDS):
        held, fitted = folds == fold, folds != fold
        margins[held] = rows[held] @ _direction(rows[fitted], is_current[fitted])
    return margins


def _from_own_mean(margins: Floats, segments: Sequence[Mapping[str, str]], m: int) -> Floats:
    """Margins less the mean of the reference studies of the same attributes, where it holds enough of them."""
    _, groups = np.unique([repr(sorted(segment.items())) for segment in segments], return_inverse=True)
    known = np.bincount(groups[:m], minlength=groups.max() + 1)
    sums = np.bincount(groups[:m], weights=margins[:m] - margins[:m].mean(), minlength=groups.max() + 1)
    return np.asarray(margins - (sums / np.maximum(known, 1) * (known >= MIN_SEGMENT))[groups])


def _features(reference: Floats, current: Floats) -> Floats:
    """Features and their squares, both in reference standard deviations, cut at 10 of them; shape (m + n, 2 d)."""
    known = np.where(np.isfinite(reference), reference, np.nan)
    counted = np.isfinite(known).sum(axis=0)
    centre = np.nansum(known, axis=0) / np.maximum(counted, 1)
    spread = np.sqrt(np.nansum((known - centre) ** 2, axis=0) / np.maximum(counted, 1))
    rows = np.concatenate([reference, current])
    rows = np.where(np.isfinite(rows), rows, centre)
    rows = np.clip((rows - centre) / np.where(spread > 0, spread, 1.0), -10.0, 10.0)
    return np.concatenate([rows, (rows**2 - 1) / np.sqrt(2.0)], axis=1)


def _direction(rows: Floats, is_current: Floats) -> Floats:
    """Regularised least-squares direction from reference to current, the classes weighing the same; shape (d,)."""
    ours, theirs = rows[is_current == 1], rows[is_current == 0]
    centred = np.concatenate([ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)])
    scatter = centred.T @ centred / len(centred)
    # Ridge of one reference variance times d over n: heavier the less the data can say.
    ridge = _RIDGE * rows.shape[1] / len(rows) * np.trace(scatter) / rows.shape[1] + 1e-9
    gap = ours.mean(axis=0) - theirs.mean(axis=0)
    return np.asarray(np.linalg.solve(scatter + ridge * np.eye(rows.shape[1]), gap))


def _scores(members: Floats, changed: NDArray[np.bool_]) -> Floats:
    """Hypergeometric z of each segment (s, n) under each set of changed studies (n, b); shape (s, b)."""
    n = members.shape[1]
    sizes = members.sum(axis=1)[:, None]
    rate = changed.mean(axis=0)[None, :]
    spread = np.sqrt(sizes * rate * (1 - rate) * (n - sizes) / (n - 1))
    return np.asarray((members @ changed.astype(np.float64) - sizes * rate) / spread)


def _suspect(segment: _Segment, changed: NDArray[np.bool_]) -> Suspect:
    share = float(segment.members[changed].mean())
    return Suspect(segment=dict(segment.named), share=share, lift=share / float(segment.members.mean()))
