"""A DICOM file opened within bounds: inflated no further than allowed, its structure sound. Runs in the jail."""

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from monitor.core.study import Failure
from monitor.ingest.structure import PIXELS, BrokenError, Encoding, Pixels, walk

PREAMBLE_BYTES = 128
_PIECE = 64 << 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A file whose lengths add up.

    `whole` is False where inflation was stopped at its bound: what lies beyond is unknown, and the object too large.
    """

    meta: FileMetaDataset
    stream: BinaryIO
    begins: int
    encoding: Encoding
    pixels: Pixels | None
    whole: bool

    def header(self) -> Dataset:
        """The data set up to its pixels, which are not loaded."""
        return self._read(until_pixels=True)

    def everything(self) -> Dataset:
        """The data set with its pixels."""
        return self._read(until_pixels=False)

    def _read(self, *, until_pixels: bool) -> Dataset:
        self.stream.seek(self.begins)
        stop = _at_pixels if until_pixels else None
        dataset = read_dataset(self.stream, self.encoding.implicit, self.encoding.little, stop_when=stop)
        dataset.file_meta = self.meta
        return dataset


@contextmanager
def open_bounded(path: Path, *, most_inflated: int) -> Iterator[Opened]:
    """Open a file and check its structure.

    Args:
        path: a DICOM file with its preamble, whatever that holds: it is skipped.
        most_inflated: bytes at which inflation of a deflated data set is stopped.

    Raises:
        BrokenError: it is no DICOM file, or its structure is not sound.
    """
    with path.open("rb") as file:
        yield _opened(file, most_inflated)


def _opened(file: BinaryIO, most_inflated: int) -> Opened:
    file.seek(PREAMBLE_BYTES)
    if file.read(4) != b"DICM":
        raise BrokenError(Failure.UNREADABLE)
    meta = FileMetaDataset(read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_meta))
    syntax = UID(str(meta.get("TransferSyntaxUID") or ""))
    deflated = syntax == DeflatedExplicitVRLittleEndian
    stream, whole = _inflated(file, most_inflated) if deflated else (file, True)
    begins, size = stream.tell(), stream.seek(0, os.SEEK_END)
    stream.seek(begins)
    encoding = _encoding(stream, syntax)
    pixels = walk(stream, size, encoding) if whole else None
    return Opened(meta=meta, stream=stream, begins=begins, encoding=encoding, pixels=pixels, whole=whole)


def _encoding(stream: BinaryIO, syntax: UID) -> Encoding:
    """As the transfer syntax says; where none is stated, or explicit is stated falsely, as the first element looks."""
    begins = stream.tell()
    first = stream.read(6)
    stream.seek(begins)
    implicit = syntax == ImplicitVRLittleEndian or not first[4:6].isalpha()
    little = not syntax or syntax.is_private or syntax.is_little_endian
    return Encoding(implicit=implicit, little=little)


def _inflated(stream: BinaryIO, most: int) -> tuple[BinaryIO, bool]:
    """The inflated rest of a stream, and whether that is all of it."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = bytearray()
    waiting = stream.read(_PIECE)
    while waiting and len(plain) < most:
        plain += inflater.decompress(waiting, min(1 << 20, most - len(plain)))
        waiting = inflater.unconsumed_tail or stream.read(_PIECE)
    if len(plain) < most and not inflater.eof:
        raise BrokenError(Failure.TRUNCATED)
    return io.BytesIO(plain), len(plain) < most


def _after_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) in PIXELS
