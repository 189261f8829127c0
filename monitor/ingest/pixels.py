"""From a dataset to one plain image: decoded, rescaled, and with brighter meaning denser. Runs in the jail."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from monitor.core.study import Exclusion

CT = "CT"


class UnusableError(Exception):
    """The pixels of this object cannot be scored."""

    def __init__(self, reason: Exclusion) -> None:
        super().__init__(reason)
        self.reason = reason


def image_of(dataset: Dataset, *, max_pixels: int) -> tuple[NDArray[np.float32], float]:
    """The first frame as rows × columns, and the detector's full range in the same units.

    Args:
        dataset: a whole single-channel image object.
        max_pixels: rows × columns × frames × samples beyond which nothing is decoded.

    Raises:
        UnusableError: too many pixels, more than one sample a pixel, a CT without rescale, or undecodable data.
    """
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    rows, columns, samples = int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel)
    if min(rows, columns, samples, frames) < 1 or rows * columns * samples * frames > max_pixels:
        raise UnusableError(Exclusion.TOO_LARGE)
    if samples != 1 or not str(dataset.PhotometricInterpretation).startswith("MONOCHROME"):
        raise UnusableError(Exclusion.INVALID_GEOMETRY)
    try:
        stored = dataset.pixel_array
    except Exception as error:  # a decoder may raise anything on hostile bytes
        raise UnusableError(Exclusion.UNDECODABLE) from error
    frame = stored if frames == 1 else stored[0]
    low, high = _stored_range(dataset)
    image = frame.astype(np.float32)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        image = np.float32(low + high) - image
    slope, intercept = _rescale(dataset)
    return image * np.float32(slope) + np.float32(intercept), (high - low) * abs(slope)


def _stored_range(dataset: Dataset) -> tuple[int, int]:
    bits = int(dataset.BitsStored)
    if not 1 <= bits <= 32:
        raise UnusableError(Exclusion.INVALID_GEOMETRY)
    signed = int(dataset.get("PixelRepresentation", 0)) == 1
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def _rescale(dataset: Dataset) -> tuple[float, float]:
    """Slope and intercept. Only a CT must state them: a radiograph without is on its own scale."""
    if "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
        if slope == 0 or not np.isfinite([slope, intercept]).all():
            raise UnusableError(Exclusion.MISSING_RESCALE)
        return slope, intercept
    if dataset.get("Modality") == CT:
        raise UnusableError(Exclusion.MISSING_RESCALE)
    return 1.0, 0.0
