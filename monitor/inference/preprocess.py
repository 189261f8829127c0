"""Pixels to what a network expects."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from monitor.inference.manifest import Preprocessing

_PERCENTILE_SAMPLE = 512 * 512
"""Of larger images this many pixels give the percentiles: sorting 5 Mpixel costs more than the network."""


def prepare(pixels: NDArray[np.float32], preprocessing: Preprocessing) -> Tensor:
    """A tensor (1 × rows × columns) as the network was trained on.

    Clip to percentiles, scale to [0, 1], resize by area (every pixel counts, so nothing aliases), normalise. An image
    without contrast becomes 0 throughout before normalisation; a NaN stays a NaN, for the caller to find.

    Args:
        pixels: rows × columns, any size and range, brighter is denser, modality rescale applied.
        preprocessing: of the package.

    Raises:
        ValueError: pixels that are not a two-dimensional image.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        message = f"pixels: shape {pixels.shape}; a two-dimensional image is needed"
        raise ValueError(message)
    low, high = np.percentile(_sampled(pixels), preprocessing.clip)
    image = torch.from_numpy(np.array(pixels, dtype=np.float32))
    image.clamp_(float(low), float(high)).sub_(float(low)).div_(float(high - low) or 1.0)
    small = interpolate(image[None, None], size=preprocessing.size, mode="area")[0]
    return small.sub_(preprocessing.mean).div_(preprocessing.sd)


def _sampled(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels for the percentiles, the same ones for every image of a size.

    They are scattered, not on a grid: every second row and column of a fine pattern can be the same value throughout.
    """
    return pixels if pixels.size <= _PERCENTILE_SAMPLE else pixels.ravel()[_scattered(pixels.size)]


@lru_cache(maxsize=4)
def _scattered(size: int) -> NDArray[np.int64]:
    """Indices into a flat image of this size, in ascending order."""
    return np.sort(np.random.default_rng(size).integers(size, size=_PERCENTILE_SAMPLE))
