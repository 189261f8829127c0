"""Header values become facts that are coarse enough to keep and fine enough to compare."""

from dataclasses import fields

import pytest
from pydicom.sequence import Sequence

from monitor.core.study import UNKNOWN, Acquisition, Instance, Technique
from monitor.ingest.facts import orientation
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.conftest import NOW
from tests.monitor.ingest.test_jail import encoded, radiograph
from tests.monitor.ingest.test_pixels import item

RICH = {
    "Manufacturer": "Aurelia",
    "ManufacturerModelName": "LumaDR 400",
    "SoftwareVersions": ["4.2.1", "kernel 9"],
    "PatientSex": "F",
    "DetectorType": "DIRECT",
    "DetectorID": "SERIAL-CANARY-77",
    "DeviceSerialNumber": "SERIAL-CANARY-78",
    "ConvolutionKernel": ["B30f", "2"],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "ImageLaterality": "R",
    "ContrastBolusAgent": "IOHEXOL",
    "KVP": "120",
    "Exposure": "5",
    "SliceThickness": "1.5",
    "PixelSpacing": ["0.7", "0.8"],
}
PLACES = {
    "ConvolutionKernel": ("CTReconstructionSequence", "B30f"),
    "KVP": ("CTXRayDetailsSequence", "120"),
    "ExposureInmAs": ("CTExposureSequence", 5.0),
    "ImageOrientationPatient": ("PlaneOrientationSequence", [1, 0, 0, 0, 1, 0]),
    "FrameLaterality": ("FrameAnatomySequence", "R"),
}


def parsed(spool: DiskSpool, source: JailedSource, **changes: object) -> Instance:
    """What a radiograph with these elements is known as."""
    spool.write((encoded(radiograph(**changes)),), received_at=NOW)
    instance = source.parse(spool.arrivals(1)[0])
    assert isinstance(instance, Instance)
    return instance


def test_every_fact_is_kept(spool: DiskSpool, source: JailedSource) -> None:
    """What strata and drift need is there, each in its unit; a serial number is nowhere."""
    instance = parsed(spool, source, **RICH)
    assert instance.acquisition == Acquisition(
        modality="DX",
        body_part="CHEST",
        view_position="PA",
        site="home",
        manufacturer="Aurelia",
        model_name="LumaDR 400",
        software="4.2.1",
        sex="F",
        age_band="40-64",
        detector="DIRECT",
        kernel="B30f",
        orientation="axial",
        laterality="R",
        contrast="yes",
        time_of_day="06-11",
    )
    assert instance.technique == Technique(
        kvp=120, exposure_mas=5, slice_thickness_mm=1.5, spacing_mm=0.7, rows=64, columns=64
    )
    assert "CANARY" not in str(instance)


def test_an_enhanced_object_states_the_same(spool: DiskSpool, source: JailedSource) -> None:
    """Facts in functional groups are found there."""
    shared = item(**{group: Sequence([item(**{name: value})]) for name, (group, value) in PLACES.items()})
    shared.PixelMeasuresSequence = Sequence([item(SliceThickness="1.5", PixelSpacing=["0.7", "0.8"])])
    plain = {name: RICH[name] for name in RICH.keys() - PLACES.keys() - {"SliceThickness", "PixelSpacing"}}
    plain |= {"ImageLaterality": "", "Exposure": None, "SharedFunctionalGroupsSequence": Sequence([shared])}
    classic = parsed(spool, source, **RICH)
    spool.hold(spool.arrivals(1)[0])
    enhanced = parsed(spool, source, **plain)
    assert enhanced.acquisition == classic.acquisition
    assert enhanced.technique == classic.technique


def test_what_is_not_stated_is_unknown(spool: DiskSpool, source: JailedSource) -> None:
    """A bare object has no technique but its matrix, and facts that say so."""
    instance = parsed(spool, source, StudyTime="", KVP="-1", PixelSpacing=[0, 0], ContrastBolusAgent="")
    assert instance.technique.stated() == {"rows": 64.0, "columns": 64.0}
    new = ("detector", "kernel", "orientation", "laterality", "contrast", "time_of_day")
    assert set(new) < {field.name for field in fields(Acquisition)}
    assert {getattr(instance.acquisition, name) for name in new} == {UNKNOWN}
    assert not instance.localizer


@pytest.mark.parametrize(
    ("stated", "plane"),
    [
        (r"1\0\0\0\1\0", "axial"),
        (r"-1\0\0\0\-1\0", "axial"),
        (r"1\0\0\0\0\-1", "coronal"),
        (r"0\1\0\0\0\-1", "sagittal"),
        (r"1\0\0\0\0.94\0.342", "axial"),
        (r"1\0\0\0\0.707\0.707", "oblique"),
        (r"1\0\0\1\0\0", UNKNOWN),
        (r"1\0\0", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_plane_is_named_by_its_normal(stated: str, plane: str) -> None:
    """Axial, coronal, sagittal within 30 degrees, whichever way round; else oblique."""
    assert orientation(stated) == plane


def test_a_localizer_is_known(spool: DiskSpool, source: JailedSource) -> None:
    """The third value of the image type says so."""
    assert parsed(spool, source, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]).localizer
