"""What is simulated before it is drawn, sent or reported: a case, a scanner, and the generator that joins them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One imagined examination: who lies there and what they truly have.

    `findings` maps each finding that is truly present to its conspicuity in (0, 1]: 1 is plain to anyone, .1 is subtle.
    `size` is body size relative to an average adult. The same case always draws the same anatomy.
    """

    seed: int
    age: int
    sex: str
    size: float = 1.0
    view: str = "PA"
    findings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanner:
    """A device and how it turns anatomy into stored values.

    `gain` scales the signal, `noise` is the standard deviation of quantum noise at full signal, `blur` the point spread
    in pixels, `gamma` the contrast curve. `photometric` is MONOCHROME1 or MONOCHROME2; `bits_stored` 12 to 16.
    """

    institution: str
    station: str
    manufacturer: str
    model_name: str
    software: str
    gain: float = 1.0
    noise: float = 0.01
    blur: float = 0.6
    gamma: float = 1.0
    photometric: str = "MONOCHROME2"
    bits_stored: int = 12
    transfer_syntax: str = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A drawn case: one image (rows × columns, attenuation in [0, 1], brighter is denser) and a mask per finding."""

    image: NDArray[np.float32]
    masks: Mapping[str, NDArray[np.bool_]]


class Generator(Protocol):
    """Draws the cases of one kind of examination."""

    @property
    def modality(self) -> str:
        """The DICOM modality."""

    @property
    def body_part(self) -> str:
        """The body part examined."""

    @property
    def profile(self) -> str:
        """Which reports and findings go with it."""

    @property
    def findings(self) -> tuple[str, ...]:
        """What it can draw."""

    def draw(self, case: Case) -> Drawing:
        """Draw the anatomy and findings of a case. Deterministic in the case."""

    def acquire(self, drawing: Drawing, scanner: Scanner, *, seed: int) -> NDArray[np.uint16]:
        """The stored values (rows × columns) a scanner makes of a drawing. Deterministic in its arguments."""
