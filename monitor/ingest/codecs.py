"""Decoders of compressed pixel data, as a pydicom plugin over imagecodecs (BSD), which knows every DICOM syntax."""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels import decoders

_DECODE: dict[str, Callable[[bytes], Any]] = {
    uid.JPEGBaseline8Bit: imagecodecs.jpeg_decode,
    uid.JPEGExtended12Bit: imagecodecs.jpeg_decode,
    uid.JPEGLossless: imagecodecs.ljpeg_decode,
    uid.JPEGLosslessSV1: imagecodecs.ljpeg_decode,
    uid.JPEGLSLossless: imagecodecs.jpegls_decode,
    uid.JPEGLSNearLossless: imagecodecs.jpegls_decode,
    uid.JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    uid.JPEG2000: imagecodecs.jpeg2k_decode,
    uid.HTJ2KLossless: imagecodecs.jpeg2k_decode,
    uid.HTJ2KLosslessRPCL: imagecodecs.jpeg2k_decode,
    uid.HTJ2K: imagecodecs.jpeg2k_decode,
}
DECODER_DEPENDENCIES = dict.fromkeys(_DECODE, ("imagecodecs",))
_NAMES = (
    "JPEGBaseline8BitDecoder",
    "JPEGExtended12BitDecoder",
    "JPEGLosslessDecoder",
    "JPEGLosslessSV1Decoder",
    "JPEGLSLosslessDecoder",
    "JPEGLSNearLosslessDecoder",
    "JPEG2000LosslessDecoder",
    "JPEG2000Decoder",
    "HTJ2KLosslessDecoder",
    "HTJ2KLosslessRPCLDecoder",
    "HTJ2KDecoder",
)


def is_available(syntax: str) -> bool:
    """Whether a transfer syntax is decoded here; part of pydicom's plugin contract."""
    return syntax in _DECODE


def decode_frame(source: bytes, runner: Any) -> bytes:
    """One frame's samples, little-endian; part of pydicom's plugin contract."""
    frame = np.ascontiguousarray(_DECODE[runner.transfer_syntax](source))
    runner.set_option("bits_allocated", frame.itemsize * 8)
    return frame.astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()


def install() -> None:
    """Make pydicom decode with imagecodecs and nothing else it may find installed."""
    for name in _NAMES:
        decoder = getattr(decoders, name)
        for label in list(decoder.available_plugins):
            decoder.remove_plugin(label)
        decoder.add_plugin("imagecodecs", (__name__, "decode_frame"))
