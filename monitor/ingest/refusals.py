"""Why an object is for no model at all, by its header alone. Runs in the jail, before anything is decoded."""

from collections.abc import Callable

import numpy as np
from pydicom import Dataset

from monitor.core.study import Exclusion
from monitor.ingest.groups import of_frame

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MEASURED = frozenset({"CT", "PT"})
"""Modalities whose stored values mean nothing without their rescale; a radiograph is on a scale of its own."""
_ASKEW = 0.01
"""How far a dot product of two axes may be from that of perpendicular unit vectors: headers round."""


def refusal(header: Dataset, *, max_pixels: int) -> Exclusion | None:
    """The first rule an object breaks, in the order of the exclusions; None where its pixels may be decoded.

    Args:
        header: the data set without its pixels.
        max_pixels: rows × columns × frames × samples, counted in pixels of 16 bits, beyond which nothing is decoded.
    """
    return next((reason for reason, broken in _RULES if broken(header)), None) or _over_budget(header, max_pixels)


def frames_of(header: Dataset) -> int:
    """How many frames an object says it has: at least 1."""
    return max(1, _count(header, "NumberOfFrames"))


def rescale_of(header: Dataset, frame: int = 0) -> tuple[float, float] | None:
    """Slope and intercept of a frame; None where either is missing, not a number, or the slope 0."""
    stated = [
        of_frame(header, keyword, group="PixelValueTransformationSequence", frame=frame)
        for keyword in ("RescaleSlope", "RescaleIntercept")
    ]
    if None in stated:
        return None
    slope, intercept = map(float, stated)
    return (slope, intercept) if slope != 0 and np.isfinite([slope, intercept]).all() else None


def _count(header: Dataset, keyword: str) -> int:
    return int(header.get(keyword) or 0)


def _is_no_image(header: Dataset) -> bool:
    return _count(header, "Rows") < 1 or _count(header, "Columns") < 1


def _is_secondary_capture(header: Dataset) -> bool:
    return str(header.get("SOPClassUID", "")).startswith(SECONDARY_CAPTURE) or bool(header.get("ConversionType"))


def _is_burned_in(header: Dataset) -> bool:
    return str(header.get("BurnedInAnnotation", "")).upper() == "YES"


def _lacks_rescale(header: Dataset) -> bool:
    """Whether a modality that needs it states no usable rescale, or any states one that is none."""
    if header.get("ModalityLUTSequence") or rescale_of(header) is not None:
        return False
    return header.get("Modality") in _MEASURED or header.get("RescaleSlope") is not None


def _has_no_grey_plane(header: Dataset) -> bool:
    grey = str(header.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    return _count(header, "SamplesPerPixel") != 1 or not grey or _is_misplaced(header)


def _is_misplaced(header: Dataset) -> bool:
    """Whether a plane that is placed in the patient lies askew: axes that are none, or spacing that is not positive."""
    stated = of_frame(header, "ImageOrientationPatient", group="PlaneOrientationSequence")
    if stated is None:
        return False
    axes = np.array(stated, dtype=np.float64)
    spacing = of_frame(header, "PixelSpacing", group="PixelMeasuresSequence")
    sides = np.array([1.0, 1.0] if spacing is None else spacing, dtype=np.float64)
    if axes.shape != (6,) or sides.shape != (2,) or not (sides > 0).all():
        return True
    return not np.allclose(axes.reshape(2, 3) @ axes.reshape(2, 3).T, np.eye(2), atol=_ASKEW)


def _has_strange_bits(header: Dataset) -> bool:
    allocated, stored = _count(header, "BitsAllocated"), _count(header, "BitsStored")
    high = header.get("HighBit")
    top = stored if high is None else int(high) + 1
    return allocated not in {1, 8, 16} or not 1 <= stored <= top <= allocated


def _over_budget(header: Dataset, max_pixels: int) -> Exclusion | None:
    sides = (_count(header, "Rows"), _count(header, "Columns"), _count(header, "SamplesPerPixel"))
    pixels = sides[0] * sides[1] * sides[2] * frames_of(header)
    return Exclusion.TOO_LARGE if pixels * _count(header, "BitsAllocated") > max_pixels * 16 else None


_RULES: tuple[tuple[Exclusion, Callable[[Dataset], bool]], ...] = (
    (Exclusion.UNSUPPORTED_SOP_CLASS, _is_no_image),
    (Exclusion.SECONDARY_CAPTURE, _is_secondary_capture),
    (Exclusion.BURNED_IN_ANNOTATION, _is_burned_in),
    (Exclusion.MISSING_RESCALE, _lacks_rescale),
    (Exclusion.INVALID_GEOMETRY, _has_no_grey_plane),
    (Exclusion.UNDECODABLE, _has_strange_bits),
)
