"""The state of everything received, in numbers that must add up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

NEED_A_LOOK = ("dead_letters", "quarantined", "partial", "conflicts")
"""Numbers of studies and instances that are no term of the equation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudiesStatus:
    """received = scored + excluded + failed + pending, at all times.

    Attributes:
        dead_letters: failed studies that were tried as often as allowed; part of `failed`.
        quarantined: studies of mixed patients; part of `failed`.
        partial: studies whose last association broke off, whatever their state.
        conflicts: instances whose SOP Instance UID came before with other bytes.
    """

    received: int = 0
    scored: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    pending: int = 0
    dead_letters: int = 0
    quarantined: int = 0
    partial: int = 0
    conflicts: int = 0

    @property
    def balanced(self) -> bool:
        """Whether the accounting equation holds."""
        settled = self.scored + sum(self.excluded.values()) + sum(self.failed.values())
        return self.received == settled + self.pending


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadsStatus:
    """received = preliminary + final + corrected + retracted + quarantined; `unmatched` are those without a study."""

    received: int = 0
    preliminary: int = 0
    final: int = 0
    corrected: int = 0
    retracted: int = 0
    quarantined: int = 0
    unmatched: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PairsStatus:
    """Pairs with a definite label that enter headline figures, and all pairs by how their read was matched."""

    counted: int = 0
    by_match: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What `overread status` prints."""

    studies: StudiesStatus
    reads: ReadsStatus
    pairs: PairsStatus
    oldest_pending_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values. `studies` holds the equation alone; what needs a look stands beside it."""
        plain = asdict(self)
        return plain | {name: plain["studies"].pop(name) for name in NEED_A_LOOK}
