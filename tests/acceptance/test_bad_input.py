"""What arrives broken is refused or counted, and harms nothing that came before."""

import socket
from collections.abc import Callable
from pathlib import Path

import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, _config

from tests.acceptance.sidecar import Sidecar, balanced
from tests.acceptance.test_loop import report

pytestmark = pytest.mark.acceptance


@pytest.mark.filterwarnings("ignore")  # pydicom's own test files are meant to be odd
def test_every_one_of_pydicoms_files_is_accounted_for(
    started: Callable[..., Sidecar], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file that can be put on the wire is acknowledged and ends scored, excluded or failed; the process lives."""
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)  # the file's own bytes, however odd
    sidecar = started()
    names = [Path(name) for name in pydicom.data.get_testdata_files() if Path(name).is_file()]
    sent = sum(_send(sidecar, name) for name in names)
    assert sent > 100
    status = sidecar.until(lambda found: found["studies"]["pending"] == 0 and found["studies"]["received"] > 0)
    assert balanced(status)
    assert sidecar.process is not None
    assert sidecar.process.poll() is None
    known = sidecar.store()
    assert status["studies"]["received"] == len(known.recent_studies(10_000))
    known.close()
    assert list((sidecar.folder / "data" / "spool" / "incoming").iterdir()) == []
    assert sidecar.stop() == 0


def _send(sidecar: Sidecar, path: Path) -> int:
    """Send one file's bytes as they are; 1 where it was acknowledged, 0 where it is no DICOM file to send."""
    try:
        dataset = dcmread(path)
        context = (dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.TransferSyntaxUID)
    except (InvalidDicomError, AttributeError, ValueError, NotImplementedError, EOFError, TypeError):
        return 0
    if not (all(context) and dataset.file_meta.get("MediaStorageSOPInstanceUID")):
        return 0
    entity = AE()
    entity.add_requested_context(*context)
    association = entity.associate("127.0.0.1", sidecar.ports["DICOM"], ae_title="OVERREAD")
    if not association.is_established:
        return 0  # refused with its reason: a DICOMDIR is of no storage class
    try:
        try:
            answer = association.send_c_store(path)
        except (AttributeError, ValueError, TypeError, InvalidDicomError):
            return 0
        assert answer.Status == 0x0000, path
        return 1
    finally:
        association.release()


@pytest.mark.usefixtures("dcmtk")
def test_an_unknown_title_is_refused_and_the_listener_stays_up(
    started: Callable[..., Sidecar], radiographs: Path
) -> None:
    """A wrong called or calling title is rejected; the right ones are served afterwards."""
    sidecar = started(DICOM__CALLING_AES="STORESCU,PACS")
    assert sidecar.storescu(radiographs / "RG1_UNCR.dcm", called="ELSEWHERE").returncode != 0
    stranger = AE(ae_title="STRANGER")
    stranger.add_requested_context("1.2.840.10008.1.1")
    assert stranger.associate("127.0.0.1", sidecar.ports["DICOM"], ae_title="OVERREAD").is_rejected
    assert sidecar.storescu(radiographs / "RG1_UNCR.dcm").returncode == 0
    assert sidecar.until(lambda status: status["studies"]["scored"] == 1)["studies"]["received"] == 1


def test_garbage_and_unknown_statuses_are_counted_and_hurt_nothing(started: Callable[..., Sidecar]) -> None:
    """Noise on the HL7 port, a message that is none and an unknown status: quarantined; a good one after is taken."""
    sidecar = started()
    assert b"MSA|AA|GOOD1" in sidecar.mllp(report("GOOD1", "8859/1", "F", b"No pleural effusion."))
    with socket.create_connection(("127.0.0.1", sidecar.ports["MLLP"]), timeout=30) as connection:
        connection.sendall(bytes(range(256)) * 50)
    assert b"MSA|AE" in sidecar.mllp(b"this is no HL7 message")
    assert b"MSA|AE|ODD1" in sidecar.mllp(report("ODD1", "8859/1", "Q", b"No pleural effusion."))
    with socket.create_connection(("127.0.0.1", sidecar.ports["DICOM"]), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n")
    assert b"MSA|AA|GOOD2" in sidecar.mllp(report("GOOD2", "8859/1", "F", b"No pleural effusion."))
    reads = sidecar.status()["reads"]
    assert reads["final"] == 2
    assert reads["quarantined"] >= 2
    assert reads["received"] == reads["final"] + reads["quarantined"]


def test_a_truncated_object_is_failed_with_its_reason(started: Callable[..., Sidecar], radiographs: Path) -> None:
    """An object whose pixels are cut off is acknowledged, kept count of as truncated, and never scored."""
    sidecar = started()
    whole = (radiographs / "RG1_UNCR.dcm").read_bytes()
    cut = sidecar.folder / "cut.dcm"
    cut.write_bytes(whole[: len(whole) // 2])
    assert _send(sidecar, cut) == 1
    status = sidecar.until(lambda found: found["studies"]["pending"] == 0 and found["studies"]["received"] == 1)
    assert status["studies"]["failed"] == {"truncated": 1}


def test_a_package_with_a_wrong_digest_is_refused_at_start(tmp_path: Path) -> None:
    """The sidecar does not start with a changed weights file, and names the file and both digests."""
    import shutil  # noqa: PLC0415  # only here

    import models  # noqa: PLC0415  # only here

    packages = tmp_path / "models"
    shutil.copytree(Path(models.__file__).parent / "chest-phantom", packages / "chest-phantom")
    (weights,) = packages.rglob("weights.safetensors")
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    sidecar = Sidecar(tmp_path, MODELS__DIR=str(packages))
    answer = sidecar.run("serve")
    assert answer.returncode == 1
    assert "weights.safetensors" in answer.stderr
    assert len({word.strip(".,;") for word in answer.stderr.split() if len(word.strip(".,;")) == 64}) == 2
