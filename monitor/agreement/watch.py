"""One stream of discordances, watched: when it raised its alarm, and since when it has changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.agreement.budget import Detector
from monitor.agreement.shiryaev import SHIFTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """Places are counted from 0 among the stream's cases; both are None where there was no alarm.

    `alarm` is the case that raised it, `since` the first case after the most likely time of the change. `statistic` is
    the evidence at the alarm, else at the last discordant case.
    """

    alarm: int | None
    since: int | None
    statistic: float
    threshold: float


def watch(discordant: NDArray[np.bool_], detector: Detector) -> Watched:
    """Watch a stream from its first case to its alarm or its end.

    Late labels need no rule of their own: a stream is watched as it stands, in order of study, whenever it is asked.

    Args:
        discordant: the cases in order of study, shape (n,).
        detector: what it is held against.
    """
    positions = np.flatnonzero(discordant)
    values = detector.evidence(positions[None], cases=discordant.size)[0]
    if values.size == 0:
        return Watched(alarm=None, since=None, statistic=detector.head_start, threshold=detector.threshold)
    last = float(values[-1])
    if last < detector.threshold:
        return Watched(alarm=None, since=None, statistic=last, threshold=detector.threshold)
    alarm = int(positions[values.size - 1])
    since = change_point(discordant[: alarm + 1], detector.baseline.rate)
    return Watched(alarm=alarm, since=since, statistic=last, threshold=detector.threshold)


def change_point(discordant: NDArray[np.bool_], rate: float) -> int:
    """The most likely first case of a rise, its size among the shifts.

    It follows the least value of the cumulated log-likelihood ratio: E. S. Page, Biometrika 41 (1954) 100-115.
    """
    base = min(max(rate, 0.5 / (discordant.size + 1)), 1 - 1e-9)
    odds = base / (1 - base) * SHIFTS[:, None]
    risen = odds / (1 + odds)
    steps = np.where(discordant, np.log(risen / base), np.log((1 - risen) / (1 - base)))
    sums = np.concatenate([np.zeros((SHIFTS.size, 1)), np.cumsum(steps, axis=1)], axis=1)
    best = int(np.argmax(sums[:, -1] - sums.min(axis=1)))
    return int(np.argmin(sums[best]))
