"""How much like the current window a study looks, to a classifier that never saw it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
_RIDGE = 1.0
Floats = NDArray[np.float64]


def margins(reference: Floats, current: Floats, rng: np.random.Generator) -> Floats:
    """Cross-fitted margins of every study, the reference's first, shape (m + n,); higher is more like the current.

    Args:
        reference: features, shape (m, d); values that are not finite count as the mean.
        current: features, shape (n, d).
        rng: shares the studies out to the folds.
    """
    labels = np.r_[np.zeros(len(reference)), np.ones(len(current))]
    return np.asarray(cross_fitted(features(np.concatenate([reference, current])), labels[:, None], rng)[:, 0])


def cross_fitted(rows: Floats, labels: Floats, rng: np.random.Generator) -> Floats:
    """Margins of every row for every labelling at once, shape (N, b).

    A linear discriminant with a ridge, in the metric of all rows together: no labelling changes that, so that refitting
    it for b labellings is two matrix products a fold. After D. Lopez-Paz, M. Oquab, Revisiting classifier two-sample
    tests, ICLR 2017.

    Args:
        rows: features, shape (N, d).
        labels: 1 where a row counts as current and 0 where it does not, shape (N, b); each has some of both.
        rng: shares the rows out to the folds.
    """
    found = np.empty(labels.shape)
    folds = rng.permutation(np.arange(len(rows)) % FOLDS)
    for fold in range(FOLDS):
        held, fitted = folds == fold, folds != fold
        seen = rows[fitted] - rows[fitted].mean(axis=0)
        scatter = seen.T @ seen / len(seen)
        # Ridge of one mean variance times d over n: heavier the less the rows can say.
        ridge = _RIDGE * np.trace(scatter) / len(seen) + 1e-9
        current = np.maximum(labels[fitted].sum(axis=0), 1.0)
        gaps = seen.T @ labels[fitted] * (len(seen) / (current * np.maximum(len(seen) - current, 1.0)))
        directions = np.linalg.solve(scatter + ridge * np.eye(rows.shape[1]), gaps)
        sizes = np.sqrt(np.maximum(np.einsum("db,db->b", gaps, directions), np.finfo(float).tiny))
        found[held] = (rows[held] - rows[fitted].mean(axis=0)) @ (directions / sizes)
    return found


def features(rows: Floats) -> Floats:
    """Features and their squares, in standard deviations of all rows, cut at 10 of them; shape (N, 2 d).

    Squares are there so that a change of spread is seen as well as one of place.
    """
    known = np.where(np.isfinite(rows), rows, np.nan)
    counted = np.maximum(np.isfinite(rows).sum(axis=0), 1)
    centre = np.nansum(known, axis=0) / counted
    spread = np.sqrt(np.nansum((known - centre) ** 2, axis=0) / counted)
    filled = np.where(np.isfinite(rows), rows, centre)
    scaled: NDArray[Any] = np.clip((filled - centre) / np.where(spread > 0, spread, 1.0), -10.0, 10.0)
    return np.concatenate([scaled, (scaled**2 - 1) / np.sqrt(2.0)], axis=1)
