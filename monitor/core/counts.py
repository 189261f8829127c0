"""The fourfold table, and the rows of the cube that hold it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """AI call against the radiologist's label: a fourfold table, and the pairs whose label was uncertain."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    uncertain: int = 0

    @property
    def n(self) -> int:
        """Pairs with a definite label."""
        return self.tp + self.fp + self.fn + self.tn

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            tp=self.tp + other.tp,
            fp=self.fp + other.fp,
            fn=self.fn + other.fn,
            tn=self.tn + other.tn,
            uncertain=self.uncertain + other.uncertain,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CountsRow:
    """Counts of one cell of a query: a model version and finding, perhaps one day, perhaps one stratum."""

    model: str
    version: str
    finding: str
    day: date | None = None
    stratum: Mapping[str, str] = field(default_factory=dict)
    counts: Counts


def cell(*, call: bool, label: bool | None) -> Counts:
    """The table with this one pair in it."""
    if label is None:
        return Counts(uncertain=1)
    return Counts(
        tp=int(call and label),
        fp=int(call and not label),
        fn=int(label and not call),
        tn=int(not call and not label),
    )
