"""The chest seen from the side: spine behind, sternum before, both lungs over each other and the heart in front."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from monitor.simulate.canvas import Canvas, Image, clouds, ellipse, soft
from monitor.simulate.thorax import Anatomy


def lateral(anatomy: Anatomy, canvas: Canvas) -> Image:
    """Attenuation (rows × columns) of a left lateral view, the patient facing the left of the image."""
    x, y = canvas.x, canvas.y
    front, back = _front(anatomy, y), _back(y)
    body = soft(x - front, 0.05) * soft(back + np.float32(0.30) - x, 0.05)
    image = body * np.float32(0.72)
    air = soft(x - front - np.float32(0.10 + 0.4 * anatomy.wall), 0.06) * soft(back - x, 0.07)
    air *= soft(y - np.float32(anatomy.apex) - np.float32(0.5) * (x - np.float32(0.18)) ** 2, 0.12)
    for dome in anatomy.domes:
        air *= np.float32(0.35) + np.float32(0.65) * soft(_dome(anatomy, x, dome) - y, 0.03)
    heart = soft(ellipse(canvas, (-0.23, 0.24 + anatomy.heart_sink), (0.27 * anatomy.heart, 0.34), -0.5), 0.7)
    arch = soft(ellipse(canvas, (0.05, -0.28), (0.16, 0.30), 0.3), 1.2)
    image -= air * (np.float32(0.44) - np.float32(0.21) * heart - np.float32(0.10) * arch)
    image += body * (
        _spine(x, y, back) + _arms(canvas) + soft(y - np.float32(anatomy.domes[1]), 0.2) * np.float32(0.08)
    )
    image += soft(np.float32(0.022) - np.abs(x - front - np.float32(0.06)), 0.02) * _upper(y) * np.float32(0.12)
    image -= soft(np.float32(0.035) - np.abs(x - np.float32(0.07) - 0.12 * y), 0.03) * _throat(y) * np.float32(0.12)
    image += _ribs(anatomy, x, y) * air
    image += canvas.sampled(clouds(anatomy.texture)) * np.float32(0.008) * body
    return np.clip(image, 0, 1, out=image)


def _front(anatomy: Anatomy, y: Image) -> Image:
    edge = np.interp(y, [-1.2, -0.9, -0.7, -0.2, 0.3, 1.2], [-0.05, -0.14, -0.34, -0.50, -0.56, -0.56])
    return np.asarray(gaussian_filter1d(edge - anatomy.breast, 12, axis=0, mode="nearest"), dtype=np.float32)


def _back(y: Image) -> Image:
    edge = np.interp(y, [-1.2, -0.8, -0.3, 0.2, 0.7, 1.2], [0.18, 0.28, 0.46, 0.47, 0.38, 0.30])
    return np.asarray(gaussian_filter1d(edge, 16, axis=0, mode="nearest"), dtype=np.float32)


def _dome(anatomy: Anatomy, x: Image, dome: float) -> Image:
    u = x - np.float32(0.05)
    return np.asarray(dome + np.where(u > 0, 1.5 * u**2, 0.25 * u**2) * (anatomy.angle + 0.3), dtype=np.float32)


def _spine(x: Image, y: Image, back: Image) -> Image:
    """Vertebral bodies with the discs between them, and their arches behind."""
    phase = y * np.float32(1 / 0.135)
    body = soft(np.float32(0.36) - np.abs(phase - np.rint(phase)), 0.12) * np.float32(0.05) + np.float32(0.04)
    column: Image = soft(np.float32(0.075) - np.abs(x - back - np.float32(0.01)), 0.02) * body
    column += soft(np.float32(0.06) - np.abs(x - back - np.float32(0.15)), 0.06) * np.float32(0.07)
    return column


def _arms(canvas: Canvas) -> Image:
    return soft(ellipse(canvas, (0.02, -0.98), (0.28, 0.36), 0.35), 0.6) * np.float32(0.12)


def _upper(y: Image) -> Image:
    return soft(y + np.float32(0.62), 0.1) * soft(np.float32(0.05) - y, 0.1)


def _throat(y: Image) -> Image:
    return soft(np.float32(-0.12) - y, 0.1)


def _ribs(anatomy: Anatomy, x: Image, y: Image) -> Image:
    """Ribs of both sides, sloping down to the front."""
    phase = (y + np.float32(0.75) * x + np.float32(0.5) * x * x) * np.float32(1 / anatomy.rib_gap)
    off = np.abs(phase - np.rint(phase)) * np.float32(2 / 0.4)
    return soft(np.float32(1) - off, 0.4) * np.float32(0.06)
