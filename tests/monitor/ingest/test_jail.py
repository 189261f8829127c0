"""Hostile bytes end as a counted reason; the process that reads them may die, ours does not."""

import io
import os
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Decoded
from monitor.core.study import Exclusion, Failure, Instance
from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.conftest import NOW


def radiograph(**changes: object) -> Dataset:
    """A small sound radiograph: a ramp from 0 to 4095, with these elements changed."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3", "1.2.3.0"
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = "Canary^Clara", "CANARY-1", "ACC-CANARY"
    dataset.InstitutionName = "Here"
    dataset.StudyDate, dataset.StudyTime, dataset.TimezoneOffsetFromUTC = "20260301", "101112", "+0900"
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "DX", "CHEST", "PA"
    dataset.PatientBirthDate = "19700302"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 64, 64, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = np.arange(4096, dtype="<u2").tobytes()
    for name, value in changes.items():
        setattr(dataset, name, value)
    return dataset


def encoded(dataset: Dataset) -> bytes:
    """A DICOM file in memory."""
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


Seen = Failure | Decoded[object] | Exclusion


def look(spool: DiskSpool, source: JailedSource, content: bytes) -> Seen:
    """Receive bytes, parse them and, where that gave an instance, decode it."""
    spool.write((content,), received_at=NOW)
    arrival = spool.arrivals(100)[-1]
    instance = source.parse(arrival)
    spool.hold(arrival)
    if not isinstance(instance, Instance):
        return instance
    return instance.unusable or source.decode(instance)  # type: ignore[return-value]  # the pixels are opaque here


def test_a_sound_radiograph_becomes_facts_and_pixels(spool: DiskSpool, source: JailedSource) -> None:
    """Identity leaves as pseudonyms, place and time as strata, pixels as they were."""
    spool.write((encoded(radiograph()),), received_at=NOW)
    (arrival,) = spool.arrivals(1)
    instance = source.parse(arrival)
    spool.hold(arrival)
    assert isinstance(instance, Instance)
    assert instance.acquisition.site == "home"
    assert instance.acquisition.age_band == "40-64"
    assert instance.studied_at.isoformat() == "2026-03-01T10:11:12+09:00"
    assert not {"1.2.3", "CANARY-1", "ACC-CANARY", "Canary^Clara"} & set(map(str, _values(instance)))
    decoded = source.decode(instance)
    assert isinstance(decoded, Decoded)
    assert np.array_equal(decoded.pixels, np.arange(4096, dtype=np.float32).reshape(64, 64))


def _values(instance: Instance) -> list[object]:
    return [getattr(instance, name) for name in instance.__slots__]


def test_monochrome1_is_turned_so_that_denser_is_brighter(spool: DiskSpool, source: JailedSource) -> None:
    """The same anatomy gives the same image in either photometric interpretation."""
    ramp = np.arange(4096, dtype="<u2")
    turned = radiograph(PhotometricInterpretation="MONOCHROME1", PixelData=(4095 - ramp).tobytes())
    seen = look(spool, source, encoded(turned))
    assert isinstance(seen, Decoded)
    assert np.array_equal(seen.pixels, ramp.reshape(64, 64).astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Modality": "CT"}, Exclusion.MISSING_RESCALE),
        ({"Rows": 60000, "Columns": 60000, "NumberOfFrames": "99999"}, Failure.TRUNCATED),
        ({"PixelData": b"\0" * 100}, Failure.TRUNCATED),
        ({"StudyInstanceUID": ""}, Failure.MISSING_IDENTITY),
        ({"SamplesPerPixel": 3, "PixelData": b"\0" * 64 * 64 * 6}, Exclusion.INVALID_GEOMETRY),
        ({"BitsStored": 0}, Exclusion.UNDECODABLE),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, Exclusion.MISSING_RESCALE),
    ],
)
def test_what_cannot_be_scored_says_why(
    spool: DiskSpool, source: JailedSource, changes: dict[str, object], reason: Exclusion | Failure
) -> None:
    """A missing rescale, a lie about size, a cut, a lost identity, colour: each has its own reason."""
    assert look(spool, source, encoded(radiograph(**changes))) is reason


def test_noise_is_unreadable(spool: DiskSpool, source: JailedSource) -> None:
    """Bytes that are no DICOM file are counted as such."""
    for content in (b"", b"MZ" + os.urandom(500), b"\0" * 128 + b"DICM" + os.urandom(300)):
        assert isinstance(look(spool, source, content), Failure)


def test_a_parser_that_hangs_or_dies_is_replaced(spool: DiskSpool) -> None:
    """A stopped parser times out, a killed one is noticed; the object after either is read."""
    jails = Jails(Bounds(seconds=1.0), size=1)
    source = JailedSource(spool, jails, _pseudonyms(), sites={}, zone=UTC)
    (jail,) = jails._all
    assert isinstance(look(spool, source, encoded(radiograph())), Decoded)
    os.kill(jail._process.pid, 19)
    assert look(spool, source, encoded(radiograph(SOPInstanceUID="1.2.3.2"))) is Failure.PARSER_TIMED_OUT
    jail._process.kill()
    jail._process.wait()
    assert isinstance(look(spool, source, encoded(radiograph(SOPInstanceUID="1.2.3.3"))), Decoded)
    jails.close()


def test_a_recycled_parser_leaves_an_heir() -> None:
    """After its objects a parser ends; the one after it was started before, and serves at once."""
    jails = Jails(Bounds(recycle_after=10), size=1)
    (jail,) = jails._all
    seen = [jail._process.pid]
    heirs = []
    for _ in range(21):
        assert "failure" in jails.ask({"verb": "parse", "path": "/nowhere"})[0]
        seen.append(jail._process.pid)
        heirs.append(None if jail._heir is None else jail._heir.pid)
    assert len(set(seen)) == 3
    assert heirs[7:11] == [None, seen[11], seen[11], None]
    jails.close()


def test_a_parser_that_spins_ends_itself(spool: DiskSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time is bounded by the system: a parser that nobody waits for any more does not spin for ever."""
    monkeypatch.setattr(
        Bounds, "asked_of_a_jail", lambda _: {"seconds": 0.0, "max_pixels": 1, "most_inflated": 1 << 30}
    )
    jails = Jails(Bounds(seconds=20), size=1)
    source = JailedSource(spool, jails, _pseudonyms(), sites={}, zone=UTC)
    endless = encoded(radiograph())[:-8192] + b"\0" * (40 << 20)  # twenty seconds of elements without a value
    assert look(spool, source, endless) is Failure.PARSER_TIMED_OUT
    jails.close()


def test_no_secret_enters_a_jail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser's environment holds no setting, whatever ours holds."""
    monkeypatch.setenv("OVERREAD_STORE__URL", "postgresql://u:secret@h/d")
    jails = Jails(Bounds(), size=1)
    jails.ask({"verb": "parse", "path": "/nowhere"})
    environ = Path(f"/proc/{jails._all[0]._process.pid}/environ")
    if not environ.exists():
        pytest.skip("/proc is not here to look into")
    assert b"secret" not in environ.read_bytes()
    jails.close()


def _pseudonyms() -> Pseudonyms:
    return Pseudonyms(key=b"k" * 32)
