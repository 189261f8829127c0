"""Pixels to what a network expects."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from monitor.inference.manifest import Preprocessing

_PERCENTILE_SAMPLE = 512
"""Percentiles are taken on a regular grid of at most this many rows and columns: a full sort of 5 Mpixel costs more
than the network."""


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
    step = tuple(-(-length // _PERCENTILE_SAMPLE) for length in pixels.shape)
    low, high = np.percentile(pixels[:: step[0], :: step[1]], preprocessing.clip)
    image = torch.from_numpy(np.array(pixels, dtype=np.float32))
    image.clamp_(float(low), float(high)).sub_(float(low)).div_(float(high - low) or 1.0)
    small = interpolate(image[None, None], size=preprocessing.size, mode="area")[0]
    return small.sub_(preprocessing.mean).div_(preprocessing.sd)
