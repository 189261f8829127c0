"""Decoders of compressed pixel data, as a pydicom plugin over imagecodecs (BSD), which knows every DICOM syntax."""

import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels import decoders

THREADS = 2
"""Of JPEG 2000, whose code blocks decode independently; more gain little, and jails share the machine."""
_jpeg2k = partial(imagecodecs.jpeg2k_decode, numthreads=THREADS)
_DECODERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    uid.JPEGBaseline8Bit: ("JPEGBaseline8BitDecoder", imagecodecs.jpeg_decode),
    uid.JPEGExtended12Bit: ("JPEGExtended12BitDecoder", imagecodecs.jpeg_decode),
    uid.JPEGLossless: ("JPEGLosslessDecoder", imagecodecs.ljpeg_decode),
    uid.JPEGLosslessSV1: ("JPEGLosslessSV1Decoder", imagecodecs.ljpeg_decode),
    uid.JPEGLSLossless: ("JPEGLSLosslessDecoder", imagecodecs.jpegls_decode),
    uid.JPEGLSNearLossless: ("JPEGLSNearLosslessDecoder", imagecodecs.jpegls_decode),
    uid.JPEG2000Lossless: ("JPEG2000LosslessDecoder", _jpeg2k),
    uid.JPEG2000: ("JPEG2000Decoder", _jpeg2k),
    uid.HTJ2KLossless: ("HTJ2KLosslessDecoder", imagecodecs.htj2k_decode),
    uid.HTJ2KLosslessRPCL: ("HTJ2KLosslessRPCLDecoder", imagecodecs.htj2k_decode),
    uid.HTJ2K: ("HTJ2KDecoder", imagecodecs.htj2k_decode),
}
DECODER_DEPENDENCIES = dict.fromkeys((*_DECODERS, uid.RLELossless), ("imagecodecs",))


def is_available(syntax: str) -> bool:
    """Whether a transfer syntax is decoded here; part of pydicom's plugin contract."""
    return syntax in DECODER_DEPENDENCIES


def decoded(syntax: str, source: bytes) -> Any:
    """The array in a codestream of one of the syntaxes that JPEG and its kin are."""
    return _DECODERS[syntax][1](source)


def decode_frame(source: bytes, runner: Any) -> bytes:
    """One frame's samples, little-endian; part of pydicom's plugin contract. Colour is refused before it comes here."""
    if runner.transfer_syntax == uid.RLELossless:
        return _unpack_rle(source, runner.bits_allocated // 8)
    frame = np.ascontiguousarray(decoded(runner.transfer_syntax, source))
    runner.set_option("bits_allocated", frame.itemsize * 8)
    return frame.astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()


def _unpack_rle(source: bytes, planes: int) -> bytes:
    """An RLE frame (PS3.5 G): its header is checked here, for the decoder follows offsets out of the frame.

    Raises:
        ValueError: not one segment a byte of a sample, in order and inside the frame.
    """
    count, *offsets = struct.unpack_from("<16L", source)
    ends = [*offsets[1:count], len(source)]
    if count != planes or offsets[0] < 64 or not all(a < b for a, b in zip(offsets[:count], ends, strict=True)):
        message = "RLE: segments are not as its header says"
        raise ValueError(message)
    return bytes(imagecodecs.dicomrle_decode(source, f"<u{planes}"))


def install() -> None:
    """Make pydicom decode with imagecodecs and nothing else it may find installed."""
    for name in (*(name for name, _ in _DECODERS.values()), "RLELosslessDecoder"):
        decoder = getattr(decoders, name)
        for label in list(decoder.available_plugins):
            decoder.remove_plugin(label)
        decoder.add_plugin("imagecodecs", (__name__, "decode_frame"))
