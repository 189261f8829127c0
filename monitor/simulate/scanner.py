"""What a detector makes of anatomy: blur, contrast, quantum noise and stored values."""

import numpy as np
from numpy.typing import NDArray

from monitor.simulate.canvas import Image
from monitor.simulate.case import Scanner

_HEADROOM = 0.85
"""Full attenuation sits at this share of the stored range, so that a higher gain does not clip at once."""


def acquire(image: Image, scanner: Scanner, *, seed: int) -> NDArray[np.uint16]:
    """Stored values (rows × columns) of attenuation in [0, 1].

    Blur by the point spread, contrast curve, gain, noise, quantisation to `bits_stored`. Noise grows with attenuation:
    denser anatomy lets fewer quanta through. MONOCHROME1 stores the complement.

    Raises:
        ValueError: a photometric interpretation other than MONOCHROME1 or MONOCHROME2, or bits outside 12 to 16.
    """
    if scanner.photometric not in {"MONOCHROME1", "MONOCHROME2"} or not 12 <= scanner.bits_stored <= 16:
        message = (
            f"scanner {scanner.station}: photometric {scanner.photometric!r}, bits_stored {scanner.bits_stored}; "
            "accepted are MONOCHROME1 or MONOCHROME2 and 12 to 16 bits"
        )
        raise ValueError(message)
    signal = _blurred(image, scanner.blur)
    if scanner.gamma != 1.0:
        signal = np.power(signal, np.float32(scanner.gamma))
    quanta = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
    quanta *= np.float32(scanner.noise)
    quanta *= signal * np.float32(0.6) + np.float32(0.4)
    quanta += signal * np.float32(scanner.gain)
    top = (1 << scanner.bits_stored) - 1
    quanta *= np.float32(_HEADROOM * top)
    stored = np.clip(np.rint(quanta, out=quanta), 0, top, out=quanta).astype(np.uint16)
    return np.uint16(top) - stored if scanner.photometric == "MONOCHROME1" else stored


def _blurred(image: Image, sigma: float) -> Image:
    """The image under a Gaussian point spread of this standard deviation in pixels, cut at three of them."""
    if sigma <= 0:
        return image
    reach = max(int(3 * sigma + 0.5), 1)
    kernel = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    kernel /= kernel[0] + 2 * kernel[1:].sum()
    return _along_rows(_along_rows(image, kernel).T, kernel).T


def _along_rows(image: Image, kernel: NDArray[np.float64]) -> Image:
    """Each column convolved with a symmetric kernel given from its centre outwards; edges repeat."""
    reach, rows = kernel.size - 1, image.shape[0]
    padded = np.pad(image, ((reach, reach), (0, 0)), mode="edge")
    out = image * np.float32(kernel[0])
    pair = np.empty_like(out)
    for step in range(1, reach + 1):
        np.add(padded[reach - step : reach - step + rows], padded[reach + step : reach + step + rows], out=pair)
        pair *= np.float32(kernel[step])
        out += pair
    return out
