"""What the exporter is told at each scrape: the numbers as the store has them now."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """How many observations fell in each bucket.

    Attributes:
        counts: observations per bucket, *not* cumulated; one more than there are bounds, the last above them all.
        total: the sum of all observations, in the metric's unit.
    """

    counts: tuple[int, ...]
    total: float

    def __post_init__(self) -> None:
        if min((0, *self.counts)) < 0 or not math.isfinite(self.total):
            message = f"histogram: counts {self.counts} and total {self.total}; counts from 0 and a finite total needed"
            raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Every exported number at one moment, read from the store so that it survives a restart.

    Attributes:
        version: the version of Overread that runs.
        values: by metric name, then by label values in the catalogue's order: counters (since the store began, they
            never fall) and gauges. An unlabelled metric has the one key `()`. A name left out is not exported.
        histograms: by metric name, over the bounds the catalogue gives.
        known: for labels whose values the catalogue cannot list (model, version, finding, source), the values the
            store knows. Anything else is exported as `other`.
    """

    version: str
    values: Mapping[str, Mapping[tuple[str, ...], float]] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


SnapshotSource = Callable[[], Snapshot]
"""Reads a snapshot; may raise, and then the scrape fails openly. Called from the server's threads, one at a time."""
