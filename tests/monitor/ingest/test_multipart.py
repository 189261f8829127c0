"""Multipart bodies come apart as they were put together, however they are cut, and within bounds."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ingest.multipart import (
    BrokenOffError,
    MultipartError,
    PartTooLargeError,
    boundary_of,
    parts,
)
from tests.monitor.ingest.files import multipart

BOUNDARY = "cut"
tricky = st.lists(
    st.sampled_from([b"\r\n", b"--", b"cut", b"\r\n--cu", b"\r\n--cutt", b"\r", b"--cut", b"\0", b"x"]), max_size=12
).map(b"".join)
contents = st.lists(tricky | st.binary(max_size=300), min_size=1, max_size=6).filter(
    lambda found: not any(b"\r\n--cut" in b"\r\n" + content for content in found)
)


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    """The body in pieces of this size."""
    return (body[start : start + size] for start in range(0, len(body), size))


@given(contents, st.integers(1, 400))
@settings(max_examples=150, deadline=None)
def test_what_was_put_together_comes_apart(found: list[bytes], size: int) -> None:
    """Any contents without the boundary in them, cut anywhere, come back in order and whole."""
    body = multipart(found)
    assert [part.content for part in parts(chunked(body, size), BOUNDARY, max_bytes=2000, max_parts=9)] == found


@given(contents, st.integers(1, 60), st.data())
@settings(max_examples=100, deadline=None)
def test_a_cut_body_gives_whole_parts_and_an_error(found: list[bytes], size: int, data: st.DataObject) -> None:
    """A body that stops before its closing boundary gives only parts that were whole, then says that it broke off."""
    body = multipart(found)
    cut = body[: data.draw(st.integers(0, len(body) - 5))]
    seen: list[bytes] = []
    with pytest.raises(BrokenOffError):
        seen.extend(part.content for part in parts(chunked(cut, size), BOUNDARY, max_bytes=2000, max_parts=9))
    assert seen == found[: len(seen)]


@given(st.binary(max_size=500), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_noise_is_an_error_of_ours(body: bytes, size: int) -> None:
    """Bytes that are no multipart message end in our error or in no part at all, never in another exception."""
    try:
        found = list(parts(chunked(body, size), BOUNDARY, max_bytes=2000, max_parts=9))
    except MultipartError:
        found = []
    assert found == []


def test_a_part_is_refused_before_it_is_gathered() -> None:
    """Of an endless part no more than its bound is read, and what came whole before it is given."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield multipart([b"small"])[: -len("--cut--\r\n")] + b"--cut\r\n\r\n"
        while True:
            read += 1000
            yield bytes(1000)

    coming = parts(endless(), BOUNDARY, max_bytes=10_000, max_parts=9)
    assert next(coming).content == b"small"
    with pytest.raises(PartTooLargeError, match="10000 bytes"):
        next(coming)
    assert read <= 11_000


def test_parts_and_headers_are_counted() -> None:
    """More parts than allowed are refused; so is a part with endless headers or an endless one."""
    with pytest.raises(PartTooLargeError, match="more than 3 parts"):
        list(parts([multipart([b"x"] * 4)], BOUNDARY, max_bytes=10, max_parts=3))
    for header in (b"A: b\r\n" * 100, b"A: " + b"b" * 100_000):
        with pytest.raises(MultipartError):
            list(parts([b"--cut\r\n" + header + b"\r\n\r\nx\r\n--cut--"], BOUNDARY, max_bytes=10, max_parts=3))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=cut', "cut"),
        ('Multipart/Related; boundary="a b;c"; type=Application/DICOM', "a b;c"),
        ("multipart/related;boundary=x", "x"),
    ],
)
def test_a_boundary_is_found(content_type: str, boundary: str) -> None:
    """The Content-Type gives the boundary, quoted or not, in any case and order."""
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/dicom",
        "multipart/related; type=application/dicom",
        'multipart/related; type="application/dicom+json"; boundary=x',
        "multipart/form-data; boundary=x",
        "multipart/related; boundary=\u20ac",
    ],
)
def test_another_type_is_none_of_ours(content_type: str) -> None:
    """Any other type, or none, or one without a boundary, is an error that says what is accepted."""
    with pytest.raises(MultipartError, match=r"accepted: multipart/related|no boundary"):
        boundary_of(content_type)
