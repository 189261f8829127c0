"""What agreement would be by the scores alone, before any label: an estimate, and blind to a change of concept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor.agreement.baseline import Floats

_STEPS = 1000
_SETTLED = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The fourfold table that calibrated scores lead to expect, in cases and their fractions."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def agreement(self) -> float | None:
        """Expected share of all cases on which call and label agree."""
        return _share(self.tp + self.tn, self.fp + self.fn)

    @property
    def ppa(self) -> float | None:
        """Expected share of the positives that are called."""
        return _share(self.tp, self.fn)

    @property
    def npa(self) -> float | None:
        """Expected share of the negatives that are not."""
        return _share(self.tn, self.fp)


def expected_counts(scores: ArrayLike, calls: ArrayLike) -> Expected:
    """Confidence-based performance estimation (CBPE).

    It holds as long as a score of .3 means three in ten. A change of what scores mean, such as a finding that the AI no
    longer recognises, leaves it unmoved: it stands beside the realised figure and never for it.

    Source: J. Kivimäki, J. Białek, W. Kuberski, J. K. Nurminen, Performance estimation in binary classification using
    calibrated confidence (2025), arXiv:2505.05295.

    Args:
        scores: calibrated probabilities, shape (n,).
        calls: 0 or 1, shape (n,).
    """
    p, called = np.asarray(scores, dtype=np.float64), np.asarray(calls, dtype=bool)
    return Expected(
        tp=float(p[called].sum()),
        fp=float((1 - p[called]).sum()),
        fn=float(p[~called].sum()),
        tn=float((1 - p[~called]).sum()),
    )


def prevalence_adjusted(scores: ArrayLike, reference: float) -> Floats:
    """Scores calibrated at one prevalence, as they would be at that of the cases at hand, found from them by EM.

    It is right where positives look as positives did and negatives as negatives: a shift of prevalence and no other.

    Source: M. Saerens, P. Latinne, C. Decaestecker, Adjusting the outputs of a classifier to new a priori
    probabilities, Neural Computation 14 (2002) 21-41.

    Args:
        scores: calibrated at the reference prevalence, shape (n,), inside (0, 1) for the most part.
        reference: that prevalence, in (0, 1).

    Returns:
        Shape (n,).
    """
    p = np.asarray(scores, dtype=np.float64)
    prevalence, adjusted = reference, p
    for _ in range(_STEPS):
        positive = p * prevalence / reference
        adjusted = positive / (positive + (1 - p) * (1 - prevalence) / (1 - reference))
        found = float(np.clip(adjusted.mean(), 1e-9, 1 - 1e-9)) if p.size else reference
        if abs(found - prevalence) < _SETTLED:
            break
        prevalence = found
    return adjusted


def _share(part: float, rest: float) -> float | None:
    return part / (part + rest) if part + rest > 0 else None
