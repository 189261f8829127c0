"""Pixels are right: decoded, on the modality's scale, in one polarity, whatever the object that holds them."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_windowing
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from monitor.core.study import Exclusion
from monitor.ingest import codecs
from monitor.ingest.opened import open_bounded
from monitor.ingest.pixels import Frame, UnusableError, frame_of, voi_levels
from monitor.ingest.structure import BrokenError
from tests.monitor.ingest.conftest import public_files
from tests.monitor.ingest.test_jail import radiograph

GOLDEN = Path(__file__).parent / "golden_pixels.json"
MOST = 64 << 20
RAMP = np.arange(4096, dtype="<u2").reshape(64, 64)

codecs.install()


def item(**values: object) -> Dataset:
    """A sequence item."""
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def framed(index: int = 0, **changes: object) -> Frame:
    """A frame of a radiograph with these elements changed."""
    return frame_of(radiograph(**changes), max_pixels=MOST, frame=index)


def seen(path: Path) -> list[object] | None:
    """What a public file of one grey channel decodes to: sides, least, greatest and mean; None where refused.

    Secondary captures are taken for radiographs, for most of the public files in compressed syntaxes are of that kind.
    """
    try:
        with warnings.catch_warnings(action="ignore"), open_bounded(path, most_inflated=MOST) as opened:
            dataset = opened.everything()
            dataset.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.1")
            dataset.pop("ConversionType", None)
            image = frame_of(dataset, max_pixels=MOST).image()
    except (BrokenError, UnusableError):
        return None
    return [*image.shape, float(image.min()), float(image.max()), round(float(image.mean(dtype=np.float64)), 4)]


def test_public_images_decode_as_ever() -> None:
    """Every public grey image decodes to the golden sides, least, greatest and mean values, in whatever syntax."""
    found = {path.name: figures for path in public_files() if (figures := seen(path)) is not None}
    golden = json.loads(GOLDEN.read_text())
    assert found.keys() == golden.keys()
    for name, figures in golden.items():
        assert found[name] == pytest.approx(figures, abs=1e-3), name
    one_scan = [figures for name, figures in golden.items() if name.startswith(("MR_small", "MR-small"))]
    assert all(figures == one_scan[0] for figures in one_scan)


@pytest.mark.parametrize(
    ("command", "tolerance"),
    [
        ("dcmcjpeg +e1", 0),
        ("dcmcjpeg +el", 0),
        ("dcmcjpeg +ee +q 95", 60),
        ("dcmcjpls", 0),
        ("dcmcjpls +en +md 2", 2),
        ("dcmcrle", 0),
        ("dcmconv +td", 0),
        ("dcmconv +tb", 0),
        ("dcmconv +ti", 0),
    ],
)
def test_what_dcmtk_encodes_is_decoded(tmp_path: Path, command: str, tolerance: int) -> None:
    """An image encoded by another hand decodes to itself: to the bit where the syntax loses nothing."""
    tool, *options = command.split()
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not here")
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype("<u2") * 30
    radiograph(PixelData=smooth.tobytes()).save_as(tmp_path / "plain", enforce_file_format=True)
    subprocess.run([tool, *options, tmp_path / "plain", tmp_path / "encoded"], check=True, timeout=30)
    with open_bounded(tmp_path / "encoded", most_inflated=MOST) as opened:
        image = frame_of(opened.everything(), max_pixels=MOST).image()
    assert np.abs(image - smooth).max() <= tolerance


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG2000Lossless, lambda frame: imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k")),
        (HTJ2KLossless, lambda frame: imagecodecs.htj2k_encode(frame, reversible=True)),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEGLosslessSV1, imagecodecs.ljpeg_encode),
    ],
)
def test_lossless_loses_nothing(syntax: str, encode: Callable[[np.ndarray], bytes]) -> None:
    """Every lossless syntax gives back the very values that went in."""
    dataset = radiograph(PixelData=encapsulate([encode(RAMP)]))
    dataset.file_meta.TransferSyntaxUID = syntax
    assert np.array_equal(frame_of(dataset, max_pixels=MOST).image(), RAMP)


@given(slope=st.floats(0.1, 10), intercept=st.floats(-2000, 2000), bits=st.integers(9, 16), signed=st.booleans())
@settings(max_examples=30, deadline=None)
def test_values_are_on_the_modality_scale(slope: float, intercept: float, bits: int, signed: bool) -> None:  # noqa: FBT001  # drawn
    """Signed or not, of any depth: slope times stored value plus intercept."""
    low = -(1 << (bits - 1)) if signed else 0
    stored = np.linspace(low, low + (1 << bits) - 1, 4096).astype("<i2" if signed else "<u2")
    scale = {"RescaleSlope": f"{slope:.6f}", "RescaleIntercept": f"{intercept:.6f}"}
    depth = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(signed)}
    image = framed(PixelData=stored.tobytes(), **scale, **depth).image()
    expected = stored.reshape(64, 64) * float(scale["RescaleSlope"]) + float(scale["RescaleIntercept"])
    assert np.allclose(image, expected, rtol=1e-5, atol=1e-2)


@given(slope=st.sampled_from(["1", "0.5", "-2"]), signed=st.booleans(), kind=st.sampled_from(["plain", "lut"]))
@settings(max_examples=12, deadline=None)
def test_either_photometric_shows_the_same(slope: str, signed: bool, kind: str) -> None:  # noqa: FBT001  # drawn
    """A radiograph stored as a negative, and said to be one, becomes the image its positive becomes."""
    low = -2048 if signed else 0
    dtype = "<i2" if signed else "<u2"
    stored = (RAMP.astype(np.int64) + low).astype(dtype)
    negative = (low + low + 4095 - stored.astype(np.int64)).astype(dtype)
    changes: dict[str, object] = {"PixelRepresentation": int(signed)}
    if kind == "lut" and not signed:
        lut = item(LUTDescriptor=[4096, 0, 16], LUTData=[7 * value for value in range(4096)], ModalityLUTType="US")
        changes["ModalityLUTSequence"] = Sequence([lut])
    else:
        changes |= {"RescaleSlope": slope, "RescaleIntercept": "3"}
    positive = framed(PixelData=stored.tobytes(), **changes).image()
    turned = framed(PixelData=negative.tobytes(), PhotometricInterpretation="MONOCHROME1", **changes).image()
    assert np.allclose(positive, turned)


def test_bits_beside_the_stored_ones_are_left_out() -> None:
    """An overlay in the unused bits above, or values stored from a higher bit down, change nothing."""
    above = (RAMP | 0xF000).astype("<u2")
    assert np.array_equal(framed(PixelData=above.tobytes()).image(), RAMP)
    shifted = (RAMP << 3 | 0x8005).astype("<u2")
    assert np.array_equal(framed(PixelData=shifted.tobytes(), HighBit=14).image(), RAMP)


def test_a_modality_lut_is_looked_up() -> None:
    """Stored values become what the table says; below and above it, its ends."""
    lut = item(LUTDescriptor=[100, 50, 16], LUTData=[value * value for value in range(100)], ModalityLUTType="US")
    image = framed(ModalityLUTSequence=Sequence([lut])).image()
    assert np.array_equal(image, np.clip(RAMP.astype(np.int64) - 50, 0, 99) ** 2)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_package_may_see_through_the_window(function: str) -> None:
    """The object's window is applied where asked, after the rescale and before polarity; else it is left alone."""
    scale = {"RescaleSlope": "2", "RescaleIntercept": "-1000"}
    window = {"WindowCenter": "1000", "WindowWidth": "500", "VOILUTFunction": function}
    dataset = radiograph(**scale, **window)
    frame = frame_of(dataset, max_pixels=MOST)
    expected = apply_windowing(RAMP * 2.0 - 1000, dataset)
    assert np.allclose(frame.image(voi_levels(dataset)), expected, atol=0.01)
    assert np.array_equal(frame.image(), RAMP * 2.0 - 1000)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    turned = frame_of(dataset, max_pixels=MOST).image(voi_levels(dataset))
    assert np.allclose(turned, expected.min() + expected.max() - expected, atol=0.01)


def test_a_package_may_see_through_the_voi_lut() -> None:
    """A VOI LUT goes before a window, and is asked with modality values."""
    lut = item(LUTDescriptor=[256, 100, 16], LUTData=np.arange(256, dtype="<u2").tobytes())
    lut["LUTData"].VR = "OW"
    dataset = radiograph(VOILUTSequence=Sequence([lut]), RescaleSlope="1", RescaleIntercept="-500", WindowCenter="1")
    image = frame_of(dataset, max_pixels=MOST).image(voi_levels(dataset))
    assert np.array_equal(image, np.clip(RAMP.astype(np.int64) - 600, 0, 255))


def test_padding_is_as_dark_as_the_darkest_pixel() -> None:
    """Padding, a value or a range of them, never outshines or undercuts what was measured, in either polarity."""
    stored = np.clip(RAMP, 1000, 3000)
    stored[:10], stored[-10:] = 0, 5
    for changes in (
        {"PixelPaddingRangeLimit": 5},
        {"PixelPaddingRangeLimit": 5, "PhotometricInterpretation": "MONOCHROME1"},
    ):
        frame = framed(PixelData=stored.tobytes(), PixelPaddingValue=0, **changes)
        image = frame.image()
        assert image[:10].max() == image[-10:].max() == image.min() == image[10:-10].min()
    only = framed(PixelData=stored.tobytes(), PixelPaddingValue=0).image()
    assert (only.min(), (only == 5).any()) == (5, True)


def test_a_frame_is_read_with_its_own_rescale_and_window() -> None:
    """Of an enhanced object each frame has its own slope and window, or the one all frames share."""
    frames = np.stack([RAMP, RAMP + 1, RAMP + 2]) % 4096
    per_frame = [
        item(
            PixelValueTransformationSequence=Sequence(
                [item(RescaleSlope=str(k + 1), RescaleIntercept="-5", RescaleType="HU")]
            ),
            FrameVOILUTSequence=Sequence([item(WindowCenter=str(100 * (k + 1)), WindowWidth="50")]),
        )
        for k in range(3)
    ]
    shared = item(
        PixelValueTransformationSequence=Sequence([item(RescaleSlope="9", RescaleIntercept="0", RescaleType="HU")])
    )
    enhanced = {
        "Modality": "CT",
        "NumberOfFrames": 3,
        "PixelData": frames.astype("<u2").tobytes(),
        "PerFrameFunctionalGroupsSequence": Sequence(per_frame),
        "SharedFunctionalGroupsSequence": Sequence([shared]),
    }
    for k in range(3):
        dataset = radiograph(**enhanced)
        frame = frame_of(dataset, max_pixels=MOST, frame=k)
        assert np.array_equal(frame.image(), frames[k] * (k + 1.0) - 5)
        through = frame.image(voi_levels(dataset, k))
        assert through.min() < through.max()
        middle = np.abs(frames[k] * (k + 1.0) - 5 - 100 * (k + 1)).argmin()
        assert through.ravel()[middle] == pytest.approx((through.min() + through.max()) / 2, rel=0.1)
    del enhanced["PerFrameFunctionalGroupsSequence"]
    assert np.array_equal(framed(1, **enhanced).image(), frames[1] * 9.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, Exclusion.BURNED_IN_ANNOTATION),
        ({"ConversionType": "WSD"}, Exclusion.SECONDARY_CAPTURE),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.2"}, Exclusion.SECONDARY_CAPTURE),
        ({"Modality": "CT"}, Exclusion.MISSING_RESCALE),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, Exclusion.MISSING_RESCALE),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, Exclusion.INVALID_GEOMETRY),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, Exclusion.INVALID_GEOMETRY),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0, 1]}, Exclusion.INVALID_GEOMETRY),
        ({"BitsAllocated": 32}, Exclusion.UNDECODABLE),
        ({"BitsStored": 17}, Exclusion.UNDECODABLE),
        ({"Rows": 10_000, "Columns": 10_000}, Exclusion.TOO_LARGE),
        ({"Rows": 0}, Exclusion.UNSUPPORTED_SOP_CLASS),
        ({"PixelSpacing": [0, 0]}, None),
        ({"BurnedInAnnotation": "NO"}, None),
    ],
)
def test_every_refusal_has_its_reason(changes: dict[str, object], reason: Exclusion | None) -> None:
    """What is no measurement, not an image of a patient or too much is refused before it is decoded, and says why."""
    if reason is None:
        framed(**changes)
        return
    with pytest.raises(UnusableError) as caught:
        framed(**changes)
    assert caught.value.reason is reason
