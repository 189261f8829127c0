"""From a data set to one plain image: decoded, on the modality's scale, and with brighter meaning denser.

Stored values have at most 16 bits, so every step after decoding is worked out once for each value they can take, and
the image looks its pixels up in that table. Runs in the jail.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi, apply_windowing
from pydicom.pixels.utils import pixel_array

from monitor.core.study import Exclusion
from monitor.ingest.groups import holder
from monitor.ingest.refusals import refusal, rescale_of

Stored = NDArray[np.unsignedinteger[Any]]
Levels = NDArray[np.float64]
_ROWS = 64


class UnusableError(Exception):
    """The pixels of this object cannot be scored."""

    def __init__(self, reason: Exclusion) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One decoded frame.

    `stored` (rows × columns) indexes `levels`, of shape (2^bits,): what each stored value means on the modality's
    scale, turned so that brighter is denser. `padding`, of the same shape, marks the values that are no measurement.
    """

    stored: Stored
    levels: Levels
    padding: NDArray[np.bool_]

    def image(self, levels: Levels | None = None) -> NDArray[np.float32]:
        """The frame as float32 (rows × columns), padding as dark as its darkest pixel.

        Args:
            levels: to look values up in, where other than the modality's.
        """
        table = (self.levels if levels is None else levels).copy()
        if self.padding.any():
            measured = np.bincount(self.stored.ravel(), minlength=table.size).astype(bool) & ~self.padding
            table[self.padding] = table[measured].min(initial=table.max())
        return _looked_up(table.astype(np.float32), self.stored)


def frame_of(dataset: Dataset, *, max_pixels: int, frame: int = 0) -> Frame:
    """Decode one frame of a single-channel image object.

    Args:
        dataset: with its pixels.
        max_pixels: see `refusal`; asked before anything is decoded.
        frame: from 0.

    Raises:
        UnusableError: the object breaks a rule of `refusal`, or its data cannot be decoded.
    """
    reason = refusal(dataset, max_pixels=max_pixels)
    if reason is not None:
        raise UnusableError(reason)
    try:
        raw = pixel_array(dataset, index=frame, raw=True, correct_unused_bits=False)
    except Exception as error:  # a decoder may raise anything on hostile bytes
        raise UnusableError(Exclusion.UNDECODABLE) from error
    bits = int(dataset.BitsStored)
    fits = raw.dtype.kind in "iu" and bits <= raw.dtype.itemsize * 8 <= 16
    if raw.shape != (dataset.Rows, dataset.Columns) or not fits:  # a stream of another size or depth than promised
        raise UnusableError(Exclusion.UNDECODABLE)
    values = _values(bits, signed=bool(dataset.get("PixelRepresentation")))
    levels = _turned(_modality(values, dataset, frame), dataset)
    return Frame(stored=_unpacked(raw, bits, dataset), levels=levels, padding=_padding(values, dataset))


def voi_levels(dataset: Dataset, frame: int = 0) -> Levels:
    """What each stored value becomes through the object's own VOI LUT or window: the table for `Frame.image`.

    The modality's levels where the object states none.
    """
    bits = int(dataset.BitsStored)
    modality = _modality(_values(bits, signed=bool(dataset.get("PixelRepresentation"))), dataset, frame)
    stated = holder(dataset, "WindowCenter", group="FrameVOILUTSequence", frame=frame)
    if dataset.get("VOILUTSequence"):
        seen = apply_voi(modality.round().astype(np.int64), dataset)
    elif stated is not None:
        view = dataset.group_dataset(0x0028)
        view.update(stated.group_dataset(0x0028))
        seen = apply_windowing(modality, view)
    else:
        seen = modality
    return _turned(np.asarray(seen, dtype=np.float64), dataset)


def _looked_up(table: NDArray[np.float32], stored: Stored) -> NDArray[np.float32]:
    """`table[stored]`, a few rows at a time: whole, its 64-bit indices would take twice the memory of the image."""
    image = np.empty(stored.shape, dtype=np.float32)
    for first in range(0, len(stored), _ROWS):
        rows = slice(first, first + _ROWS)
        np.take(table, stored[rows], out=image[rows], mode="clip")
    return image


def _values(bits: int, *, signed: bool) -> NDArray[np.int64]:
    """The number that each pattern of bits stands for, shape (2^bits,)."""
    values = np.arange(1 << bits, dtype=np.int64)
    return np.where(values >> (bits - 1) == 1, values - (1 << bits), values) if signed else values


def _modality(values: NDArray[np.int64], dataset: Dataset, frame: int) -> Levels:
    if dataset.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(values, dataset), dtype=np.float64)
    slope, intercept = rescale_of(dataset, frame) or (1.0, 0.0)
    return np.asarray(values * slope + intercept, dtype=np.float64)


def _turned(levels: Levels, dataset: Dataset) -> Levels:
    """MONOCHROME1 shows low values bright: mirrored within their range, so that the same anatomy looks the same."""
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        return np.asarray(levels.min() + levels.max() - levels, dtype=np.float64)
    return levels


def _unpacked(raw: NDArray[Any], bits: int, dataset: Dataset) -> Stored:
    """The bits stored, without what an old overlay or a careless writer left beside them."""
    width = raw.dtype.itemsize * 8
    plain: Stored = raw.astype(raw.dtype.newbyteorder("="), copy=False).view(np.uint8 if width == 8 else np.uint16)
    if bits == width:
        return plain
    below = max(0, int(dataset.get("HighBit") or 0) + 1 - bits)
    return np.bitwise_and(plain >> below if below else plain, plain.dtype.type((1 << bits) - 1))


def _padding(values: NDArray[np.int64], dataset: Dataset) -> NDArray[np.bool_]:
    """Which values are padding (PS3.3 C.7.5.1.1.2): one, or every one up to the limit of a range, either way round."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return np.zeros(values.shape, dtype=bool)
    last = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((int(first), int(first if last is None else last)))
    return (values >= low) & (values <= high)
