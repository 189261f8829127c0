"""Training material for chest-phantom: drawn cases, acquired by several scanners, with their true findings."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monitor.inference.manifest import Preprocessing
from monitor.inference.preprocess import prepare
from monitor.simulate.case import Case, Scanner
from monitor.simulate.chest import FRONTAL_VIEWS, ChestGenerator, conspicuity

UNNORMALISED = Preprocessing(size=(128, 128), clip=(1.0, 99.0), mean=0.0, sd=1.0)

_FLEET = (
    ("Kestrel", "KX-400", "3.1", 1.0, 0.010, 0.6, 1.0, "MONOCHROME2", 12),
    ("Kestrel", "KX-400", "3.2", 0.92, 0.014, 0.7, 0.95, "MONOCHROME1", 12),
    ("Aldebaran", "Lumen DR", "11.0", 1.08, 0.012, 0.9, 1.10, "MONOCHROME2", 14),
    ("Aldebaran", "Lumen Go", "2.4", 0.85, 0.022, 1.1, 1.05, "MONOCHROME1", 14),
    ("Norrland", "Fjord 7", "7.6", 1.0, 0.017, 0.8, 0.90, "MONOCHROME2", 16),
)
FLEET: tuple[Scanner, ...] = tuple(
    Scanner(
        institution="training",
        station=f"TRAIN{index}",
        manufacturer=maker,
        model_name=model,
        software=software,
        gain=gain,
        noise=noise,
        blur=blur,
        gamma=gamma,
        photometric=photometric,
        bits_stored=bits,
    )
    for index, (maker, model, software, gain, noise, blur, gamma, photometric, bits) in enumerate(_FLEET)
)
"""The scanners the model gets to know: three makers, both photometric interpretations, 12 to 16 bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """Images scaled to [0, 1] (studies × 1 × 128 × 128) and their truth (studies × findings, 0 or 1)."""

    images: Tensor
    truth: Tensor


def imagined(rng: np.random.Generator, *, prevalence: float) -> Case:
    """A case with every finding at this prevalence, each independent of the others."""
    findings = {name: conspicuity(rng) for name in ChestGenerator.findings if rng.random() < prevalence}
    return Case(
        seed=int(rng.integers(2**31)),
        age=int(np.clip(rng.normal(54, 21), 1, 97)),
        sex=str(rng.choice(["F", "M"])),
        size=float(np.clip(rng.normal(1, 0.05), 0.85, 1.15)),
        view=str(rng.choice(FRONTAL_VIEWS, p=[0.75, 0.25])),
        findings=findings,
    )


def presented(stored: NDArray[np.uint16], scanner: Scanner) -> NDArray[np.float32]:
    """Stored values (rows × columns) with physical polarity: brighter is denser, as the ingest room hands them on."""
    values = stored.astype(np.float32)
    return np.float32((1 << scanner.bits_stored) - 1) - values if scanner.photometric == "MONOCHROME1" else values


def rendered(
    cases: list[Case], *, rng: np.random.Generator, fleet: tuple[Scanner, ...] = FLEET, exposures: int = 1
) -> Material:
    """Draw every case once and expose it on `exposures` scanners of a fleet."""
    generator = ChestGenerator()
    images, truth = [], []
    for case in cases:
        drawing = generator.draw(case)
        for index in rng.choice(len(fleet), size=exposures, replace=False):
            stored = generator.acquire(drawing, fleet[index], seed=int(rng.integers(2**31)))
            images.append(prepare(presented(stored, fleet[index]), UNNORMALISED))
            truth.append([float(name in case.findings) for name in generator.findings])
    return Material(images=torch.stack(images), truth=torch.tensor(truth))
