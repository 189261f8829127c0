"""What disease adds to a chest: each finding is a change of attenuation, 0 wherever it does not reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from monitor.simulate.canvas import TEXTURES, Canvas, Image, clouds, ellipse, soft
from monitor.simulate.thorax import LEFT, LUNG_AIR, RIGHT, Anatomy, lateral_border, medial_border

VISIBLE = 0.004
"""A change of attenuation below this is not drawn: it would lie far below the noise of any detector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where a finding is drawn: the chest, the lungs as they are (right, left), and the vessels within them."""

    anatomy: Anatomy
    canvas: Canvas
    lungs: tuple[Image, Image]
    markings: Image

    def lung(self, side: int) -> Image:
        """The aerated lung of one side (rows × columns)."""
        return self.lungs[0 if side == RIGHT else 1]

    def outwards(self, side: int) -> Image:
        """Distance of each column from the midline, positive on this side."""
        return self.canvas.x * np.float32(side)


def effusion(site: Site, conspicuity: float, side: int, rng: np.random.Generator) -> Image:
    """Fluid from a blunted costophrenic angle to half a hemithorax, its upper edge rising along the chest wall.

    The level is measured from the average costophrenic angle. Where this side's angle is higher, a subtle effusion lies
    wholly behind the diaphragm and changes nothing: about one in eight at a conspicuity of .25, none from .4 on.
    """
    anatomy, x, y = site.anatomy, site.outwards(side), site.canvas.y
    depth = 0.01 + 0.42 * conspicuity**2 + 0.01 * rng.standard_normal()
    across = np.clip((x - 0.1) / (anatomy.cage - 0.1), 0, 1)
    level = anatomy.angle + 0.03 - depth * (0.36 + 0.64 * across**2.4)
    fluid = soft(y - level.astype(np.float32), 0.07)
    fluid *= site.lung(side)
    return np.asarray(fluid * (LUNG_AIR * np.float32(0.84)), dtype=np.float32)


def consolidation(site: Site, conspicuity: float, side: int, rng: np.random.Generator) -> Image:
    """A patchy opacity without sharp edges in one zone of a lung, crossed by air bronchograms."""
    anatomy, x, y = site.anatomy, site.outwards(side), site.canvas.y
    height = rng.uniform(anatomy.apex + 0.35, anatomy.domes[0] - 0.08)
    reach = float(lateral_border(anatomy, np.array([height], dtype=np.float32))[0])
    center = (rng.uniform(0.24, max(reach - 0.16, 0.3)), height)
    spread = (rng.uniform(0.13, 0.21), rng.uniform(0.11, 0.2))
    ragged = np.float32(0.28) * site.canvas.sampled(clouds(int(rng.integers(TEXTURES))))
    patch = soft(ellipse(Canvas(x=x, y=y), center, spread, rng.uniform(-0.5, 0.5)) + ragged, 1.3)
    patch *= site.lung(side)
    patch *= np.float32(0.02 + 0.22 * conspicuity) - site.markings * np.float32(0.8)
    return np.maximum(patch, 0, out=patch)


def pneumothorax(site: Site, conspicuity: float, side: int, _rng: np.random.Generator) -> Image:
    """Air between chest wall and lung, widest at the apex: no vessels beyond a fine pleural line, the lung denser."""
    anatomy, x, y = site.anatomy, site.outwards(side), site.canvas.y
    width = 0.006 + 0.19 * conspicuity**1.9
    inner = lateral_border(anatomy, y - np.float32(1.6 * width)) - np.float32(0.75 * width)
    inner += np.float32(0.75 * width) * soft(y - np.float32(anatomy.angle - 0.22), 0.4)
    edge = inner - x
    whole = site.lung(side)
    beyond = soft(-edge, 0.015)
    line = soft(np.float32(0.010) - np.abs(edge), 0.012) * soft(np.float32(anatomy.angle - 0.25) - y, 0.2)
    line *= x > medial_border(anatomy, y)
    change = beyond * (np.float32(-0.01 - 0.05 * conspicuity) - site.markings)
    change += line * np.float32(0.02 + 0.04 * conspicuity)
    change += (np.float32(1) - beyond) * np.float32(0.06 * conspicuity**2)
    change *= whole
    return change


def nodule(site: Site, conspicuity: float, side: int, rng: np.random.Generator) -> Image:
    """A round opacity of 14 to 38 mm anywhere in a lung, behind the ribs or in a window between them."""
    anatomy, x, y = site.anatomy, site.outwards(side), site.canvas.y
    height = rng.uniform(anatomy.apex + 0.22, anatomy.domes[0] - 0.06)
    reach = float(lateral_border(anatomy, np.array([height], dtype=np.float32))[0])
    center = (rng.uniform(0.22, max(reach - 0.08, 0.3)), height)
    radius = (0.035 + 0.06 * conspicuity) * rng.uniform(0.9, 1.1)
    aspect = rng.uniform(0.85, 1.15)
    rows, columns = np.abs(y[:, 0] - center[1]) < 2 * radius, np.abs(x[0] - center[0]) < 2 * radius
    change = np.zeros((y.size, x.size), dtype=np.float32)
    window = np.ix_(rows, columns)
    ball = soft(ellipse(Canvas(x=x[:, columns], y=y[rows]), center, (radius * aspect, radius)) + 0.15, 0.7)
    change[window] = ball * site.lung(side)[window] * np.float32(0.10 + 0.22 * conspicuity)
    return change


LESIONS: Mapping[str, Callable[[Site, float, int, np.random.Generator], Image]] = {
    "pleural_effusion": effusion,
    "consolidation": consolidation,
    "pneumothorax": pneumothorax,
    "nodule": nodule,
}
"""The findings that are added to a chest; an enlarged heart is anatomy instead (`thorax.enlarged`)."""

RIGHT_SHARE: Mapping[str, float] = {
    "pleural_effusion": 0.5,
    "consolidation": 0.56,
    "pneumothorax": 0.55,
    "nodule": 0.55,
}
"""How often a finding lies on the right."""


def side_of(finding: str, seed: int) -> int:
    """The side a finding lies on in the case of this seed: `RIGHT` or `LEFT`."""
    return RIGHT if lesion_rng(finding, seed).random() < RIGHT_SHARE[finding] else LEFT


def lesion_rng(finding: str, seed: int) -> np.random.Generator:
    """The randomness of one finding of one case, the same whatever else the case has."""
    return np.random.default_rng([seed, 2 + list(LESIONS).index(finding)])
