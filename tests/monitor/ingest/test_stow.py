"""STOW-RS lists as stored what is durable, and nothing else."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.errors import SpoolError
from monitor.ingest.heading import StudyReader
from monitor.ingest.jail import Jails
from monitor.ingest.spool import DiskSpool
from monitor.ingest.stow import Answer, StowIntake
from tests.monitor.ingest.files import STUDY, dicom_file, multipart
from tests.monitor.ingest.test_folder import Noon

TYPE = 'multipart/related; type="application/dicom"; boundary=cut'
MOST = 100_000
STORED, FAILED, NAMELESS = "00081199", "00081198", "0008119A"


@pytest.fixture
def intake(spool: DiskSpool, jails: Jails) -> StowIntake:
    """An intake over the empty spool."""
    return StowIntake(spool, Noon(), StudyReader(lambda: jails), max_bytes=MOST)


def instances(answer: Answer, sequence: str) -> list[str]:
    """The SOP Instance UIDs that a sequence of the answer names."""
    items: list[dict[str, Any]] = answer.body.get(sequence, {"Value": []})["Value"]
    return [item["00081155"]["Value"][0] for item in items]


def reasons(answer: Answer, sequence: str) -> list[int]:
    """The failure reasons in a sequence of the answer."""
    return [item["00081197"]["Value"][0] for item in answer.body[sequence]["Value"]]


def durable(spool: DiskSpool) -> Counter[str]:
    """What lies in the spool, by digest."""
    return Counter(arrival.digest for arrival in spool.arrivals(1000))


def digests(*contents: bytes) -> Counter[str]:
    """The digests of these."""
    return Counter(hashlib.sha256(content).hexdigest() for content in contents)


def test_all_stored_is_200(intake: StowIntake, spool: DiskSpool) -> None:
    """Each instance is in the spool, byte for byte, and is referenced by class and instance."""
    files = [dicom_file(1), dicom_file(2)]
    answer = intake.take(TYPE, None, [multipart(files)])
    assert answer.status == HTTPStatus.OK
    assert instances(answer, STORED) == [f"{STUDY}.0.1", f"{STUDY}.0.2"]
    assert set(answer.body) == {"00081190", STORED}
    assert durable(spool) == digests(*files)


def test_a_preamble_is_zeroed(intake: StowIntake, spool: DiskSpool) -> None:
    """A file that is a program too comes in as the image alone."""
    intake.take(TYPE, None, [multipart([b"MZ" + bytes(range(126)) + dicom_file()[128:]])])
    assert durable(spool) == digests(dicom_file())


def test_some_stored_is_202(intake: StowIntake, spool: DiskSpool) -> None:
    """A part that is no DICOM file is listed among the nameless failures, and the rest is stored."""
    answer = intake.take(TYPE, None, [multipart([dicom_file(1), b"no image", dicom_file(2)])])
    assert answer.status == HTTPStatus.ACCEPTED
    assert instances(answer, STORED) == [f"{STUDY}.0.1", f"{STUDY}.0.2"]
    assert reasons(answer, NAMELESS) == [0xC000]
    assert durable(spool) == digests(dicom_file(1), dicom_file(2))


def test_another_study_is_409(intake: StowIntake, spool: DiskSpool) -> None:
    """Under the address of one study, an instance of another is refused; one of its own is taken."""
    assert intake.take(TYPE, STUDY, [multipart([dicom_file(1)])]).status == HTTPStatus.OK
    answer = intake.take(TYPE, STUDY, [multipart([dicom_file(2, study="1.2.3")])])
    assert answer.status == HTTPStatus.CONFLICT
    assert (instances(answer, FAILED), reasons(answer, FAILED)) == (["1.2.3.0.2"], [0xA900])
    assert durable(spool) == digests(dicom_file(1))


def test_a_full_disk_is_507(intake: StowIntake, spool: DiskSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the spool refuses is answered per instance as out of resources, and never listed as stored."""

    def full(*_: object, **__: object) -> str:
        raise SpoolError

    monkeypatch.setattr(spool, "write", full)
    answer = intake.take(TYPE, None, [multipart([dicom_file(1), dicom_file(2)])])
    assert answer.status == HTTPStatus.INSUFFICIENT_STORAGE
    assert reasons(answer, FAILED) == [0xA700, 0xA700]
    assert STORED not in answer.body


def test_a_large_part_is_413_and_the_rest_unread(intake: StowIntake, spool: DiskSpool) -> None:
    """A part over the bound ends the request; what was stored before it is listed and stays."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield multipart([dicom_file(1)]).replace(b"--cut--", b"--cut") + b"\r\n"
        while True:
            read += 4096
            yield bytes(4096)

    answer = intake.take(TYPE, None, endless())
    assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert str(MOST) in answer.fault
    assert instances(answer, STORED) == [f"{STUDY}.0.1"]
    assert durable(spool) == digests(dicom_file(1))
    assert read < 2 * MOST


@pytest.mark.parametrize(
    ("content_type", "study", "body", "status"),
    [
        ("application/json", None, b"{}", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("", None, b"", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (TYPE, "../../x", multipart([dicom_file()]), HTTPStatus.BAD_REQUEST),
        (TYPE, None, b"noise", HTTPStatus.BAD_REQUEST),
        (TYPE, None, multipart([]), HTTPStatus.BAD_REQUEST),
        (TYPE, None, multipart([dicom_file()], kind="image/jpeg"), HTTPStatus.CONFLICT),
        (TYPE, None, multipart([dicom_file()[:132]]), HTTPStatus.CONFLICT),
    ],
)
def test_what_is_no_store_request_stores_nothing(
    intake: StowIntake, spool: DiskSpool, content_type: str, study: str | None, body: bytes, status: HTTPStatus
) -> None:
    """Another media type, an address that is no UID, noise or an empty body have their own status, and no effect."""
    answer = intake.take(content_type, study, [body])
    assert answer.status == status
    assert answer.fault.isascii()  # it travels in a header
    assert '"' not in answer.fault
    assert spool.waiting() == 0


@given(cut=st.integers(0, 6000), size=st.integers(1, 5000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_request_acknowledges_what_is_durable(intake: StowIntake, spool: DiskSpool, cut: int, size: int) -> None:
    """A body cut anywhere lists exactly what now lies in the spool."""
    files = [dicom_file(number, pixels=16) for number in range(3)]
    body = multipart(files)[:cut]
    answer = intake.take(TYPE, None, [body[start : start + size] for start in range(0, len(body), size)])
    listed = instances(answer, STORED)
    assert durable(spool) == digests(*files[: len(listed)])
    assert (answer.status == HTTPStatus.OK) == (cut >= len(multipart(files)) - 2)
    for arrival in spool.arrivals(10):
        spool.hold(arrival)


def test_an_answer_shows_no_identity_in_a_log(intake: StowIntake) -> None:
    """The answer's own text, as a log or a traceback would show it, holds none of the UIDs it carries."""
    assert STUDY not in repr(intake.take(TYPE, None, [multipart([dicom_file()])]))
