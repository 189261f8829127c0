"""When a study is taken to be complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """How long no instance must have come: the same for all, or otherwise for some modalities (DICOM's codes)."""

    usual: timedelta = timedelta(0)
    by_modality: Mapping[str, timedelta] = field(default_factory=dict)

    def of(self, modality: str) -> timedelta:
        """The quiet time of a modality."""
        return self.by_modality.get(modality, self.usual)
