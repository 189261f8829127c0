"""Simulated streams of discordance: independent cases, or such as follow one another."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Positions = NDArray[np.int64]


def discordances(
    rng: np.random.Generator, rate: ArrayLike, *, cases: int, runs: int, correlation: float = 0.0
) -> Positions:
    """Where the discordant cases of `runs` streams lie among all cases.

    With a correlation, whether a case is discordant is a Markov chain of two states: AR(1), the correlation at lag k
    being correlation**k, and the rate as given.

    Args:
        rng: the source of chance.
        rate: discordance a case, in (0, 1); one, or one a run.
        cases: how long the streams are.
        runs: how many.
        correlation: of neighbouring cases, in [0, 1).

    Returns:
        Ascending, from 0, shape (runs, events). Rows hold more events than fall into the stream; those at `cases` and
        beyond are to be ignored.
    """
    rates = np.broadcast_to(np.asarray(rate, dtype=np.float64), (runs,))[:, None]
    spread = (1 + correlation) / (1 - correlation)
    expected = cases * float(rates.max())
    events = int(expected + 6 * np.sqrt(expected * spread)) + 10
    steps = rng.geometric(rates * (1 - correlation), size=(runs, events))
    if correlation:
        follows = rng.random((runs, events)) < rates + correlation * (1 - rates)
        follows[:, 0] = False
        steps = np.where(follows, 1, np.where(np.arange(events) > 0, steps + 1, steps))
    return np.asarray(np.cumsum(steps, axis=1) - 1, dtype=np.int64)


def changed(before: Positions, after: Positions, *, at: int, cases: int) -> Positions:
    """Streams that go on as `after` from case `at` on, each `cases` long; what lies beyond stays beyond."""
    joined = np.concatenate([np.where(before < at, before, np.iinfo(np.int64).max), after + at], axis=1)
    joined.sort(axis=1)
    beyond = cases + np.arange(joined.shape[1])
    kept = int((joined < cases).sum(axis=1).max(initial=0)) + 1
    return np.where(joined < cases, joined, beyond)[:, :kept]
