from dataclasses import replace

import numpy as np
import pytest

from monitor.simulate.case import Case, Drawing, Scanner
from monitor.simulate.chest import ChestGenerator

GENERATOR = ChestGenerator()
DEVICE = Scanner(institution="a", station="b", manufacturer="c", model_name="d", software="1")
DRAWING = GENERATOR.draw(Case(seed=7, age=60, sex="F"))
FLAT = Drawing(image=np.full((64, 64), 0.5, dtype=np.float32), masks={})


@pytest.mark.parametrize("bits", [12, 14, 16])
def test_stored_values_fit_their_bits(bits: int) -> None:
    """Stored values stay within the bits stored, and use most of their range."""
    stored = GENERATOR.acquire(DRAWING, replace(DEVICE, bits_stored=bits), seed=1)
    assert stored.dtype == np.uint16
    assert 0.7 * 2**bits < stored.max() < 2**bits


def test_monochrome1_is_the_complement() -> None:
    """The same exposure stored as MONOCHROME1 is the complement of its MONOCHROME2."""
    two = GENERATOR.acquire(DRAWING, DEVICE, seed=4)
    one = GENERATOR.acquire(DRAWING, replace(DEVICE, photometric="MONOCHROME1"), seed=4)
    assert np.array_equal(one, 4095 - two)


def test_an_exposure_is_determined_by_its_seed() -> None:
    """The same seed gives the same grain, another seed another."""
    assert np.array_equal(GENERATOR.acquire(DRAWING, DEVICE, seed=1), GENERATOR.acquire(DRAWING, DEVICE, seed=1))
    assert not np.array_equal(GENERATOR.acquire(DRAWING, DEVICE, seed=1), GENERATOR.acquire(DRAWING, DEVICE, seed=2))


def test_each_setting_does_what_it_says() -> None:
    """Noise grains, gain scales, gamma bends and blur smooths."""
    quiet = replace(DEVICE, noise=0.0, blur=0.0)
    level = GENERATOR.acquire(FLAT, quiet, seed=1).astype(float)
    assert level.std() == 0
    assert GENERATOR.acquire(FLAT, replace(quiet, noise=0.05), seed=1).std() > 50
    assert GENERATOR.acquire(FLAT, replace(quiet, gain=0.5), seed=1).mean() == pytest.approx(level.mean() / 2, abs=1)
    assert GENERATOR.acquire(FLAT, replace(quiet, gamma=2.0), seed=1).mean() == pytest.approx(level.mean() / 2, abs=1)
    sharp = GENERATOR.acquire(DRAWING, quiet, seed=1).astype(float)
    smooth = GENERATOR.acquire(DRAWING, replace(quiet, blur=3.0), seed=1).astype(float)
    assert np.abs(np.diff(smooth)).sum() < 0.9 * np.abs(np.diff(sharp)).sum()
    assert smooth.mean() == pytest.approx(sharp.mean(), rel=0.01)


@pytest.mark.parametrize("wrong", [{"photometric": "RGB"}, {"bits_stored": 8}])
def test_an_impossible_scanner_is_refused(wrong: dict[str, str | int]) -> None:
    """A photometric interpretation or bit depth that no radiograph has is named and refused."""
    with pytest.raises(ValueError, match="accepted are MONOCHROME1"):
        GENERATOR.acquire(FLAT, replace(DEVICE, **wrong), seed=1)
