"""The words of one profile in one language, compiled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.labels.profile import Profile


class CueKind(StrEnum):
    """What a cue does to the findings around it."""

    NEGATION_BEFORE = "negation_before"
    HEDGED_NEGATION_BEFORE = "hedged_negation_before"
    NEGATION_AFTER = "negation_after"
    DOUBT_BEFORE = "doubt_before"
    DOUBT_AFTER = "doubt_after"
    DOUBT_AROUND = "doubt_around"
    HISTORY_BEFORE = "history_before"
    HISTORY_AFTER = "history_after"
    PRIOR = "prior"
    BREAKER = "breakers"
    PSEUDO = "pseudo"


class SectionRole(StrEnum):
    """How much a section's words count."""

    IMPRESSION = "impression"
    FINDINGS = "findings"
    IGNORED = "ignored"


class Side(StrEnum):
    """Laterality."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"


@dataclass(frozen=True, kw_only=True, slots=True)
class Normal:
    """A statement of normality, the findings it denies, and whether it denies them in so many words."""

    pattern: re.Pattern[str]
    findings: tuple[str, ...]
    firm: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lexicon:
    """One profile in one language.

    `headings` finds a section's name in its group 1, `headings_within` one in the middle of a line; `reach` is in
    characters. `unfinished` matches at the end of a line that its next line goes on; `again` at the start of a sentence
    that speaks of what the one before it named; `apart` between two mentions that one word for a side cannot both have.
    """

    profile: Profile
    language: str
    version: str
    reach: int
    headings: re.Pattern[str]
    headings_within: re.Pattern[str]
    roles: Mapping[str, SectionRole]
    unfinished: re.Pattern[str]
    again: re.Pattern[str]
    apart: re.Pattern[str]
    cues: Mapping[CueKind, re.Pattern[str]]
    sides: Mapping[Side, re.Pattern[str]]
    findings: Mapping[str, re.Pattern[str]]
    gradings: Mapping[str, Mapping[str, re.Pattern[str]]]
    normals: tuple[Normal, ...]

    @property
    def labeler(self) -> str:
        """What identifies the rules that made a label."""
        return f"rules/{self.profile.name}.{self.language}@{self.version}"

    @property
    def covered(self) -> tuple[str, ...]:
        """The findings this language has words for, in the profile's order."""
        return tuple(name for name in self.profile.findings if name in self.findings or name in self.gradings)
