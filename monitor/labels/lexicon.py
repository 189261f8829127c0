"""Lexicon files: the words of one profile in one language, compiled to regular expressions that cannot run away."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from monitor.core.errors import UsageError

_LEXICONS = files("monitor.labels") / "lexicons"
# Every repetition is bounded and a gap's words and joints share no character, so matching time stays linear.
_JOINT = r"[\s,:/'’-]{1,4}"
_GAP = rf"{_JOINT}(?:(?!(?:not|no|but|without|however)\b)\w{{1,30}}{_JOINT}){{0,4}}?"
_ENDING = r"\w{0,15}"


class UnknownProfileError(UsageError):
    """No lexicon is there for this profile."""


class CueKind(StrEnum):
    """What a cue does to the findings around it."""

    NEGATION_BEFORE = "negation_before"
    HEDGED_NEGATION_BEFORE = "hedged_negation_before"
    NEGATION_AFTER = "negation_after"
    DOUBT_BEFORE = "doubt_before"
    DOUBT_AFTER = "doubt_after"
    BREAKER = "breakers"
    PSEUDO = "pseudo"


class SectionRole(StrEnum):
    """How much a section's words count."""

    IMPRESSION = "impression"
    FINDINGS = "findings"
    IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True, slots=True)
class Normal:
    """A statement of normality, the findings it denies, and whether it denies them in so many words."""

    pattern: re.Pattern[str]
    findings: tuple[str, ...]
    firm: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """One profile in one language. `headings` finds a section's name in its group 1; `reach` is in characters."""

    profile: str
    language: str
    version: str
    reach: int
    headings: re.Pattern[str]
    roles: Mapping[str, SectionRole]
    cues: re.Pattern[str]
    cue_kinds: tuple[CueKind, ...]
    findings: Mapping[str, re.Pattern[str]]
    normals: tuple[Normal, ...]

    @property
    def labeler(self) -> str:
        """What identifies the rules that made a label."""
        return f"rules/{self.profile}.{self.language}@{self.version}"


def profiles() -> tuple[str, ...]:
    """The profiles a lexicon is there for, in order of name."""
    return tuple(sorted({entry.name.split(".")[0] for entry in _LEXICONS.iterdir() if entry.name.endswith(".toml")}))


@cache
def lexicons_of(profile: str) -> Mapping[str, Lexicon]:
    """Every language's lexicon of a profile.

    Raises:
        UnknownProfileError: no lexicon is there for the profile; the message names the accepted ones.
    """
    if profile not in profiles():
        message = f"profile: {profile[:80]!r} is not known; accepted: {', '.join(profiles())}"
        raise UnknownProfileError(message)
    found = sorted(entry.name for entry in _LEXICONS.iterdir() if entry.name.startswith(f"{profile}."))
    loaded = [_compiled(profile, tomllib.loads((_LEXICONS / name).read_text("utf-8"))) for name in found]
    return {lexicon.language: lexicon for lexicon in loaded}


def _compiled(profile: str, table: Mapping[str, Any]) -> Lexicon:
    whole = bool(table["whole_words"])
    cues = [(term, CueKind(kind)) for kind, terms in table["cues"].items() for term in terms]
    cues.sort(key=lambda cue: -len(cue[0]))
    roles = {name: SectionRole(role) for role, names in table["sections"].items() for name in names}
    return Lexicon(
        profile=profile,
        language=table["language"],
        version=table["version"],
        reach=table["reach"],
        headings=_headings(roles),
        roles=roles,
        cues=_words([f"({_pattern(term, whole=whole)})" for term, _ in cues], whole=whole),
        cue_kinds=tuple(kind for _, kind in cues),
        findings={name: _any(terms, whole=whole) for name, terms in table["findings"].items()},
        normals=tuple(
            Normal(pattern=_any(row["terms"], whole=whole), findings=tuple(row["findings"]), firm=row["firm"])
            for row in table["normal"]
        ),
    )


def _headings(roles: Iterable[str]) -> re.Pattern[str]:
    """A known name at the start of a line or sentence, closed by a colon, a bracket or the end of its line."""
    names = "|".join(re.escape(name) for name in sorted(roles, key=len, reverse=True))
    return re.compile(
        rf"(?:^|[.;\n。])[ \t#*■◆●【\[<]{{0,8}}({names})[ \t*]{{0,8}}(?:[】\]>]?[:：]|[】\]>]|(?=\r?\n|\Z))"
    )


def _any(terms: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    return _words([_pattern(term, whole=whole) for term in sorted(terms, key=len, reverse=True)], whole=whole)


def _words(patterns: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    """Any of these patterns; the look-behind stands first, so that nothing is tried in the middle of a word."""
    choice = f"(?:{'|'.join(patterns)})"
    return re.compile(rf"(?<!\w){choice}(?!\w)" if whole else choice)


def _pattern(term: str, *, whole: bool) -> str:
    """A term as a regular expression with no capturing group."""
    pattern = re.sub(r"\((?!\?)", "(?:", term)
    if not whole:
        return pattern
    pattern = re.sub(r"(?<=\w)\*", lambda _: _ENDING, pattern.replace(" ~ ", "\0"))
    return pattern.replace("\0", _GAP).replace(" ", _JOINT)
