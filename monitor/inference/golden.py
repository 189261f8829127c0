"""The reference image of the self-test every package passes when it is loaded."""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 300, 260


def golden_image() -> NDArray[np.float32]:
    """An image (300 × 260) made of a ramp and waves: the same numbers everywhere, with something at every scale."""
    y = np.linspace(-1, 1, ROWS)[:, None]
    x = np.linspace(-1, 1, COLUMNS)[None, :]
    waves = np.cos(9 * x * x + 4 * y) * np.sin(7 * y + 2 * x) + 0.3 * np.cos(40 * x) * np.cos(31 * y)
    return np.asarray(1000 + 400 * waves + 250 * y - 300 * np.abs(x), dtype=np.float32)
