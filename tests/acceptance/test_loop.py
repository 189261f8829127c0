"""One real study and one real report travel the whole way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.sidecar import Sidecar, balanced

pytestmark = pytest.mark.acceptance

STUDY_UID = "1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"


def report(control: str, charset: str, status: str, *lines: bytes) -> bytes:
    """An ORU^R01 for the study of RG1, written by hand, its text in the bytes given."""
    head = (
        f"MSH|^~\\&|RIS|HOSPITAL|OVERREAD|OVERREAD|20040827101500-0400||ORU^R01^ORU_R01|{control}|P|2.5.1"
        f"||||||{charset}\r"
        "PID|1||9RG1^^^HOSPITAL^MR||CompressedSamples^RG1\r"
        "ORC|RE|exam Number|exam Number\r"
        "OBR|1|exam Number|exam Number|CHEST^Chest PA||||||||||||||exam Number||||20040827101500-0400||CR|"
        f"{status}\r"
    ).encode("ascii")
    body = b"".join(b"OBX|%d|TX|CHEST^Report||%b||||||F\r" % (n, line) for n, line in enumerate(lines, start=1))
    return head + body + f"ZDS|{STUDY_UID}^RIS^Application^DICOM\r".encode("ascii")


@pytest.mark.usefixtures("dcmtk")
def test_a_real_radiograph_and_its_reports_become_counted_pairs(
    started: Callable[..., Sidecar], radiographs: Path
) -> None:
    """A chest CR, a Latin-1 report and its Japanese correction end in pairs of the corrected label."""
    sidecar = started()
    sent = sidecar.storescu(radiographs / "RG1_UNCR.dcm")
    assert sent.returncode == 0, sent.stderr
    latin = "Vergleich mit Prof. Müller. FINDINGS: There is a large left pleural effusion. No pneumothorax.".encode(
        "latin-1"
    )
    answer = sidecar.mllp(report("MSG1", "8859/1", "F", latin))
    assert b"MSA|AA|MSG1" in answer
    first = sidecar.until(lambda status: status["pairs"]["counted"] == 5)
    assert first["pairs"]["by_match"] == {"study_uid": 5}
    assert _label(sidecar, "pleural_effusion") is True
    japanese = "胸水を認めない。気胸なし。心拡大を認める。".encode("iso2022_jp")
    answer = sidecar.mllp(report("MSG2", "ISO IR87", "C", japanese))
    assert b"MSA|AA|MSG2" in answer
    sidecar.until(lambda status: status["reads"]["corrected"] == 1 and _label(sidecar, "pleural_effusion") is False)
    assert _label(sidecar, "cardiomegaly") is True
    last = sidecar.status()
    assert last["pairs"]["counted"] == 5
    assert last["studies"] == {"received": 1, "scored": 1, "excluded": {}, "failed": {}, "pending": 0}
    assert balanced(last)
    assert sidecar.stop() == 0
    assert "CompressedSamples" not in sidecar.log.read_text()
    assert "exam Number" not in sidecar.log.read_text()


def _label(sidecar: Sidecar, finding: str) -> bool | None:
    """The label in force, from the cube: exactly one pair stands in it."""
    store = sidecar.store()
    (row,) = (row.counts for row in store.counts() if row.finding == finding)
    store.close()
    assert row.n == 1
    return bool(row.tp + row.fn)
