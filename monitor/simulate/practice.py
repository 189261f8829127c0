"""What governs a site on a given day: who comes, which machines stand there, what happens on the way out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.simulate.fleet import Site

PREVALENCE: Mapping[str, float] = {
    "pleural_effusion": 0.10,
    "cardiomegaly": 0.12,
    "consolidation": 0.09,
    "pneumothorax": 0.05,
    "nodule": 0.07,
}
"""How often each finding is truly there, before any shift."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseMix:
    """Who comes. Shares are probabilities per examination.

    `conspicuity` multiplies how plain a finding is; `portable` is the share of AP images, `lateral` of lateral ones;
    `regulars` the share of patients who have been here before.
    """

    prevalence: Mapping[str, float] = field(default_factory=lambda: dict(PREVALENCE))
    conspicuity: float = 1.0
    children: float = 0.01
    portable: float = 0.25
    lateral: float = 0.02
    regulars: float = 0.15


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """What a router between scanner and archive does to stored values. The tags never tell.

    `window` is the share of the stored range that is kept, low and high; what lies outside is clipped and the rest is
    stretched over the whole range.
    """

    inverted: bool = False
    window: tuple[float, float] = (0.0, 1.0)


class House(StrEnum):
    """How reports are laid out."""

    PROSE = "prose"
    STRUCTURED = "structured"


@dataclass(frozen=True, kw_only=True, slots=True)
class Practice:
    """A site on a given day."""

    site: Site
    mix: CaseMix = field(default_factory=CaseMix)
    gateway: Gateway = field(default_factory=Gateway)
    house: House = House.PROSE
