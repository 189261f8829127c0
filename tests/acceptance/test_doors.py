"""The other doors, with a real Orthanc beside the real sidecar: nothing is lost, doubled, altered or named."""

import hashlib
import json
import random
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sidecar import Sidecar, free_port
from tests.monitor.ingest.files import CANARIES, STUDY, dicom_file
from tests.orthanc import Orthanc, why_absent

pytestmark = pytest.mark.acceptance
RECIPE = Path(__file__).parents[2] / "docs/doors.md"
KEPT_AS = ("RG3_J2KI", "JPEG-LL", "OBXXXX1A_rle", "gdcm-US-ALOKA-16_big", "emri_small_jpeg_ls_lossless")
"""One study a name, each in another transfer syntax."""
SECRET = "correct-horse"  # noqa: S105  # what must be shown to be let in


@pytest.fixture
def orthanc(tmp_path: Path) -> Callable[..., Orthanc]:
    """Makes Orthancs, one after the other over the same folder."""
    missing = why_absent()
    if missing:
        pytest.skip(missing)
    return lambda **settings: Orthanc(tmp_path / "orthanc", **settings)


def until(holds: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Wait until this is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def digests(*contents: bytes) -> list[str]:
    """The sha256 of each."""
    return [hashlib.sha256(content).hexdigest() for content in contents]


def spooled(sidecar: Sidecar) -> list[str]:
    """The digests that lie in the spool of a sidecar without a worker."""
    return sorted(path.name.split(".")[1] for path in (sidecar.folder / "data/spool/incoming").iterdir())


@pytest.mark.usefixtures("dcmtk")
def test_what_nobody_forwarded_is_pulled_untouched(
    tmp_path: Path, orthanc: Callable[..., Orthanc], radiographs: Path, started: Callable[..., Sidecar]
) -> None:
    """Missing studies come byte for byte, of one here in part only the rest; STOW-RS and an import then add nothing."""
    files = [(radiographs / f"{name}.dcm").read_bytes() for name in KEPT_AS]
    copies = tmp_path / "copies"
    copies.mkdir()
    for number, content in enumerate(files):
        (copies / str(number)).write_bytes(content)
    (tmp_path / "first.dcm").write_bytes(dicom_file(1))
    token = tmp_path / "token"
    token.write_text(SECRET + "\n")
    api = free_port()
    with orthanc(DicomWeb=_stow_to(api)) as archive:
        sidecar = started(
            API__PORT=str(api),
            API__TOKEN_FILE=str(token),
            DICOMWEB__URL=archive.dicomweb,
            DICOMWEB__EVERY_SECONDS="2",
            DICOMWEB__LOOKBACK_DAYS="20000",
            LOG_LEVEL="debug",
        )
        assert sidecar.storescu(tmp_path / "first.dcm").returncode == 0
        store = sidecar.store()
        until(lambda: len(store.recent_studies(100)) == 1)
        for content in [*files, dicom_file(1), dicom_file(2)]:
            archive.add(content)
        expected = set(digests(*files, dicom_file(2)))
        until(lambda: set(store.known_objects(list(expected))) == expected)
        assert not store.known_objects(digests(dicom_file(1)))  # it came by DICOM, under another file header
        again = json.loads(sidecar.run("studies", "pull", "--since", "1970-01-02", "--json").stdout)
        assert (again["listed"], again["complete"], again["instances"]) == (len(files) + 1, len(files) + 1, 0)
        body = {"Resources": archive.http.get("/studies").json(), "Synchronous": True}
        assert archive.http.post("/dicom-web/servers/overread/stow", json=body).status_code == 200
    imported = json.loads(sidecar.run("studies", "import", str(copies), "--json").stdout)
    assert imported["known"] == len(files)
    assert len(store.recent_studies(100)) == len(files) + 1
    store.close()
    log = sidecar.log.read_text()
    assert '"pulled"' in log
    assert not [name for name in (*CANARIES, "1.3.6.1.4.1.5962", SECRET) if name in log]


def _stow_to(port: int) -> dict[str, Any]:
    """Orthanc's DICOMweb settings, with a sidecar to send to."""
    url, headers = f"http://127.0.0.1:{port}/dicom-web/", {"Authorization": f"Bearer {SECRET}"}
    return {"Enable": True, "Servers": {"overread": {"Url": url, "HttpHeaders": headers}}}


def test_the_recipe_loses_nothing_while_the_sidecar_is_down(tmp_path: Path, orthanc: Callable[..., Orthanc]) -> None:
    """As documented, studies sent to nobody fail, outlive Orthanc and come when it does; permissive ones are lost."""
    sidecar = Sidecar(tmp_path)
    lua, resubmit = tmp_path / "overread.lua", tmp_path / "resubmit.sh"
    lua.write_text(_block("lua"))
    resubmit.write_text(_block("sh"))
    settings = json.loads(_block("json")) | {"LuaScripts": [str(lua)], "StableAge": 1}
    settings["DicomModalities"]["overread"][2] = sidecar.ports["DICOM"]
    studies = [dicom_file(1, study=f"{STUDY}.{number}") for number in range(12)]
    with orthanc(**settings) as pacs:
        for content in studies:
            pacs.add(content)
        until(lambda: _ended(pacs) == ["Failure"] * len(studies))
    with orthanc(**settings) as pacs:
        _run(resubmit, pacs)
        until(lambda: _ended(pacs) == ["Failure"] * len(studies))
        try:
            sidecar.start("--role", "receiver")
            _run(resubmit, pacs)
            until(lambda: _ended(pacs) == ["Success"] * len(studies))
        finally:
            sidecar.stop()
        assert len(spooled(sidecar)) == len(studies)
        body = {"Resources": pacs.http.get("/studies").json(), "Permissive": True, "Synchronous": False}
        pacs.http.post("/modalities/overread/store", json=body)
        until(lambda: _ended(pacs) == ["Success"] * (len(studies) + 1))  # a lie: nobody listened
        assert len(spooled(sidecar)) == len(studies)


def _block(language: str) -> str:
    """The recipe's block in this language, as it is documented."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", RECIPE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


def _ended(pacs: Orthanc) -> list[str]:
    """How its jobs ended, all of them."""
    return sorted(job["State"] for job in pacs.jobs())


def _run(script: Path, pacs: Orthanc) -> None:
    command = ["sh", str(script), f"http://127.0.0.1:{pacs.http_port}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr


def test_a_drop_folder_survives_kills(tmp_path: Path) -> None:
    """Files dropped while the receiver is killed and started again are all in the spool, and in done/ by name."""
    drop = tmp_path / "drop"
    drop.mkdir()
    sidecar = Sidecar(tmp_path, FOLDER__WATCH=str(drop), FOLDER__STABLE_SECONDS="0", FOLDER__POLL_SECONDS="0.05")
    moments = random.Random(5)  # noqa: S311  # a reproducible choice of moments, not a secret
    files = [dicom_file(number, pixels=16) for number in range(300)]
    for number, content in enumerate(files):
        (drop / f"Canary^{number}").write_bytes(content)
    for _ in range(2):
        sidecar.start("--role", "receiver")
        time.sleep(moments.uniform(0.05, 0.3))
        sidecar.kill()
    sidecar.start("--role", "receiver")
    until(lambda: len(list((drop / "done").iterdir())) == len(files))
    assert sidecar.stop() == 0
    assert set(spooled(sidecar)) == set(digests(*files))
    assert sorted(path.name for path in drop.iterdir()) == ["done", "refused"]
    assert not [name for name in CANARIES if name in sidecar.log.read_text()]
