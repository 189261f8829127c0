import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from monitor.simulate.fleet import FLEET
from monitor.simulate.hospital import Event, Hospital, StudySent
from monitor.simulate.wire import DicomSender

needs_storescp = pytest.mark.skipif(
    shutil.which("storescp", path="/usr/bin") is None, reason="no storescp of DCMTK: apt-get install dcmtk"
)


@pytest.fixture
def studies(hospital: Hospital) -> list[StudySent]:
    """The studies of a day."""
    return [event for event in hospital.events(2) if isinstance(event, StudySent)]


def test_objects_read_back_as_they_were_meant(studies: list[StudySent], wire_bytes: Callable[[Event], bytes]) -> None:
    """Identity, times, equipment and pixels survive writing and strict reading."""
    for event in studies:
        one = event.examination
        read = dcmread(BytesIO(wire_bytes(event)))
        assert read.PatientName.family_name == one.patient.family
        assert (read.PatientID, read.PatientSex) == (one.patient.number, one.patient.sex)
        assert (read.AccessionNumber, read.StudyInstanceUID) == (one.accession, one.study_uid)
        assert read.StudyDate + read.StudyTime == one.taken_at.strftime("%Y%m%d%H%M%S.%f")
        assert (read.TimezoneOffsetFromUTC, read.BodyPartExamined) == ("+0000", "CHEST")
        assert (read.ViewPosition, read.Modality) == (one.case.view, "DX")
        assert (read.InstitutionName, read.ManufacturerModelName) == (one.scanner.institution, one.scanner.model_name)
        assert (read.RescaleSlope, read.RescaleIntercept) == (1, 0)
        assert read.BitsStored == one.scanner.bits_stored == read.HighBit + 1
        expected = event.generator.acquire(event.generator.draw(one.case), one.scanner, seed=one.case.seed)
        assert (read.pixel_array == expected).all()
        assert read.pixel_array.dtype == np.uint16


def test_every_machine_has_its_dialect(studies: list[StudySent]) -> None:
    """Photometric interpretation and make on the object are the scanner's."""
    seen = {(event.dataset().Manufacturer, event.dataset().PhotometricInterpretation) for event in studies}
    assert seen == {(s.manufacturer, s.photometric) for site in FLEET.values() for s in site.scanners}


def test_age_sex_and_birth_date_agree(studies: list[StudySent]) -> None:
    """The age on the object is the one its birth date gives, to the year."""
    for event in studies:
        sent = event.dataset()
        years = (event.at.date() - event.examination.patient.birth_date(event.examination.first)).days / 365.25
        assert int(sent.PatientAge[:3]) == int(years)


def test_changing_one_object_leaves_the_next_alone(studies: list[StudySent]) -> None:
    """What objects of one scanner have in common is not shared between them."""
    first = studies[0].dataset()
    first.Manufacturer = "changed"
    assert studies[0].dataset().Manufacturer != "changed"


@needs_storescp
def test_a_real_archive_takes_every_object(studies: list[StudySent], tmp_path: Path) -> None:
    """DCMTK's storescp answers success to each and keeps it with its identity."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    archive = subprocess.Popen(["/usr/bin/storescp", "-aet", "ARCHIVE", "-od", str(tmp_path), str(port)])
    try:
        _wait_for(port)
        with DicomSender("127.0.0.1", port, calling_ae="NORTH", called_ae="ARCHIVE", timeout=10) as sender:
            assert {sender.send(event.dataset()) for event in studies} == {0}
    finally:
        archive.terminate()
        archive.wait(timeout=10)
    kept = {dcmread(path, stop_before_pixels=True).AccessionNumber for path in tmp_path.iterdir()}
    assert kept == {event.examination.accession for event in studies}


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("storescp did not start listening")
