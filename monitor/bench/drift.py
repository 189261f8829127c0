"""How fast windows are compared, beside scipy, a loop of permutations and evidently, all on the same columns."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, wasserstein_distance

from monitor.drift.mmd import mmd
from monitor.drift.ordered import Ordered, ks_distance, wasserstein
from monitor.drift.report import described

ROUNDS = 3
COLUMNS = 50
_SEED = 20_071_203
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """Median seconds of what is ours and of the peer, taken in turn in one run; `gap` is how far the results differ."""

    what: str
    peer: str
    seconds: float
    peer_seconds: float
    gap: float | None = None

    @property
    def ratio(self) -> float:
        """The peer's time over ours: 5 is five times as fast."""
        return self.peer_seconds / self.seconds


def distances_speed(rows: int) -> Speed:
    """KS and Wasserstein distances of fifty columns against a reference that is sorted once, beside a scipy loop."""
    rng = np.random.default_rng([_SEED, rows])
    reference, current = rng.normal(size=(COLUMNS, rows)), rng.normal(0.05, 1, size=(COLUMNS, rows))
    cached = [Ordered.of(column) for column in reference]

    def ours() -> Floats:
        pairs = [(before, Ordered.of(after)) for before, after in zip(cached, current, strict=True)]
        return np.array([(ks_distance(*pair), wasserstein(*pair)) for pair in pairs])

    def scipys() -> Floats:
        pairs = zip(reference, current, strict=True)
        return np.array([(ks_2samp(*pair, method="asymp").statistic, wasserstein_distance(*pair)) for pair in pairs])

    return _raced(
        f"KS and Wasserstein, {COLUMNS} columns × {rows} rows", "scipy, one column after the other", ours, scipys
    )


def mmd_speed(rows: int = 1_000, width: int = 64, permutations: int = 100) -> Speed:
    """MMD with its permutations as one matrix product, beside a loop that sums the kernel anew for each."""
    rng = np.random.default_rng([_SEED, rows, width])
    half = rows // 2
    x, y = rng.normal(size=(half, width)), rng.normal(0.1, 1, size=(half, width))

    def ours() -> Floats:
        return np.array([mmd(x, y, draws=permutations, rng=np.random.default_rng(1)).statistic])

    def loop() -> Floats:
        pooled, order = np.concatenate([x, y]), np.random.default_rng(1)
        distances = cdist(pooled, pooled)
        kernel = np.exp(-(distances**2) / (2 * np.median(distances[np.triu_indices(rows, 1)]) ** 2))
        values = [_unbiased(kernel, half)]
        for _ in range(permutations):
            shuffled = order.permutation(rows)
            values.append(_unbiased(kernel[np.ix_(shuffled, shuffled)], half))
        return np.array(values[:1])

    return _raced(
        f"MMD, {rows} × {width}, {permutations} permutations", "numpy, one permutation after the other", ours, loop
    )


def linear_speed(rows: int = 4_000, width: int = 64) -> Speed:
    """MMD by random features at twice the rows, beside itself: the ratio is how its cost grows."""
    rng = np.random.default_rng([_SEED, width])
    x, y = rng.normal(size=(2 * rows, width)), rng.normal(size=(2 * rows, width))

    def of(n: int) -> Callable[[], Floats]:
        return lambda: np.array([mmd(x[:n], y[:n], draws=100, rng=np.random.default_rng(1)).p_value])

    speed = _raced(f"MMD by random features, 2 × {rows} rows", f"itself, 2 × {2 * rows} rows", of(rows), of(2 * rows))
    return Speed(what=speed.what, peer=speed.peer, seconds=speed.seconds, peer_seconds=speed.peer_seconds)


def evidently_speed(rows: int) -> Speed:
    """The same fifty columns through evidently's default preset, which builds a report as well."""
    rng = np.random.default_rng([_SEED, rows])
    names = [f"x{i}" for i in range(COLUMNS)]
    reference, current = (pd.DataFrame(rng.normal(size=(rows, COLUMNS)), columns=names) for _ in range(2))
    cached = [Ordered.of(reference[name].to_numpy()) for name in names]

    def ours() -> Floats:
        pairs = [(before, Ordered.of(current[name].to_numpy())) for before, name in zip(cached, names, strict=True)]
        return np.array([(ks_distance(*pair), wasserstein(*pair)) for pair in pairs])

    described(reference.head(100), current.head(100))  # its import is not counted
    began = time.perf_counter()
    described(reference, current)
    theirs = time.perf_counter() - began
    what = f"KS and Wasserstein, {COLUMNS} columns × {rows} rows"
    peer = "evidently's default preset, which also builds a report"
    return Speed(what=what, peer=peer, seconds=_seconds(ours)[0], peer_seconds=theirs)


def _unbiased(kernel: Floats, m: int) -> float:
    n = len(kernel) - m
    within = [
        (part.sum() - np.trace(part)) / (len(part) * (len(part) - 1)) for part in (kernel[:m, :m], kernel[m:, m:])
    ]
    return float(sum(within) - 2 * kernel[:m, m:].sum() / (m * n))


def _raced(what: str, peer: str, ours: Callable[[], Floats], theirs: Callable[[], Floats]) -> Speed:
    """Both in turn, so that a busy moment of the machine meets both."""
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        (mine, value), (other, expected) = _seconds(ours), _seconds(theirs)
        times.append((mine, other))
    return Speed(
        what=what,
        peer=peer,
        seconds=median(mine for mine, _ in times),
        peer_seconds=median(other for _, other in times),
        gap=float(np.abs(value - expected).max()),
    )


def _seconds(run: Callable[[], Floats]) -> tuple[float, Floats]:
    began = time.perf_counter()
    value = run()
    return time.perf_counter() - began, value
