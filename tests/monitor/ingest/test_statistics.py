"""Statistics of an image are what a naive reckoning over its pixels gives, at any bit depth and polarity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ingest.pixels import Frame
from monitor.ingest.statistics import SKETCH_BINS, described


def frame(stored: np.ndarray, *, bits: int = 12, turned: bool = False, padding: tuple[int, ...] = ()) -> Frame:
    """A frame of unsigned stored values."""
    levels = np.arange(1 << bits, dtype=np.float64)
    hidden = np.isin(levels, padding)
    return Frame(stored=stored.astype(np.uint16), levels=levels[::-1].copy() if turned else levels, padding=hidden)


def image(seed: int, *, bits: int = 12, shape: tuple[int, int] = (200, 160)) -> np.ndarray:
    """A smooth bright disc on black, with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    signal = 0.8 * np.clip(1 - np.hypot(y, x), 0, 1) + rng.normal(0, 0.01, shape) + 0.1
    return (np.clip(signal, 0, 1) * ((1 << bits) - 1)).astype(np.uint16)


@given(seed=st.integers(0, 99), bits=st.integers(8, 16))
@settings(max_examples=20, deadline=None)
def test_the_histogram_gives_what_the_pixels_give(seed: int, bits: int) -> None:
    """Mean, deviation, percentiles and shares are those numpy reckons from every pixel."""
    stored = image(seed, bits=bits)
    found = described(frame(stored, bits=bits)).statistics
    scaled = stored / ((1 << bits) - 1)
    assert found["mean"] == pytest.approx(scaled.mean())
    assert found["sd"] == pytest.approx(scaled.std())
    for name, share in (("p01", 1), ("p05", 5), ("p50", 50), ("p95", 95), ("p99", 99)):
        assert found[name] == pytest.approx(np.percentile(scaled, share, method="inverted_cdf"))
    assert found["dark"] == pytest.approx((scaled <= 0.002).mean())
    assert found["bright"] == pytest.approx((scaled >= 0.998).mean())
    assert found["saturation"] == pytest.approx(((stored == stored.min()) | (stored == stored.max())).mean())


def test_a_large_image_is_described_by_some_of_its_rows() -> None:
    """Of two million pixels a quarter of the rows gives the same figures to a thousandth of the range."""
    stored = image(1, shape=(1600, 1300))
    found, scaled = described(frame(stored)).statistics, stored / 4095
    assert found["mean"] == pytest.approx(scaled.mean(), abs=1e-3)
    assert found["p95"] == pytest.approx(np.percentile(scaled, 95), abs=1e-3)


def test_noise_is_recovered() -> None:
    """The noise put in comes out, whatever lies beneath it."""
    rng = np.random.default_rng(1)
    stored = np.linspace(500, 3000, 300)[:, None] + rng.normal(0, 40, (300, 300))
    found = described(frame(stored.round())).statistics
    assert found["noise"] * 4095 == pytest.approx(40, rel=0.03)
    assert found["snr"] == pytest.approx(stored.mean() / 40, rel=0.05)


def test_blur_lowers_sharpness() -> None:
    """The same edges, smoothed, are less sharp."""
    stored = np.kron(np.indices((20, 20)).sum(axis=0) % 2, np.ones((10, 10))) * 4000
    smooth = (stored + np.roll(stored, 4, 0) + np.roll(stored, 4, 1) + np.roll(stored, 8, 0)) / 4
    assert described(frame(smooth)).statistics["sharpness"] < described(frame(stored)).statistics["sharpness"]


def test_lost_polarity_is_seen() -> None:
    """Of a disc on black hardly any border is bright; turned by mistake, hardly any is dark."""
    stored = image(3)
    right, wrong = described(frame(stored)).statistics, described(frame(stored, turned=True)).statistics
    assert right["inverted"] < 0.1
    assert wrong["inverted"] == pytest.approx(1 - right["inverted"])
    assert right["border"] < 0 < wrong["border"]


def test_padding_is_no_measurement() -> None:
    """Pixels of the padding value change no figure of the histogram."""
    stored = np.clip(image(4), 100, None)
    padded = stored.copy()
    padded[:, :40] = 7
    found = described(frame(padded, padding=(7,))).statistics
    expected = described(frame(stored[:, 40:])).statistics
    for name in ("mean", "sd", "p01", "p50", "p99", "dark", "saturation"):
        assert found[name] == pytest.approx(expected[name])


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 500), (64, 64)])
def test_an_image_without_contrast_has_statistics(shape: tuple[int, int]) -> None:
    """A flat image, however small, gives finite numbers."""
    found = described(frame(np.full(shape, 7))).statistics
    assert all(np.isfinite(value) for value in found.values())
    assert described(frame(np.full(shape, 7), padding=(7,))).statistics["mean"] == pytest.approx(found["mean"])


@given(first=st.integers(0, 99), second=st.integers(100, 199))
@settings(max_examples=10, deadline=None)
def test_histograms_of_one_scanner_add_up(first: int, second: int) -> None:
    """The histogram of two images side by side is the sum of theirs."""
    one, other = image(first), image(second)
    both = described(frame(np.hstack([one, other]))).histogram
    parts = [described(frame(part)).histogram for part in (one, other)]
    assert both == tuple(a + b for a, b in zip(*parts, strict=True))
    assert (len(both), sum(both)) == (SKETCH_BINS, one.size + other.size)
