"""The structure of a DICOM data set, walked before any parser sees it: nesting, lengths, where the pixels lie.

Only tags and lengths are read, one element after another and without recursion, so that depth costs nothing and a
length that lies is found by arithmetic. Runs in the jail.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from typing import BinaryIO

from pydicom.datadict import dictionary_VR

from monitor.core.study import Failure

MAX_NESTING = 128
UNDEFINED = 0xFFFFFFFF
PIXEL_DATA, _FLOAT, _DOUBLE = 0x7FE00010, 0x7FE00008, 0x7FE00009
PIXELS = frozenset({PIXEL_DATA, _FLOAT, _DOUBLE})
"""Pixel Data, and its kin of single and double precision."""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""Value representations whose length has 32 bits."""


class BrokenError(Exception):
    """The object cannot be parsed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How the elements of a data set are written."""

    implicit: bool
    little: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """Where the pixel data element lies: its tag and, where it is not encapsulated, how many bytes it has."""

    tag: int
    native_bytes: int | None


@dataclass(kw_only=True, slots=True)
class _Open:
    """A sequence or item that has not ended. `end` is None where a delimiter will say."""

    is_item: bool
    end: int | None
    implicit: bool


@dataclass(kw_only=True, slots=True)
class _Walk:
    stream: BinaryIO
    size: int
    encoding: Encoding
    open: list[_Open] = field(default_factory=list)
    pixels: Pixels | None = None


def walk(stream: BinaryIO, size: int, encoding: Encoding) -> Pixels | None:
    """Check a data set from where `stream` stands to `size`; where its pixel data lies, None where it has none.

    Raises:
        BrokenError: `TRUNCATED` where the data set ends before it should, `UNREADABLE` where it nests deeper than
            `MAX_NESTING` or its lengths contradict each other.
    """
    state = _Walk(stream=stream, size=size, encoding=encoding)
    order = "<" if encoding.little else ">"
    short, long = Struct(f"{order}HHL").unpack, Struct(f"{order}L").unpack
    explicit = Struct(f"{order}HH2sH").unpack
    while True:
        at = stream.tell()
        _close_ended(state, at)
        head = stream.read(8)
        if len(head) < 8:
            if state.open or (head and state.pixels is None):  # a few bytes of padding after the pixels harm nobody
                raise BrokenError(Failure.TRUNCATED)
            return state.pixels
        group, element, vr, length = explicit(head)
        tag, implicit = group << 16 | element, state.open[-1].implicit if state.open else encoding.implicit
        if group == 0xFFFE:
            _delimit(state, tag, short(head)[2])
        elif implicit or not vr.isalpha():
            _enter(state, tag, _known_vr(tag), short(head)[2])
        else:
            _enter(state, tag, vr, _long_length(stream, long) if vr in _LONG else length)


def _long_length(stream: BinaryIO, unpack: Callable[[bytes], tuple[int, ...]]) -> int:
    more = stream.read(4)
    if len(more) < 4:
        raise BrokenError(Failure.TRUNCATED)
    return unpack(more)[0]


def _known_vr(tag: int) -> bytes:
    try:
        return dictionary_VR(tag)[:2].encode()
    except KeyError:  # a private element: opaque to us, and never looked into
        return b"UN"


def _enter(state: _Walk, tag: int, vr: bytes, length: int) -> None:
    """Step over a value, or into a sequence."""
    at = state.stream.tell()
    if not state.open and tag in PIXELS:
        state.pixels = Pixels(tag=tag, native_bytes=None if length == UNDEFINED else length)
        if length == UNDEFINED:
            _step_over_fragments(state)
            return
    if vr == b"SQ" or length == UNDEFINED:
        if sum(not one.is_item for one in state.open) >= MAX_NESTING:
            raise BrokenError(Failure.UNREADABLE)
        implicit = vr == b"UN" or (state.open[-1].implicit if state.open else state.encoding.implicit)
        _push(state, is_item=False, length=length, implicit=implicit)
        return
    if at + length > _limit(state):
        raise BrokenError(Failure.UNREADABLE if at + length <= state.size else Failure.TRUNCATED)
    state.stream.seek(at + length)


def _delimit(state: _Walk, tag: int, length: int) -> None:
    """Begin an item, or end what a delimiter ends."""
    inside = state.open[-1] if state.open else None
    if tag == _ITEM and inside is not None and not inside.is_item:
        _push(state, is_item=True, length=length, implicit=inside.implicit)
    elif inside is not None and inside.end is None and inside.is_item == (tag == _ITEM_END) and tag != _ITEM:
        state.open.pop()
    else:
        raise BrokenError(Failure.UNREADABLE)


def _push(state: _Walk, *, is_item: bool, length: int, implicit: bool) -> None:
    at = state.stream.tell()
    end = None if length == UNDEFINED else at + length
    if end is not None and end > _limit(state):
        raise BrokenError(Failure.UNREADABLE if end <= state.size else Failure.TRUNCATED)
    state.open.append(_Open(is_item=is_item, end=end, implicit=implicit))


def _limit(state: _Walk) -> int:
    """Where the innermost part of known length ends."""
    return next((one.end for one in reversed(state.open) if one.end is not None), state.size)


def _close_ended(state: _Walk, at: int) -> None:
    while state.open and state.open[-1].end == at:
        state.open.pop()


def _step_over_fragments(state: _Walk) -> None:
    """Encapsulated pixel data: items of bytes up to a delimiter, each of them there in full."""
    unpack = Struct("<HHL" if state.encoding.little else ">HHL").unpack
    while len(head := state.stream.read(8)) == 8:
        group, element, length = unpack(head)
        tag = group << 16 | element
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise BrokenError(Failure.UNREADABLE)
        end = state.stream.tell() + length
        if end > state.size:
            break
        state.stream.seek(end)
    raise BrokenError(Failure.TRUNCATED)
