"""Report text to finding labels, by rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from monitor.core.errors import UsageError
from monitor.core.read import Label
from monitor.labels.assertion import Statement, statements
from monitor.labels.language import detect
from monitor.labels.lexicon import Lexicon, lexicons_of
from monitor.labels.sections import sentences

MAX_TEXT = 200_000
"""Characters of one report."""
NO_FINDING = "no_finding"

_RANK = {Label.PRESENT: 3, Label.UNCERTAIN: 2, Label.ABSENT: 1, Label.NOT_MENTIONED: 0}
_NOT_PATHOLOGY = frozenset({"support_devices"})
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class TextTooLongError(UsageError):
    """The report is longer than the labeler reads."""


class LabelStatus(StrEnum):
    """Whether a report could be labelled at all."""

    OK = "ok"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """What a report says of every finding of the profile.

    `evidence` holds, for findings that are mentioned, the half-open span of the deciding words in the original text.
    In an unsupported language `labels` and `evidence` are empty: unknown words are not negatives.
    """

    status: LabelStatus
    language: str
    labels: Mapping[str, Label] = field(default_factory=dict)
    evidence: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    labeler: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labeler:
    """The rules of one profile in every language a lexicon is there for."""

    profile: str
    lexicons: Mapping[str, Lexicon]

    def label(self, text: str, language: str | None = None) -> Labelled:
        """Label a report.

        Args:
            text: the whole report.
            language: what the sender says it is written in (BCP 47), if anything. What the text plainly is wins.

        Raises:
            TextTooLongError: the text is longer than `MAX_TEXT`.
        """
        if len(text) > MAX_TEXT:
            message = f"text: {len(text)} characters given; at most {MAX_TEXT} are accepted"
            raise TextTooLongError(message)
        spoken = _language(text, language)
        lexicon = self.lexicons.get(spoken)
        if lexicon is None:
            return Labelled(
                status=LabelStatus.UNSUPPORTED_LANGUAGE, language=spoken, labeler=f"rules/{self.profile}.{spoken}@none"
            )
        decided = _decided(text, lexicon)
        names = (NO_FINDING, *lexicon.findings)
        return Labelled(
            status=LabelStatus.OK,
            language=spoken,
            labels={name: decided[name].label if name in decided else Label.NOT_MENTIONED for name in names},
            evidence={name: (decided[name].start, decided[name].end) for name in names if name in decided},
            labeler=lexicon.labeler,
        )


@cache
def labeler_for(profile: str) -> Labeler:
    """The labeler of a profile, its lexicons compiled once.

    Raises:
        UnknownProfileError: no lexicon is there for the profile.
    """
    return Labeler(profile=profile, lexicons=lexicons_of(profile))


def _language(text: str, declared: str | None) -> str:
    """What is plain from the text, else what was declared, else "unknown"."""
    named = (declared or "").strip().lower().replace("_", "-").partition("-")[0][:8]
    found = detect(text)
    if named and not named.isascii():
        named = "unknown"
    if named and named not in {"en", "ja"}:
        return named
    return found or (named if any(c.isalpha() for c in text) else "") or "unknown"


def _decided(text: str, lexicon: Lexicon) -> dict[str, Statement]:
    """The statement in force for each finding that is mentioned."""
    lowered = _lowered(text)
    ranked: dict[str, tuple[tuple[bool, bool, int], Statement]] = {}
    for sentence in sentences(text, lowered, lexicon):
        for said in statements(lowered, sentence.start, sentence.end, lexicon):
            rank = (said.firm, sentence.impression, _RANK[said.label])
            if said.finding not in ranked or rank > ranked[said.finding][0]:
                ranked[said.finding] = rank, said
    decided = {finding: said for finding, (_, said) in ranked.items()}
    normal = _no_finding(decided.values())
    return decided if normal is None else {NO_FINDING: normal, **decided}


def _no_finding(decided: Iterable[Statement]) -> Statement | None:
    """Whether nothing is wrong, from what is said of everything else: absent with the first finding that is there."""
    said = [statement for statement in decided if statement.finding not in _NOT_PATHOLOGY]
    if not said:
        return None
    worst = max(said, key=lambda statement: _RANK[statement.label])
    opposite = {Label.PRESENT: Label.ABSENT, Label.UNCERTAIN: Label.UNCERTAIN, Label.ABSENT: Label.PRESENT}
    return Statement(NO_FINDING, opposite[worst.label], worst.start, worst.end)


def _lowered(text: str) -> str:
    """Lower case and half width, character for character, so that spans hold in the original."""
    narrow = text.translate(_FULL_WIDTH)
    lowered = narrow.lower()
    if len(lowered) == len(narrow):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in narrow)
