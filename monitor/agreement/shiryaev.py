"""Evidence that a rate has risen, some time and by some size: the mixture Shiryaev-Roberts statistic."""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.agreement.baseline import Floats, Prior

SHIFTS = np.array([1.3, 1.6, 2.2, 3.2])
"""The rises looked for, as ratios of odds. A rise between or beyond them is found by its neighbour."""

_CEILING = 1e300  # far beyond any threshold; keeps a stream that goes on after its alarm from overflowing


def evidence(
    positions: ArrayLike,
    prior: Prior,
    *,
    inflation: ArrayLike = 1.0,
    head_start: float = 0.0,
    until: ArrayLike = inf,
) -> Floats:
    """The statistic after each discordant case.

    R_n = sum over the time k of a change, and over the shifts with equal weight, of the likelihood of all n cases with
    a change after case k, divided by their likelihood without one. Where the baseline is a grid both likelihoods are
    averaged over it, so that the error of an estimated baseline is in the statistic, and what the stream itself shows
    of its rate is learnt. A change before the first case counts `head_start` times more.

    Without a change R_n - n is a martingale that begins at `head_start`, whatever the grid; hence the probability of an
    alarm at threshold h within n cases is at most (n + head_start) / h. Between discordant cases R_n is followed in
    closed form; an alarm is raised on a discordant case only.

    Sources: A. N. Shiryaev, Theory of Probability and its Applications 8 (1963) 22-46; S. W. Roberts, Technometrics 8
    (1966) 411-430; mixtures as e-detectors: J. Shin, A. Ramdas, A. Rinaldo, E-detectors, New England Journal of
    Statistics in Data Science 2 (2024) 229-260.

    Args:
        positions: the discordant cases' places among all cases, from 0, ascending; shape (runs, events).
        prior: the baseline.
        inflation: the variance inflation, one or one a run; likelihoods are raised to its inverse.
        head_start: how many times a change before the first case counts, in cases.
        until: stop when every run has reached this; one or one a run.

    Returns:
        Shape (runs, events), fewer events where it stopped.
    """
    gaps = np.diff(np.asarray(positions), axis=1, prepend=-1) - 1
    state = _Recursion(prior, np.atleast_1d(np.asarray(inflation, dtype=np.float64)), head_start, runs=gaps.shape[0])
    values = np.empty(gaps.shape)
    reached = np.zeros(gaps.shape[0], dtype=bool)
    for event in range(gaps.shape[1]):
        state.concord(gaps[:, event])
        values[:, event] = state.discord()
        reached |= values[:, event] >= np.asarray(until)
        if reached.all():
            return values[:, : event + 1]
    return values


class _Recursion:
    """Likelihoods without and with a change, relative to that without, a node and a shift apart.

    `_before` is (runs, nodes) and sums to 1 over the nodes, its logarithm kept beside it so that no node is ever lost;
    `_after` is (runs, nodes, shifts).
    """

    def __init__(self, prior: Prior, inflation: Floats, head_start: float, *, runs: int) -> None:
        rates = prior.rates
        odds = (rates / (1 - rates))[..., None] * SHIFTS
        risen = odds / (1 + odds)
        weight = 1 / inflation[:, None]
        self._hit, self._risen_hit = np.log(rates) * weight, risen ** weight[..., None]
        self._miss, self._risen_miss = np.log1p(-rates) * weight, np.log1p(-risen) * weight[..., None]
        share = np.exp(self._risen_miss - self._miss[..., None])
        self._series = share / (1 - share)  # a change within a gap: a geometric series over its place
        self._log_before = np.broadcast_to(np.log(prior.weights), (runs, rates.shape[1]))
        self._before = np.exp(self._log_before)
        self._after = np.repeat((head_start * self._before)[..., None], SHIFTS.size, axis=2)

    def concord(self, gap: NDArray[np.int64]) -> None:
        """Follow `gap` concordant cases, shape (runs,)."""
        steps = gap[:, None]
        log_before = self._log_before + steps * self._miss
        scale = log_before.max(axis=1, keepdims=True)
        shrunk = np.exp(steps[..., None] * self._risen_miss - scale[..., None])
        before = np.exp(log_before - scale)
        self._after *= shrunk
        self._after += self._series * (before[..., None] - self._before[..., None] * shrunk)
        self._before, self._log_before = before, log_before - scale

    def discord(self) -> Floats:
        """Follow one discordant case. Returns the statistic, shape (runs,)."""
        self._after += self._before[..., None]
        self._after *= self._risen_hit
        before = np.exp(self._log_before + self._hit)
        total = before.sum(axis=1, keepdims=True)
        self._before, self._log_before = before / total, self._log_before + self._hit - np.log(total)
        self._after /= total[..., None]
        np.minimum(self._after, _CEILING, out=self._after)
        return np.asarray(self._after.sum(axis=(1, 2)) / SHIFTS.size)
