"""`multipart/related` bodies as DICOMweb carries them, part by part and bounded, however the bytes are cut."""

import io
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from monitor.core.errors import OverreadError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # it has no other life

DICOM = "application/dicom"
_MAX_HEADERS = 16
_NAME_BYTES = 256

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # its warnings quote the bytes it stumbled over


class MultipartError(OverreadError):
    """The body is not the multipart/related message its Content-Type announces."""


class BrokenOffError(MultipartError):
    """The body ends before its closing boundary."""


class PartTooLargeError(OverreadError):
    """A part is larger than dicom.max_object_bytes, or there are more parts than one message may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One whole part: its media type in lower case, without parameters, and its bytes."""

    media_type: str
    content: bytes = field(repr=False)


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type of multipart/related with parts of application/dicom names.

    Raises:
        MultipartError: it is of another type, or names no boundary.
    """
    try:
        kind, options = parse_options_header(content_type)
    except UnicodeError:
        kind, options = b"", {}
    if kind != b"multipart/related" or options.get(b"type", DICOM.encode()).lower() != DICOM.encode():
        message = f"the Content-Type is another one; accepted: multipart/related; type={DICOM}; boundary=..."
        raise MultipartError(message)
    boundary = options.get(b"boundary", b"").decode("latin-1")
    if not boundary:
        message = "the Content-Type names no boundary"
        raise MultipartError(message)
    return boundary


def parts(chunks: Iterable[bytes], boundary: str, *, max_bytes: int, max_parts: int) -> Iterator[Part]:
    """The parts of a message in order, each as soon as it is whole; at most one is held in memory.

    Args:
        chunks: the body, cut anywhere.
        boundary: what `boundary_of` found.
        max_bytes: how large one part may be; refused before more than this is gathered.
        max_parts: how many parts there may be.

    Raises:
        MultipartError: it is no such message; `BrokenOffError` where its end is missing.
        PartTooLargeError: a bound was exceeded. What was yielded before is good.
    """
    gathering = _Gathering(max_bytes, max_parts)
    try:
        parser = MultipartParser(boundary, gathering.callbacks(), max_header_count=_MAX_HEADERS)
        for chunk in chunks:
            parser.write(chunk)
            yield from gathering.take()
    except FormParserError:
        message = "the body is not cut as its boundary says"
        raise MultipartError(message) from None
    if not gathering.ended:
        raise BrokenOffError


class _Gathering:
    """What the parser's callbacks have put together so far."""

    def __init__(self, max_bytes: int, max_parts: int) -> None:
        self._max_bytes, self._max_parts = max_bytes, max_parts
        self._whole: list[Part] = []
        self._count = 0
        self._body = io.BytesIO()
        self._name = self._value = b""
        self._media_type = ""
        self.ended = False

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._begin_header,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._close,
        }

    def take(self) -> list[Part]:
        """The parts that became whole since the last time."""
        whole, self._whole = self._whole, []
        return whole

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._max_parts:
            message = f"more than {self._max_parts} parts"
            raise PartTooLargeError(message)
        self._body, self._media_type = io.BytesIO(), ""

    def _begin_header(self) -> None:
        self._name = self._value = b""

    def _add_name(self, chunk: bytes, start: int, end: int) -> None:
        self._name += chunk[start:end]

    def _add_value(self, chunk: bytes, start: int, end: int) -> None:
        self._value += chunk[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-type":
            kind, _ = parse_options_header(self._value[:_NAME_BYTES])
            self._media_type = kind.decode("latin-1")

    def _add_data(self, chunk: bytes, start: int, end: int) -> None:
        if self._body.tell() + end - start > self._max_bytes:
            message = f"a part is larger than {self._max_bytes} bytes"
            raise PartTooLargeError(message)
        self._body.write(memoryview(chunk)[start:end])

    def _end(self) -> None:
        self._whole.append(Part(media_type=self._media_type, content=self._body.getvalue()))
        self._body = io.BytesIO()

    def _close(self) -> None:
        self.ended = True
