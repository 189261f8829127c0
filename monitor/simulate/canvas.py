"""What drawings are made of: a coordinate grid, soft edges, and textures computed once."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Image: TypeAlias = NDArray[np.float32]

SIDE = 512
TEXTURES = 6
_TEXTURE_SEED = 20_011
_AXIS: Image = np.linspace(-1, 1, SIDE, dtype=np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Canvas:
    """Body coordinates of every pixel: `x` (1 × columns) grows to the patient's left, `y` (rows × 1) to the feet.

    One unit is about 20 cm in an adult. `x` and `y` stay apart so that whatever depends on one alone costs a row.
    """

    x: Image
    y: Image

    @classmethod
    def of(cls, *, scale: float, shift_x: float = 0.0, shift_y: float = 0.0) -> "Canvas":
        """The grid of a body drawn `scale` times as large as an average adult, and off centre by a shift."""
        return cls(
            x=((_AXIS - np.float32(shift_x)) / np.float32(scale))[None, :],
            y=((_AXIS - np.float32(shift_y)) / np.float32(scale))[:, None],
        )

    def half(self) -> tuple["Canvas", NDArray[np.intp]]:
        """One side of this grid, from the midline outwards, and for each column of the whole its column there."""
        step = float(self.x[0, 1] - self.x[0, 0])
        columns = np.rint(np.abs(self.x[0]) / step).astype(np.intp)
        outwards = np.arange(int(columns.max()) + 1, dtype=np.float32) * np.float32(step)
        return Canvas(x=outwards[None, :], y=self.y), columns

    def sampled(self, texture: Image) -> Image:
        """A texture that spans body coordinates [-1, 1], laid under this body (nearest neighbour)."""
        rows = np.clip((self.y[:, 0] + 1) * (SIDE / 2), 0, SIDE - 1).astype(np.intp)
        columns = np.clip((self.x[0] + 1) * (SIDE / 2), 0, SIDE - 1).astype(np.intp)
        sample: Image = texture.take(rows, axis=0).take(columns, axis=1)
        return sample


def soft(distance: Image, width: float) -> Image:
    """1 inside, 0 outside, a smooth step of this width where the signed distance is 0."""
    t = distance * np.float32(1 / width)
    t += np.float32(0.5)
    np.clip(t, 0, 1, out=t)
    rest = t * np.float32(-2)
    rest += np.float32(3)
    t *= t
    t *= rest
    return t


def ellipse(canvas: Canvas, center: tuple[float, float], axes: tuple[float, float], tilt: float = 0.0) -> Image:
    """1 at the centre of an ellipse, 0 on its rim, negative outside. `tilt` in radians, clockwise on the image."""
    dx, dy = canvas.x - np.float32(center[0]), canvas.y - np.float32(center[1])
    cos, sin = np.cos(tilt), np.sin(tilt)
    a, b = axes
    xx, yy, xy = (cos / a) ** 2 + (sin / b) ** 2, (sin / a) ** 2 + (cos / b) ** 2, 2 * cos * sin * (a**-2 - b**-2)
    inside = (dx * np.float32(-xy)) * dy
    inside -= dx * dx * np.float32(xx) - np.float32(1)
    inside -= dy * dy * np.float32(yy)
    return inside


@lru_cache(maxsize=TEXTURES)
def clouds(variant: int) -> Image:
    """Smooth random density with zero mean and unit spread: tissue is never even."""
    rng = np.random.default_rng([_TEXTURE_SEED, variant])
    coarse, fine = (gaussian_filter(rng.standard_normal((SIDE, SIDE)), s, mode="wrap") for s in (28, 7))
    mixed = coarse / coarse.std() + 0.6 * fine / fine.std()
    return np.asarray(mixed / mixed.std(), dtype=np.float32)


@lru_cache(maxsize=TEXTURES)
def vessels(variant: int) -> Image:
    """Pulmonary vessels, brightest at the hila: trees that branch and taper outwards, in adult body coordinates."""
    rng = np.random.default_rng([_TEXTURE_SEED, 100 + variant])
    image = np.zeros((SIDE, SIDE), dtype=np.float32)
    for side in (-1, 1):
        for angle in np.linspace(-1.45, 1.5, 11):
            start = (side * rng.uniform(0.14, 0.2), rng.uniform(-0.1, 0.08))
            _branch(image, start, angle + rng.normal(0, 0.12), side=side, radius=rng.uniform(0.013, 0.026), rng=rng)
    return np.asarray(gaussian_filter(image, 0.8), dtype=np.float32)


def _branch(
    image: Image, start: tuple[float, float], angle: float, *, side: int, radius: float, rng: np.random.Generator
) -> None:
    """Stamp one vessel from `start` outwards, with the vessels that leave it, brighter where it is thicker."""
    x, y = start
    while radius > 0.0032 and abs(x) < 0.75:
        _stamp(image, x, y, radius)
        step = max(radius * 0.7, 0.006)
        x, y = x + side * step * float(np.cos(angle)), y + step * float(np.sin(angle))
        angle += float(rng.normal(0, 0.075))
        radius *= 1 - 0.45 * step / 0.2
        if rng.random() < 0.9 * step / 0.11:
            fork = angle + float(rng.choice((-1, 1)) * rng.uniform(0.35, 0.8))
            _branch(image, (x, y), fork, side=side, radius=radius * 0.68, rng=rng)


def _stamp(image: Image, x: float, y: float, radius: float) -> None:
    """Lay one round dot of a vessel on the image, keeping what is brighter already."""
    row, column, reach = (y + 1) * SIDE / 2, (x + 1) * SIDE / 2, radius * SIDE
    top, left = max(int(row - reach), 0), max(int(column - reach), 0)
    window = image[top : int(row + reach) + 2, left : int(column + reach) + 2]
    rows = np.arange(top, top + window.shape[0])[:, None] - row
    columns = np.arange(left, left + window.shape[1])[None, :] - column
    dot = np.exp(-(rows**2 + columns**2) / (2 * (radius * SIDE / 4) ** 2 + 0.3)) * min(radius / 0.018, 1)
    np.maximum(window, dot, out=window, casting="same_kind")
