"""What the house knows of a model package: its name, its findings and what was promised of it."""

from dataclasses import dataclass
from typing import Literal

EVERY_FINDING = "any"
Statistic = Literal["ppa", "npa", "agreement"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A promise: this statistic of this finding (or of every one, `any`) is at least `at_least`."""

    finding: str
    statistic: Statistic
    at_least: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """A model version as committees speak of it."""

    model: str
    version: str
    title: str
    findings: tuple[str, ...]
    targets: tuple[Target, ...] = ()

    def targets_of(self, finding: str) -> tuple[Target, ...]:
        """The promises that bind this finding."""
        return tuple(target for target in self.targets if target.finding in {finding, EVERY_FINDING})
