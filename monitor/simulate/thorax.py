"""The normal chest in a frontal view: what varies from person to person, and how it casts its shadow."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from monitor.simulate.canvas import TEXTURES, Canvas, Image, clouds, ellipse, soft, vessels
from monitor.simulate.case import Case

RIGHT, LEFT = -1, 1
"""Where a side lies on `Canvas.x`: the patient's right is on the left of the image."""
_SIDES = {RIGHT: 0, LEFT: 1}

LUNG_AIR = np.float32(0.46)
"""How much attenuation a lung's air takes away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Anatomy:
    """The measures of one chest, in body coordinates (see `Canvas`); derived from a case and nothing else."""

    scale: float
    shift: tuple[float, float]
    cage: float
    apex: float
    angle: float
    domes: tuple[float, float]
    angles: tuple[float, float]
    aeration: tuple[float, float]
    heart: float
    heart_sink: float
    knob: float
    thymus: float
    wall: float
    breast: float
    muscle: float
    rib_slope: float
    rib_gap: float
    rib_phase: float
    clavicle: float
    scapula: float
    markings: float
    texture: int
    lean: float


def anatomy_of(case: Case) -> Anatomy:
    """Measure the chest of a case. Children: smaller, shorter and rounder, a wide heart, level ribs, a thymus."""
    rng = np.random.default_rng([case.seed, 1])
    spread = rng.standard_normal(20)
    child = float(np.clip((16 - case.age) / 15, 0, 1))
    old = float(np.clip((case.age - 55) / 35, 0, 1))
    female, supine = case.sex == "F", case.view == "AP"
    angle = 0.62 - 0.16 * child - 0.06 * supine + 0.03 * spread[0]
    dome = angle - 0.20 + 0.03 * child - 0.05 * supine + 0.02 * spread[1]
    return Anatomy(
        scale=case.size * (1 - 0.24 * child) * (0.96 if female else 1.0) * (1 + 0.02 * spread[2]),
        shift=(0.02 * spread[3], 0.02 * spread[4] - 0.15 * child),
        cage=0.71 + 0.015 * spread[5] + 0.03 * (case.size - 1),
        apex=-0.80 + 0.02 * spread[6] + 0.16 * child,
        angle=angle,
        angles=(angle + 0.045 * spread[16], angle + 0.045 * spread[17]),
        aeration=(1 + 0.05 * spread[18], 1 + 0.05 * spread[19]),
        domes=(dome, dome + 0.045 + 0.012 * spread[7]),
        heart=1 + 0.10 * child + 0.10 * supine + 0.03 * old + 0.065 * spread[8],
        heart_sink=-0.10 * child - 0.03 * supine,
        knob=0.075 + 0.035 * old - 0.03 * child + 0.005 * spread[9],
        thymus=float(np.clip((4 - case.age) / 4, 0, 1)),
        wall=0.13 + 0.03 * spread[10] + 0.25 * max(case.size - 1, 0) - 0.03 * child,
        breast=float(female and case.age > 13) * float(np.clip(0.085 + 0.035 * spread[11], 0.02, 0.16)),
        muscle=0.03 * (not female) * (1 - child),
        rib_slope=1 - 0.55 * child + 0.08 * spread[12] + 0.15 * old,
        rib_gap=0.128 - 0.018 * child + 0.003 * spread[13],
        rib_phase=float(rng.uniform(0, 1)),
        clavicle=-0.60 + 0.02 * spread[14] + 0.14 * child - 0.06 * supine,
        scapula=0.8 if supine else 0.35,
        markings=0.17 * (1 + 0.12 * spread[15]) * (1 + 0.15 * old),
        texture=int(rng.integers(TEXTURES)),
        lean=0.015 * float(rng.standard_normal()),
    )


def enlarged(anatomy: Anatomy, conspicuity: float) -> Anatomy:
    """The same chest with a heart too wide for it; the more conspicuous, the wider."""
    return replace(anatomy, heart=anatomy.heart * (1.05 + 0.30 * conspicuity))


def canvas_of(anatomy: Anatomy) -> Canvas:
    """The grid this body is drawn on."""
    return Canvas.of(scale=anatomy.scale, shift_x=anatomy.shift[0], shift_y=anatomy.shift[1])


def lateral_border(anatomy: Anatomy, y: Image) -> Image:
    """Distance of the inner chest wall from the midline at each height; 0 above the apex."""
    t = np.clip((y - np.float32(anatomy.apex)) / np.float32(anatomy.angle - anatomy.apex), 0, 1)
    return np.asarray(anatomy.cage * (1 - (1 - t) ** 2.7) ** 0.52, dtype=np.float32)


def medial_border(anatomy: Anatomy, y: Image) -> Image:
    """Distance of the mediastinal pleura from the midline at each height."""
    upper = 0.105 + 0.09 * anatomy.thymus
    return np.asarray(upper - 0.03 * np.exp(-(((y + 0.1) / 0.22) ** 2)) * (1 - anatomy.thymus), dtype=np.float32)


def diaphragm(anatomy: Anatomy, x: Image, side: int) -> Image:
    """Height of the diaphragm at each distance `x` from the midline: a dome that drops to the costophrenic angle."""
    dome, angle = anatomy.domes[_SIDES[side]], anatomy.angles[_SIDES[side]]
    u = (x - 0.34) / (anatomy.cage - 0.34)
    drop = np.where(u > 0, np.abs(u) ** 2.2, 0.32 * np.abs(u) ** 2)
    return np.asarray(dome + (angle - dome + 0.02) * drop, dtype=np.float32)


def lung(anatomy: Anatomy, canvas: Canvas, side: int) -> Image:
    """How much of the ray lies in aerated lung, 0 to 1 (rows × columns), heart not yet taken away."""
    field = np.zeros((canvas.y.size, canvas.x.size), dtype=np.float32)
    columns = _between(canvas.x[0] * side, 0.02, anatomy.cage + 0.05)
    x = canvas.x[:, columns] * np.float32(side)
    lateral = lateral_border(anatomy, canvas.y)
    part = soft(lateral - np.float32(0.16) - x, 0.32)
    part *= np.float32(0.2)
    part += np.float32(0.8)
    part *= soft(lateral - x, 0.055)
    part *= soft(x - medial_border(anatomy, canvas.y), 0.05)
    part *= soft(diaphragm(anatomy, x, side) - canvas.y, 0.03)
    part *= np.float32(anatomy.aeration[_SIDES[side]])
    field[:, columns] = part
    return field


def _between(values: Image, low: float, high: float) -> slice:
    """The run of indices at which a monotonic row of values lies between two bounds."""
    inside = np.flatnonzero((values > low) & (values < high))
    return slice(int(inside[0]), int(inside[-1]) + 1)


def heart(anatomy: Anatomy, canvas: Canvas) -> Image:
    """The cardiac and great-vessel shadow, 0 to 1 (rows × columns)."""
    k, y, lean = anatomy.heart, 0.235 + anatomy.heart_sink, anatomy.lean
    shadow = np.zeros((canvas.y.size, canvas.x.size), dtype=np.float32)
    columns = _between(canvas.x[0], -0.30 * k, 0.55 * k)
    canvas = Canvas(x=canvas.x[:, columns], y=canvas.y)
    left = ellipse(canvas, (0.12 * k + lean, y + 0.01), (0.335 * k, 0.215 * k), 0.62)
    right = ellipse(canvas, (-0.03 * k + lean, y), (0.155 * k, 0.27 * k), -0.12)
    trunk = ellipse(canvas, (0.075 + lean, y - 0.30), (0.115, 0.26), 0.12)
    knob = ellipse(canvas, (0.075 + lean, -0.30), (anatomy.knob + 0.035, anatomy.knob + 0.055))
    for other in (right, trunk, knob):
        np.maximum(left, other, out=left)
    left += np.float32(0.06)
    strip = np.float32(0.145 + 0.09 * anatomy.thymus) + np.float32(0.05) * (canvas.y + np.float32(0.3)) ** 2
    above = soft(strip - np.abs(canvas.x - np.float32(lean - 0.01)), 0.07)
    np.maximum(soft(left, 0.42), above, out=shadow[:, columns])
    return shadow


def frontal(anatomy: Anatomy, canvas: Canvas, lungs: tuple[Image, Image], heart_shadow: Image) -> tuple[Image, Image]:
    """Attenuation of the whole chest and the vessels within its lungs (both rows × columns)."""
    air = np.float32(-0.86) * heart_shadow
    air += np.float32(1)
    air *= lungs[0] + lungs[1]
    half, mirror = canvas.half()
    image = _symmetric(anatomy, half).take(mirror, axis=1)
    markings = canvas.sampled(vessels(anatomy.texture))
    markings *= air
    markings *= np.float32(anatomy.markings)
    image += markings
    air *= LUNG_AIR
    image -= air
    image += heart_shadow * (np.float32(0.07) * soft(np.float32(anatomy.angle + 0.05) - canvas.y, 0.4))
    _spine_and_airways(anatomy, canvas, image)
    rows, columns = _between(canvas.y[:, 0], 0.2, 1.0), _between(canvas.x[0], 0.1, 0.6)
    belly = Canvas(x=canvas.x[:, columns], y=canvas.y[rows])
    bubble = ellipse(belly, (0.33, anatomy.domes[1] + 0.13), (0.15, 0.07), -0.2)
    image[rows, columns] -= soft(bubble, 0.5) * np.float32(0.13)
    return image, markings


def _symmetric(anatomy: Anatomy, half: Canvas) -> Image:
    """What is alike on both sides: body, ribs, shoulder girdle, breasts, abdomen. On half a grid, for speed."""
    away, y = half.x, half.y
    image = soft(_outline(anatomy, y) - away, 0.05)
    dense = _bones(anatomy, away, y)
    dense += _thickness(anatomy, away, y)
    dense += _soft_tissue(anatomy, half)
    dense += half.sampled(clouds(anatomy.texture)) * np.float32(0.008)
    below = soft(y - diaphragm(anatomy, away, RIGHT) - np.float32(0.02), 0.10)
    dense += below * (soft(np.float32(anatomy.cage) - away, 0.25) * np.float32(0.07))
    image *= dense
    return image


def _outline(anatomy: Anatomy, y: Image) -> Image:
    """Half the width of the body at each height: neck, shoulders, axillae, flanks."""
    lift = anatomy.apex + 0.80
    wall = anatomy.cage + anatomy.wall
    heights = np.array([-1.6, -1.02, -0.93, -0.84, -0.74, -0.42, -0.22, -0.04, 0.3, 1.6]) + lift
    widths = [0.25, 0.27, 0.42, 0.86, 1.3, 1.32, wall + 0.2, wall + 0.05, wall, wall - 0.01]
    return np.asarray(gaussian_filter1d(np.interp(y, heights, widths), 11, axis=0, mode="nearest"), dtype=np.float32)


def _thickness(anatomy: Anatomy, x: Image, y: Image) -> Image:
    """Soft-tissue attenuation of the body, thickest at the midline and in the abdomen, thin at the neck."""
    wall = np.float32(anatomy.cage + anatomy.wall)
    across = np.float32(0.56) + np.float32(0.16) * np.sqrt(np.clip(1 - (x / wall) ** 2, 0, 1))
    along = np.interp(y, [-1.2, -0.8, -0.3, 0.3, 0.7, 1.2], [0.62, 0.82, 0.96, 1.0, 1.1, 1.12]).astype(np.float32)
    return np.asarray(across * along, dtype=np.float32)


def _bones(anatomy: Anatomy, away: Image, y: Image) -> Image:
    bones = _ribs_behind(anatomy, away, y)
    bones += _ribs_before(anatomy, away, y)
    bones *= soft(lateral_border(anatomy, y + np.float32(0.03)) + np.float32(0.035) - away, 0.03)
    bones *= np.float32(0.25) + np.float32(0.75) * soft(np.float32(anatomy.domes[0] + 0.1) - y, 0.3)
    bones += _clavicles(anatomy, away, y)
    bones += _shoulders(anatomy, away, y)
    return bones


def _ribs_behind(anatomy: Anatomy, away: Image, y: Image) -> Image:
    """Posterior ribs: level at the spine, then down and outwards; all twelve pairs are one periodic pattern."""
    u = away / np.float32(anatomy.cage)
    fall = np.float32(anatomy.rib_slope) * (np.float32(0.27) * u**3 - np.float32(0.10) * u + np.float32(0.02))
    phase = (y - fall) * np.float32(1 / anatomy.rib_gap) + np.float32(anatomy.rib_phase)
    ribs = _rib(phase, 0.42)
    ribs *= np.float32(0.075) * soft(away - np.float32(0.07), 0.06)
    return ribs


def _ribs_before(anatomy: Anatomy, away: Image, y: Image) -> Image:
    """Anterior ribs: fainter, oblique, ending in cartilage that casts no shadow."""
    u = away / np.float32(anatomy.cage)
    fall = np.float32(anatomy.rib_slope) * (np.float32(0.44) - np.float32(0.46) * u + np.float32(0.17) * u**4)
    phase = (y - fall) * np.float32(0.93 / anatomy.rib_gap) + np.float32(anatomy.rib_phase + 0.3)
    ends = np.float32(0.30) + np.float32(0.20) * np.clip(y, -0.6, 0.6)
    ribs = _rib(phase, 0.46)
    ribs *= soft(away - ends, 0.09)
    ribs *= np.float32(0.05) * soft(y + np.float32(0.72), 0.1)
    return ribs


def _rib(phase: Image, duty: float) -> Image:
    """Profile across ribs one `phase` apart: a band of width `duty` whose cortex is brighter than its marrow."""
    phase -= np.rint(phase)
    off = np.abs(phase, out=phase)
    off *= np.float32(2 / duty)
    band = soft(np.float32(1) - off, 0.35)
    off *= np.float32(0.34)
    off += np.float32(0.72)
    band *= off
    return band


def _clavicles(anatomy: Anatomy, away: Image, y: Image) -> Image:
    out = np.zeros((y.size, away.size), dtype=np.float32)
    rows = (y[:, 0] > anatomy.clavicle - 0.35) & (y[:, 0] < anatomy.clavicle + 0.2)
    part = y[rows]
    u = np.clip(away - 0.07, 0, 1)
    line = np.asarray(anatomy.clavicle + 0.05 - 0.42 * u + 0.28 * u * u - 0.02 * np.sin(9 * u), dtype=np.float32)
    thick = np.asarray(0.032 + 0.018 * np.exp(-((u / 0.08) ** 2)), dtype=np.float32)
    off = np.abs(part - line) / thick
    shaft = soft(np.float32(1) - off, 0.3) * (np.float32(0.75) + np.float32(0.3) * np.minimum(off, 1))
    out[rows] = shaft * soft(away - np.float32(0.075), 0.03) * np.float32(0.10)
    return out


def _shoulders(anatomy: Anatomy, away: Image, y: Image) -> Image:
    """Scapulae, whose medial borders overlie the lungs unless the arms are rolled forward, and humeral heads."""
    lift = np.float32(anatomy.apex + 0.80)
    inner = np.float32(0.80 - 0.16 * anatomy.scapula) - np.float32(0.12) * (y + np.float32(0.3))
    blade = soft(away - inner, 0.03) * soft(np.float32(1.05) - away - y * np.float32(0.55), 0.08)
    blade *= soft(np.float32(0.12) + lift - y, 0.12) * soft(y - lift + np.float32(0.74), 0.08)
    blade *= np.float32(0.05)
    head = np.float32(1) - ((away - 1.0) / 0.15) ** 2 - ((y - lift + 0.58) / 0.17) ** 2
    blade += soft(head, 0.6) * np.float32(0.07)
    return blade


def _spine_and_airways(anatomy: Anatomy, canvas: Canvas, image: Image) -> None:
    """Add the vertebrae and take away the trachea and main bronchi, in the middle columns of the image."""
    middle = _between(canvas.x[0], -0.25, 0.25)
    x, y = canvas.x[:, middle], canvas.y
    vertebra = np.float32(0.085) + np.float32(0.028) * np.cos(y * np.float32(2 * np.pi / 0.135))
    part = soft(np.float32(0.092) - np.abs(x - np.float32(anatomy.lean)), 0.03) * vertebra
    trachea = soft(np.float32(0.046) - np.abs(x - np.float32(0.4 * anatomy.lean)), 0.03) * soft(-0.17 - y, 0.08)
    bronchi = soft(np.float32(0.027) - np.abs(y + np.float32(0.19) - np.float32(0.85) * np.abs(x)), 0.03)
    bronchi *= soft(np.float32(0.20) - np.abs(x), 0.08)
    part -= np.maximum(trachea, bronchi) * np.float32(0.10)
    image[:, middle] += part


def _soft_tissue(anatomy: Anatomy, half: Canvas) -> Image:
    """Breasts, whose lower rims cross the lower lungs, or pectoral muscle, which veils the upper ones."""
    if anatomy.breast > 0:
        mound = np.clip(ellipse(half, (0.43, 0.20), (0.33, 0.32)), 0, 1)
        return np.asarray(np.sqrt(mound) * np.float32(anatomy.breast), dtype=np.float32)
    veil = np.clip(ellipse(half, (0.58, -0.32), (0.36, 0.34)), 0, 1)
    return np.asarray(veil * np.float32(anatomy.muscle), dtype=np.float32)
