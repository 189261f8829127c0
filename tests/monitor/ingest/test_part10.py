"""The first bytes of a file tell what it is, as pydicom would, and whatever they are."""

from pathlib import Path

import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from monitor.ingest.heading import StudyReader
from monitor.ingest.jail import Jails
from monitor.ingest.part10 import HEAD_BYTES, file_meta, is_part10, is_uid
from tests.monitor.ingest.files import STUDY, dicom_file


@pytest.mark.filterwarnings("ignore")  # pydicom's own test files are meant to be odd
def test_the_head_says_what_pydicom_reads() -> None:
    """Of every test file that pydicom reads, class, instance and transfer syntax are the same from its first page."""
    agreed = 0
    for name in pydicom.data.get_testdata_files():
        raw = Path(name).read_bytes() if Path(name).is_file() else b""
        if is_part10(raw):
            read = dcmread(name, stop_before_pixels=True, specific_tags=[0x00080018]).file_meta
            said = file_meta(raw[:HEAD_BYTES])
            wanted = ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID")
            assert (said.sop_class, said.sop_instance, said.transfer_syntax) == tuple(
                str(read.get(tag, "")) for tag in wanted
            )
            agreed += 1
    assert agreed > 100


@given(st.binary(max_size=300), st.integers(0, 400))
@settings(max_examples=100, deadline=None)
def test_no_head_is_too_odd(noise: bytes, cut: int) -> None:
    """Noise after the magic, or a file cut anywhere, gives what is there and raises nothing."""
    file_meta(bytes(128) + b"DICM" + noise)
    said = file_meta(dicom_file()[: 132 + cut])
    assert said.sop_class in {"", "1.2.840.10008.5.1.4.1.1.1.1"}
    assert said.sop_instance in {"", f"{STUDY}.0.1"}


@pytest.mark.parametrize("uid", ["1.2.3", "0", "2.25." + "1" * 59])
def test_a_uid_is_digits_and_dots(uid: str) -> None:
    """What PS3.5 allows may stand in an address."""
    assert is_uid(uid)


@pytest.mark.parametrize(
    "uid", ["", ".", "1.", ".1", "1..2", "../../x", "1.2/3", "1.2\0", "1.a", "1" * 65, "١.٢", "1 2"]
)
def test_nothing_else_is_a_uid(uid: str) -> None:
    """An empty component, another character or a 65th one makes it none: nothing but a UID enters an address."""
    assert not is_uid(uid)


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_a_study_is_read_in_a_jail(jails: Jails, syntax: str) -> None:
    """The Study Instance UID is found in every uncompressed and deflated syntax, from the first bytes alone."""
    assert StudyReader(lambda: jails)(dicom_file(syntax=syntax, pixels=512)) == STUDY


def test_a_hostile_heading_is_no_study(jails: Jails) -> None:
    """A deflate bomb, a deep nest, lying lengths and noise give no study, and the jail answers afterwards."""
    read = StudyReader(lambda: jails)
    whole = dicom_file(syntax=DeflatedExplicitVRLittleEndian, pixels=4096)
    start = file_meta(whole[:HEAD_BYTES]).end
    nest = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 5000
    assert read(whole) == STUDY
    for body in (nest, b"\x08\x00\x16\x00UI\xff\xff" + b"1.2", bytes(1000), b"\xff" * 1000):
        assert read(dicom_file()[: file_meta(dicom_file()).end] + body) is None
    assert read(whole[:start] + bytes(100)) is None
    assert read(dicom_file()) == STUDY
