"""Chest radiographs: drawn from a case, acquired by a scanner."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.simulate import scanner as detector
from monitor.simulate.canvas import Image
from monitor.simulate.case import Case, Drawing, Scanner
from monitor.simulate.lateral import lateral
from monitor.simulate.lesions import LESIONS, VISIBLE, Site, lesion_rng, side_of
from monitor.simulate.thorax import LEFT, RIGHT, anatomy_of, canvas_of, enlarged, frontal, heart, lung

CONSPICUITY = (2.6, 1.5)
"""The Beta distribution of how plain a finding is when it is there: mostly evident, with a tail of subtle ones."""

FRONTAL_VIEWS = ("PA", "AP")
LATERAL_VIEW = "LL"


def conspicuity(rng: np.random.Generator) -> float:
    """How plain a finding that is present shall be, in (0, 1], drawn from `CONSPICUITY`."""
    return float(np.clip(rng.beta(*CONSPICUITY), 0.02, 1.0))


def sides(case: Case) -> Mapping[str, str]:
    """The side, "right" or "left", of every one-sided finding of a case."""
    names = {RIGHT: "right", LEFT: "left"}
    return {name: names[side_of(name, case.seed)] for name in case.findings if name in LESIONS}


class ChestGenerator:
    """Draws chest radiographs of 512 × 512: frontal (PA, AP) with up to five findings, or lateral (LL)."""

    modality = "DX"
    body_part = "CHEST"
    profile = "chest-radiograph"
    findings = ("pleural_effusion", "cardiomegaly", "consolidation", "pneumothorax", "nodule")

    def draw(self, case: Case) -> Drawing:
        """Draw a case, with a mask per finding of where it changed the image. A lateral view shows no finding.

        Raises:
            ValueError: a view, finding or conspicuity this generator does not know.
        """
        self._check(case)
        anatomy = anatomy_of(case)
        canvas = canvas_of(anatomy)
        if case.view == LATERAL_VIEW:
            return Drawing(image=lateral(anatomy, canvas), masks={})
        lungs = lung(anatomy, canvas, RIGHT), lung(anatomy, canvas, LEFT)
        shadow = normal = heart(anatomy, canvas)
        changes: dict[str, Image] = {}
        if "cardiomegaly" in case.findings:
            shadow = heart(enlarged(anatomy, case.findings["cardiomegaly"]), canvas)
            changes["cardiomegaly"] = shadow - normal
        image, markings = frontal(anatomy, canvas, lungs, shadow)
        lesions = [name for name in LESIONS if name in case.findings]
        if lesions:
            clear = np.float32(1) - np.float32(0.9) * shadow
            site = Site(anatomy=anatomy, canvas=canvas, lungs=(lungs[0] * clear, lungs[1] * clear), markings=markings)
            for name in lesions:
                changes[name] = _change(name, case, site)
                image += changes[name]
        masks = {name: np.abs(changes[name]) > VISIBLE for name in self.findings if name in changes}
        return Drawing(image=np.clip(image, 0, 1, out=image), masks=masks)

    def acquire(self, drawing: Drawing, scanner: Scanner, *, seed: int) -> NDArray[np.uint16]:
        """The stored values (512 × 512) a scanner makes of a drawing; see `monitor.simulate.scanner`."""
        return detector.acquire(drawing.image, scanner, seed=seed)

    def _check(self, case: Case) -> None:
        views = (*FRONTAL_VIEWS, LATERAL_VIEW)
        if case.view not in views:
            message = f"case {case.seed}: view {case.view!r}; accepted are {', '.join(views)}"
            raise ValueError(message)
        for name, value in case.findings.items():
            if name not in self.findings or not 0 < value <= 1:
                message = (
                    f"case {case.seed}: finding {name!r} of conspicuity {value}; "
                    f"accepted are {', '.join(self.findings)} in (0, 1]"
                )
                raise ValueError(message)


def _change(name: str, case: Case, site: Site) -> Image:
    """The change one lesion makes (512 × 512), exactly 0 where it is too faint to be drawn."""
    rng = lesion_rng(name, case.seed)
    side = side_of(name, case.seed)
    rng.random()  # the draw that chose the side
    change = LESIONS[name](site, case.findings[name], side, rng)
    change *= np.abs(change) > VISIBLE
    return change
