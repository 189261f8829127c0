"""Calibration intercept and slope: what would make the scores mean what they say."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from monitor.agreement.baseline import Floats
from monitor.agreement.proportion import CONFIDENCE, normal_quantile

EDGE = 1e-6  # scores of 0 and 1 have no logit; they are drawn in by so little
_STEPS = 100
_SETTLED = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A coefficient with its Wald interval."""

    value: float
    low: float
    high: float
    standard_error: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalibration:
    """`slope` 1 and `intercept` 0 are calibrated. A slope below 1: scores too extreme. An intercept above 0: too low.

    `intercept` is calibration in the large, with the slope held at 1.
    """

    intercept: Estimate
    slope: Estimate


def recalibration(scores: ArrayLike, labels: ArrayLike, *, confidence: float = CONFIDENCE) -> Recalibration | None:
    """Logistic regression of the label on the logit of the score, by Newton's method.

    Sources: D. R. Cox, Two further applications of a model for binary regression, Biometrika 45 (1958) 562-565; E. W.
    Steyerberg, Clinical Prediction Models (2019), section 15.3.

    Args:
        scores: probabilities, shape (n,).
        labels: 0 or 1, shape (n,).
        confidence: coverage aimed at, in (0, 1).

    Returns:
        None where no finite answer exists: labels or scores all alike, or the scores separate the labels.
    """
    p, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    x = logit(np.clip(p, EDGE, 1 - EDGE))
    if p.size == 0 or y.min() == y.max() or x.min() == x.max():
        return None
    ones = np.ones((p.size, 1))
    large, both = _fit(ones, y, x), _fit(np.column_stack([ones, x]), y, np.zeros_like(x))
    if large is None or both is None:
        return None
    z = normal_quantile(confidence)
    return Recalibration(intercept=_estimate(*large, 0, z), slope=_estimate(*both, 1, z))


def _fit(design: Floats, y: Floats, offset: Floats) -> tuple[Floats, Floats] | None:
    """Coefficients and their covariance; None where they run away."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        fitted = expit(design @ coefficients + offset)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            return None
        step = np.linalg.solve(information, design.T @ (y - fitted))
        coefficients = coefficients + step
        if np.abs(step).max() < _SETTLED:
            return coefficients, np.linalg.inv(information)
    return None


def _estimate(coefficients: Floats, covariance: Floats, which: int, z: float) -> Estimate:
    value, error = float(coefficients[which]), sqrt(covariance[which, which])
    return Estimate(value=value, low=value - z * error, high=value + z * error, standard_error=error)
