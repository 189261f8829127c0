"""Statistics of one image, computed once while its pixels are at hand: what input drift is seen in.

One exact histogram of stored values gives everything that does not depend on where a pixel lies. All statistics are on
the scale of the detector's full range, so that bit depths compare; padding is left out of the histogram.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.ingest.pixels import Frame

MOST_COUNTED = 1 << 19
"""Of larger images every k-th row is counted, so that at most about this many pixels are."""
CENTRE_SIDE = 512
SKETCH_BINS = 64
_PERCENTILES = (0.01, 0.05, 0.5, 0.95, 0.99)
_LEAST = 1e-6

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Distribution:
    """The values that occur, ascending, how often each does, and how often it or a lesser one does."""

    values: Floats
    counts: NDArray[np.int64]
    cumulative: NDArray[np.int64]

    @property
    def total(self) -> int:
        return int(self.cumulative[-1])

    def share(self, which: NDArray[np.bool_]) -> float:
        return float(self.counts[which].sum() / self.total)

    def quantile(self, share: float) -> float:
        """The least value that at least this share of the pixels does not exceed."""
        return float(self.values[np.searchsorted(self.cumulative, share * self.total)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """Statistics by name, and the histogram in `SKETCH_BINS` even bins over the full range, in pixels counted.

    Histograms of one scanner add up.
    """

    statistics: dict[str, float]
    histogram: tuple[int, ...]


def described(frame: Frame) -> Described:
    """Describe a decoded frame.

    The statistics are `mean`, `sd`, percentiles (`p01` to `p99`, inverted distribution function), `entropy` (bits, 64
    bins between `p01` and `p99`), `dark` and `bright` (share of pixels at either end of the full range), `saturation`
    (share at the image's own lowest or highest value: what a gateway's clipping piles up), `noise` (sd of pixel noise
    by Immerkær 1996), `sharpness` (mean gradient after 3 × 3 smoothing, over contrast), `snr` (mean of the centre above
    the bottom of the range, over noise), `border` (mean of the outer twentieth less the mean) and `inverted` (share of
    that border brighter than the median: near 1 where an image has lost its polarity).
    """
    full = max(float(np.ptp(frame.levels)), _LEAST)
    bottom = float(frame.levels.min()) / full
    found = _distribution(frame, frame.levels / full)
    mean = float(np.average(found.values, weights=found.counts))
    low, p05, median, p95, high = (found.quantile(share) for share in _PERCENTILES)
    contrast = max(high - low, _LEAST)
    table = _filled(frame, found, full)
    centre, edge = table[_centre(frame.stored)], table[_border(frame.stored)]
    noise = _noise(centre)
    statistics = {
        "mean": mean,
        "sd": float(np.sqrt(np.average(np.square(found.values - mean), weights=found.counts))),
        "p01": low,
        "p05": p05,
        "p50": median,
        "p95": p95,
        "p99": high,
        "noise": noise,
        "sharpness": _gradient(centre) / contrast,
        "snr": (float(centre.mean()) - bottom) / max(noise, _LEAST),
        "border": float(edge.mean()) - mean,
        "inverted": float((edge > median).mean() + (edge == median).mean() / 2),
        "entropy": _entropy(found, low, contrast),
        "dark": found.share(found.values <= 0.002),
        "bright": found.share(found.values >= 0.998),
        "saturation": float((found.counts[0] + found.counts[-1]) / found.total) if found.values.size > 1 else 1.0,
    }
    return Described(statistics=statistics, histogram=_sketch(found, bottom))


def _sketch(found: _Distribution, bottom: float) -> tuple[int, ...]:
    bins = np.minimum(((found.values - bottom) * SKETCH_BINS).astype(np.intp), SKETCH_BINS - 1)
    return tuple(int(n) for n in np.bincount(bins, weights=found.counts, minlength=SKETCH_BINS))


def _distribution(frame: Frame, levels: Floats) -> _Distribution:
    step = -(-frame.stored.size // MOST_COUNTED)
    counted = np.bincount(frame.stored[::step].ravel(), minlength=levels.size)
    if not frame.padding[counted > 0].all():  # an image of nothing but padding is described as it is
        counted[frame.padding] = 0
    present = np.flatnonzero(counted)
    order = present[np.argsort(levels[present], kind="stable")]  # values come in runs, which this sorts in one pass
    counts = counted[order]
    return _Distribution(values=levels[order], counts=counts, cumulative=counts.cumsum())


def _filled(frame: Frame, found: _Distribution, full: float) -> NDArray[np.float32]:
    """The table of scaled values, padding as dark as the darkest pixel."""
    table = (frame.levels / full).astype(np.float32)
    table[frame.padding] = found.values[0]
    return table


def _centre(stored: NDArray[np.generic]) -> NDArray[np.generic]:
    """Neighbouring pixels at full resolution: what noise and sharpness need."""
    rows, columns = stored.shape
    top, left = max(0, (rows - CENTRE_SIDE) // 2), max(0, (columns - CENTRE_SIDE) // 2)
    return stored[top : top + CENTRE_SIDE, left : left + CENTRE_SIDE]


def _border(stored: NDArray[np.generic]) -> NDArray[np.generic]:
    """Pixels of the outer twentieth, thinned along the edges of a large image."""
    margin, thin = max(1, min(stored.shape) // 20), max(1, min(stored.shape) // 128)
    strips = (stored[:margin, ::thin], stored[-margin:, ::thin], stored[::thin, :margin], stored[::thin, -margin:])
    return np.concatenate([strip.ravel() for strip in strips])


def _noise(image: NDArray[np.float32]) -> float:
    """The mean absolute response of a double Laplacian (Immerkær, "Fast noise variance estimation", CVIU 64, 1996)."""
    if min(image.shape) < 3:
        return 0.0
    rows = np.diff(image, n=2, axis=0)
    both = np.diff(rows, n=2, axis=1)
    return float(np.sqrt(np.pi / 2) * np.abs(both, out=both).mean() / 6)


def _gradient(image: NDArray[np.float32]) -> float:
    if min(image.shape) < 5:
        return 0.0
    smooth = image[:, :-2] + image[:, 1:-1]
    smooth += image[:, 2:]
    nine = smooth[:-2] + smooth[1:-1]
    nine += smooth[2:]
    steps = (np.diff(nine, axis=axis) for axis in (0, 1))
    return float(sum(np.abs(step, out=step).mean() for step in steps) / 9)


def _entropy(found: _Distribution, low: float, contrast: float) -> float:
    bins = np.clip((found.values - low) * (64 / contrast), 0, 63).astype(np.intp)
    shares = np.bincount(bins, weights=found.counts, minlength=64) / found.total
    present = shares[shares > 0]
    return float(-(present * np.log2(present)).sum())
