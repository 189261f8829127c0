"""Statistics of one image, computed while its pixels are at hand: what input drift is seen in.

All are on the scale of the detector's full range, so that bit depths compare.
"""

import numpy as np
from numpy.typing import NDArray

SAMPLE_SIDE = 512
_PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def image_statistics(image: NDArray[np.float32], *, full_range: float) -> dict[str, float]:
    """Statistics of a single-channel image.

    Args:
        image: rows × columns, brighter is denser.
        full_range: largest value less smallest value the detector can store.

    Returns:
        mean, sd, percentiles, `noise` (sd of pixel noise by Immerkær 1996, from the residual of a Laplacian
        difference), `sharpness` (mean gradient after 3 × 3 smoothing, over contrast), `border` (mean of the outer
        twentieth less the mean), `entropy` (bits, 64 bins), `dark` and `bright` (share of pixels at either end of the
        full range).
    """
    scaled = _thinned(image) / np.float32(full_range)
    centre = _centre(image) / np.float32(full_range)
    low, *inner, high = (float(value) for value in np.percentile(scaled, _PERCENTILES))
    contrast = max(high - low, 1e-6)
    return {
        "mean": float(scaled.mean()),
        "sd": float(scaled.std()),
        "p01": low,
        "p05": inner[0],
        "p50": inner[2],
        "p95": inner[4],
        "p99": high,
        "noise": _noise(centre),
        "sharpness": _gradient(centre) / contrast,
        "border": _border(scaled) - float(scaled.mean()),
        "entropy": _entropy(scaled, low, contrast),
        "dark": float((scaled <= 0.002).mean()),
        "bright": float((scaled >= 0.998).mean()),
    }


def _thinned(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every k-th pixel: what a distribution of values needs."""
    step = max(1, min(image.shape) // SAMPLE_SIDE)
    return image[::step, ::step]


def _centre(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Neighbouring pixels at full resolution: what noise and sharpness need."""
    rows, columns = image.shape
    top, left = max(0, (rows - SAMPLE_SIDE) // 2), max(0, (columns - SAMPLE_SIDE) // 2)
    return image[top : top + SAMPLE_SIDE, left : left + SAMPLE_SIDE]


def _noise(image: NDArray[np.float32]) -> float:
    """The mean absolute response of a double Laplacian (Immerkær, "Fast noise variance estimation", CVIU 64, 1996)."""
    if min(image.shape) < 3:
        return 0.0
    rows = image[:-2] - 2 * image[1:-1] + image[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.sqrt(np.pi / 2) * np.abs(both).mean() / 6)


def _gradient(image: NDArray[np.float32]) -> float:
    if min(image.shape) < 5:
        return 0.0
    smooth = (image[:, :-2] + image[:, 1:-1] + image[:, 2:]) / 3
    smooth = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3
    return float(np.abs(np.diff(smooth, axis=0)).mean() + np.abs(np.diff(smooth, axis=1)).mean())


def _border(image: NDArray[np.float32]) -> float:
    margin = max(1, min(image.shape) // 20)
    edges = (image[:margin].ravel(), image[-margin:].ravel(), image[:, :margin].ravel(), image[:, -margin:].ravel())
    return float(np.concatenate(edges).mean())


def _entropy(image: NDArray[np.float32], low: float, contrast: float) -> float:
    bins = np.clip((image - np.float32(low)) * np.float32(64 / contrast), 0, 63).astype(np.uint8)
    shares = np.bincount(bins.ravel(), minlength=64) / image.size
    present = shares[shares > 0]
    return float(-(present * np.log2(present)).sum())
