"""Which scanner or site carries a change: a classifier finds the changed studies, their segments are counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from monitor.core.verdict import Suspect
from monitor.drift.classifier import FOLDS, cross_fitted, features

CHANGED_ABOVE = 0.95
ALPHA = 0.05
DRAWS, REFITS = 999, 199
MAX_SEGMENTS = 2_000
MIN_SEGMENT = 5
"""Fewer studies of a segment in the current window are no basis for naming it."""

_SEED = 20_081_107
Floats = NDArray[np.float64]
Segments = Sequence[Mapping[str, str]]
Named = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Segment:
    """One value of one attribute, or a pair of them, and who belongs to it (shape (N,), bool)."""

    named: Named
    members: NDArray[np.bool_]


def suspects(
    reference: Floats, current: Floats, segments: Segments, reference_segments: Segments | None = None
) -> tuple[Suspect, ...]:
    """Segments that are over-represented among the studies that changed, the most telling first.

    A cross-fitted classifier of reference against current gives every study a margin by a model that never saw it.
    Current studies above the 95th percentile of the reference's margins count as changed. Each segment, and each pair
    of attributes, is scored by how far its number of changed studies lies above what its size alone would bring, in
    hypergeometric standard deviations. Segments are compared with each other, not with the reference: a whole window
    that shifted alike names nobody.

    Named are segments above the 95th percentile of the largest such score under two nulls: the changed studies drawn
    at random, and, where the reference's segments are known, windows exchanged among the studies of each segment, the
    classifier fitted anew each time. The second holds what a classifier makes of a mix of segments that chance made.

    A pair is listed only where it scores above both its parts: the simplest description wins.

    Args:
        reference: features, shape (m, d); values that are not finite count as the mean.
        current: features, shape (n, d).
        segments: attributes of each current study, n mappings (site, manufacturer, model_name, software, ...).
        reference_segments: the same of each reference study, m mappings. With them margins are taken from the mean of
            the study's own segment in the reference, and a scanner that always looked different is not blamed for it.

    Returns:
        Share of the changed studies, and lift (that share over the share of the current window), per suspect.

    Raises:
        ValueError: the matrices differ in width, or the segments in number from the current studies.
    """
    fits = reference.shape[1] == current.shape[1] and len(segments) == len(current)
    if not fits or len(reference_segments or reference) != len(reference):
        message = f"suspects: shapes {reference.shape} and {current.shape} with {len(segments)} segments do not fit"
        raise ValueError(message)
    m = len(reference)
    named = [*(reference_segments or [{}] * m), *segments]
    candidates = list(_candidates(named, m))[:MAX_SEGMENTS]
    if min(m, len(current)) < 2 * FOLDS or not candidates:
        return ()
    rng = np.random.default_rng([_SEED, m, len(current)])
    rows = features(np.concatenate([reference, current]))
    labels = np.r_[np.zeros(m), np.ones(len(current))]
    groups = None if reference_segments is None else _groups(named)
    changed = _changed(rows, labels[:, None], groups, rng)[m:, 0]
    if not 0 < changed.sum() < changed.size:
        return ()
    members = np.stack([candidate.members for candidate in candidates]).astype(np.float64)
    scores = _scores(members[:, m:], changed[:, None])[:, 0]
    shuffled = rng.permuted(np.tile(changed, (DRAWS, 1)), axis=1).T
    bar = _bar(_scores(members[:, m:], shuffled))
    if groups is not None:
        bar = max(bar, _refitted_bar(rows, labels, groups, members, rng))
    best: dict[Named, float] = {}
    for candidate, score in zip(candidates, scores, strict=True):
        parts = (best.get((part,), -np.inf) for part in candidate.named if len(candidate.named) > 1)
        if score > max([bar, *(part + 1e-9 for part in parts)]):
            best[candidate.named] = float(score)
    ranked = sorted((c for c in candidates if c.named in best), key=lambda c: (-best[c.named], len(c.named), c.named))
    return tuple(_suspect(candidate, changed, m) for candidate in ranked)


def _candidates(segments: Segments, m: int) -> Iterator[_Segment]:
    """Every value of every attribute, then every pair of values of two, that holds enough of the current, not all."""
    names = sorted({name for segment in segments[m:] for name in segment})
    columns = {name: np.array([segment.get(name, "unknown") for segment in segments]) for name in names}
    singles = [
        _Segment(named=((name, str(value)),), members=column == value)
        for name, column in columns.items()
        for value in np.unique(column[m:])
    ]
    pairs = (
        _Segment(named=one.named + other.named, members=one.members & other.members)
        for one, other in combinations(singles, 2)
        if one.named[0][0] != other.named[0][0]
    )
    for segment in (*singles, *pairs):
        if MIN_SEGMENT <= int(segment.members[m:].sum()) < len(segments) - m:
            yield segment


def _groups(segments: Segments) -> NDArray[np.intp]:
    """Which studies have all attributes in common, shape (N,)."""
    _, groups = np.unique([repr(sorted(segment.items())) for segment in segments], return_inverse=True)
    return np.asarray(groups, dtype=np.intp)


def _changed(
    rows: Floats, labels: Floats, groups: NDArray[np.intp] | None, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which current studies lie above the reference's 95th percentile, for every labelling; shape (N, b)."""
    margins = cross_fitted(rows, labels, rng)
    if groups is not None:
        margins -= _own_mean(margins, 1 - labels, groups)
    bars = [np.quantile(margins[labels[:, b] == 0, b], CHANGED_ABOVE) for b in range(labels.shape[1])]
    return np.asarray((margins > np.array(bars)) & (labels == 1))


def _own_mean(margins: Floats, before: Floats, groups: NDArray[np.intp]) -> Floats:
    """Each study's mean margin among the reference studies of its group, where it holds enough; shape (N, b)."""
    belongs = (groups[None, :] == np.arange(groups.max() + 1)[:, None]).astype(np.float64)
    known = belongs @ before
    overall = (margins * before).sum(axis=0) / before.sum(axis=0)
    means = belongs @ (margins * before) / np.maximum(known, 1) - overall
    return np.asarray((means * (known >= MIN_SEGMENT))[groups])


def _refitted_bar(
    rows: Floats, labels: Floats, groups: NDArray[np.intp], members: Floats, rng: np.random.Generator
) -> float:
    """The bar when windows are exchanged within each group that both windows hold enough of."""
    sizes = [np.bincount(groups[labels == label], minlength=groups.max() + 1) for label in (0, 1)]
    known = (np.minimum(*sizes) >= MIN_SEGMENT)[groups]
    if labels[known].sum() < 2 * FOLDS:
        return -np.inf
    inside = groups[known]
    exchanged = np.tile(labels[known][:, None], (1, REFITS))
    for group in np.unique(inside):
        exchanged[inside == group] = rng.permuted(exchanged[inside == group], axis=0)
    changed = _changed(rows[known], exchanged, inside, rng)
    held = members[:, known]
    return _bar(_scores(held, changed, exchanged))


def _scores(members: Floats, changed: NDArray[np.bool_], current: Floats | None = None) -> Floats:
    """Hypergeometric z of each segment (s, N) under each set of changed studies (N, b) of the current; shape (s, b)."""
    n = np.full(changed.shape[1], float(len(changed))) if current is None else current.sum(axis=0)
    sizes = members.sum(axis=1)[:, None] if current is None else members @ current
    rate = (changed.sum(axis=0) / n)[None, :]
    spread = np.sqrt(np.maximum(sizes * rate * (1 - rate) * (n - sizes) / (n - 1), 0.0))
    excess = members @ changed.astype(np.float64) - sizes * rate
    return np.asarray(np.where(spread > 0, excess / np.where(spread > 0, spread, 1.0), 0.0))


def _bar(scores: Floats) -> float:
    return float(np.quantile(scores.max(axis=0), 1 - ALPHA, method="higher"))


def _suspect(segment: _Segment, changed: NDArray[np.bool_], m: int) -> Suspect:
    share = float(segment.members[m:][changed].mean())
    return Suspect(segment=dict(segment.named), share=share, lift=share / float(segment.members[m:].mean()))
