"""A file's structure is told from its tags and lengths, at any depth and however they lie."""

import io
import struct
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from monitor.core.study import Failure
from monitor.ingest.opened import open_bounded
from monitor.ingest.structure import MAX_NESTING, BrokenError, Encoding, Pixels, walk
from tests.monitor.ingest.conftest import public_files

EXPLICIT = Encoding(implicit=False, little=True)
OPEN_SEQUENCE = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
    "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
)
END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
LABEL = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2) + b"CT"


def walked(content: bytes, encoding: Encoding = EXPLICIT) -> Pixels | Failure | None:
    """What walking these bytes comes to."""
    try:
        return walk(io.BytesIO(content), len(content), encoding)
    except BrokenError as error:
        return error.failure


def nested(depth: int) -> bytes:
    """Sequences of undefined length, one in another."""
    return OPEN_SEQUENCE * depth + LABEL + END * depth


def closed(depth: int) -> bytes:
    """The same with lengths stated."""
    content = LABEL
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
        content = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, len(item)) + item
    return content


@pytest.mark.parametrize("form", [nested, closed])
def test_nesting_is_bounded(form: type) -> None:
    """128 sequences in one another are walked, one more is refused, and ten thousand as quickly."""
    assert walked(form(MAX_NESTING)) is None
    assert walked(form(MAX_NESTING + 1)) is Failure.UNREADABLE
    assert walked(form(10_000)) is Failure.UNREADABLE


def test_an_inner_length_may_not_reach_beyond_the_outer() -> None:
    """An element that ends after the item it lies in contradicts it; one that ends after the file was cut."""
    inside = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 200) + b"CT"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inside)) + inside
    sequence = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, len(item)) + item
    assert walked(sequence + b"\0" * 1000) is Failure.UNREADABLE
    assert walked(sequence) is Failure.TRUNCATED


def test_fragments_must_be_there() -> None:
    """Encapsulated pixels end with their delimiter; a fragment longer than the file, or none at the end, was cut."""
    head = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    fragment = struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"\xff\xd8\xff\xd9"
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    assert walked(head + fragment + end) == Pixels(tag=0x7FE00010, native_bytes=None)
    assert walked(head + fragment) is Failure.TRUNCATED
    assert walked(head + struct.pack("<HHI", 0xFFFE, 0xE000, 1 << 31) + b"\0" * 9) is Failure.TRUNCATED
    assert walked(head + LABEL) is Failure.UNREADABLE


@given(st.binary(max_size=400), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_bytes_come_to_an_end(content: bytes, implicit: bool, little: bool) -> None:  # noqa: FBT001  # drawn
    """Noise is walked to its end or refused, and never raises anything else."""
    walked(content, Encoding(implicit=implicit, little=little))


def test_what_pydicom_reads_is_walked_and_read_alike() -> None:
    """Of pydicom's own files, the sound ones hold the same elements opened by us; only its cut ones are refused."""
    refused = set()
    for path in public_files():
        theirs = _read_by_pydicom(path)
        if theirs is None:
            continue
        try:
            with warnings.catch_warnings(action="ignore"), open_bounded(path, most_inflated=1 << 26) as opened:
                assert set(opened.everything().keys()) == set(theirs.keys()), path.name
        except BrokenError:
            refused.add(path.name)
    assert refused == {"MR_truncated.dcm", "rtplan_truncated.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm"}


def _read_by_pydicom(path: Path) -> Dataset | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            return dcmread(path)
    except Exception:  # noqa: BLE001  # their files of broken headers raise this and that
        return None
