from time import perf_counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.inference.manifest import Preprocessing
from monitor.inference.preprocess import prepare

PLAIN = Preprocessing(size=(32, 48), clip=(1.0, 99.0), mean=0.0, sd=1.0)


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 700), columns=st.integers(1, 700), offset=st.floats(-1e4, 1e4), gain=st.floats(0.1, 100))
def test_any_size_and_range_becomes_the_same_shape(rows: int, columns: int, offset: float, gain: float) -> None:
    """Whatever its size, offset and scale, an image becomes 1 × rows × columns in [0, 1]."""
    pixels = np.random.default_rng(rows).random((rows, columns), dtype=np.float32) * np.float32(gain) + offset
    tensor = prepare(pixels.astype(np.float32), PLAIN)
    assert tensor.shape == (1, 32, 48)
    assert tensor.dtype == torch.float32
    rounding = 1e-6 + 2**-22 * (abs(offset) + gain) / gain  # of averages, and of float32 so far from 0
    assert 0 <= float(tensor.min()) <= float(tensor.max()) <= 1 + rounding


def test_gain_and_offset_do_not_matter() -> None:
    """An affine change of the pixels changes nothing: the percentiles take it away."""
    pixels = np.random.default_rng(1).random((300, 200), dtype=np.float32)
    assert torch.allclose(prepare(pixels, PLAIN), prepare(pixels * 4095 + 100, PLAIN), atol=1e-4)


def test_every_pixel_counts() -> None:
    """A fine checkerboard becomes an even grey instead of an alias of itself."""
    board = (np.indices((640, 960)).sum(axis=0) % 2).astype(np.float32)
    assert torch.allclose(prepare(board, PLAIN), torch.tensor(0.5), atol=1e-5)


def test_an_image_without_contrast_is_zero() -> None:
    """A flat image gives 0 throughout and no division by zero."""
    assert not prepare(np.full((100, 100), 7, dtype=np.float32), PLAIN).any()


def test_a_hole_stays_a_hole() -> None:
    """A NaN is never turned into a number."""
    pixels = np.ones((100, 100), dtype=np.float32)
    pixels[3, 3] = np.nan
    assert prepare(pixels, PLAIN).isnan().any()


def test_the_pixels_given_are_left_alone() -> None:
    """Preparing an image does not write into it."""
    pixels = np.random.default_rng(1).random((64, 64), dtype=np.float32)
    before = pixels.copy()
    prepare(pixels, PLAIN)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(3, 10, 10), (10,), (0, 10)])
def test_what_is_no_image_is_refused(shape: tuple[int, ...]) -> None:
    """Anything but a two-dimensional image is an error that tells its shape."""
    with pytest.raises(ValueError, match="two-dimensional"):
        prepare(np.zeros(shape, dtype=np.float32), PLAIN)


def test_a_large_radiograph_is_quick() -> None:
    """2500 × 2048 pixels take well below half a second."""
    pixels = np.random.default_rng(1).random((2500, 2048), dtype=np.float32)
    prepare(pixels, PLAIN)
    started = perf_counter()
    prepare(pixels, PLAIN)
    assert perf_counter() - started < 0.5
