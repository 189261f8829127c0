"""Report text to finding labels, by rules."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from monitor.core.errors import UsageError
from monitor.core.read import Label
from monitor.labels.assertion import Statement, statements
from monitor.labels.attributes import leading_size
from monitor.labels.language import spoken
from monitor.labels.lexicon import Lexicon, Side
from monitor.labels.profile import Profile, profile_of
from monitor.labels.reading import lexicons_of
from monitor.labels.sections import Section, sections, sentences

MAX_TEXT = 200_000
"""Characters of one report."""
NO_FINDING = "no_finding"

_RANK = {Label.PRESENT: 3, Label.UNCERTAIN: 2, Label.ABSENT: 1, Label.NOT_MENTIONED: 0}
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS = re.compile(r"\s+")


class TextTooLongError(UsageError):
    """The report is longer than the labeler reads."""


class LabelStatus(StrEnum):
    """Whether a report could be labelled at all."""

    OK = "ok"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A size."""

    value: float
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """What a report says of every finding of the profile.

    `evidence` holds, for findings that are mentioned, the half-open span of the deciding words in the original text;
    `grades`, `measurements` and `laterality` what it says of a finding beyond its label; `template` the headings of
    its sections in order. In an unsupported language all of them are empty: unknown words are not negatives.
    """

    status: LabelStatus
    language: str
    labels: Mapping[str, Label] = field(default_factory=dict)
    evidence: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    laterality: Mapping[str, Side] = field(default_factory=dict)
    template: tuple[str, ...] = ()
    labeler: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """A statement with its span in the report, and how it ranks among the others of its finding."""

    said: Statement
    span: tuple[int, int]
    rank: tuple[bool, bool, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Labeler:
    """The rules of one profile in every language a lexicon is there for."""

    profile: Profile
    lexicons: Mapping[str, Lexicon]

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings it may give a label, the summary `no_finding` first."""
        return (*([NO_FINDING] if self.profile.no_finding else []), *self.profile.findings)

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
        tongue = spoken(text, language)
        lexicon = self.lexicons.get(tongue)
        if lexicon is None:
            return Labelled(
                status=LabelStatus.UNSUPPORTED_LANGUAGE,
                language=tongue,
                labeler=f"rules/{self.profile.name}.{tongue}@none",
            )
        return _labelled(text, lexicon)


@cache
def labeler_for(profile: str) -> Labeler:
    """The labeler of a profile, its lexicons compiled once.

    Raises:
        UnknownProfileError: there is no such profile.
        LexiconError: one of its lexicons is not what it should be.
    """
    return Labeler(profile=profile_of(profile), lexicons=lexicons_of(profile))


def _labelled(text: str, lexicon: Lexicon) -> Labelled:
    narrow = text if text.isascii() else text.translate(_FULL_WIDTH)
    lowered = _lowered(narrow)
    parts = sections(narrow, lowered, lexicon)
    told = _by_finding(narrow, lowered, parts, lexicon)
    decided = {name: max(placed, key=lambda one: one.rank) for name, placed in told.items()}
    names = lexicon.covered
    if lexicon.profile.no_finding:
        names = (NO_FINDING, *names)
        decided |= _no_finding(decided.values(), lexicon.profile)
    agreeing = {name: [p.said for p in told[name] if p.said.label is decided[name].said.label] for name in told}
    sizes = {name: [s.size for s in said if s.size is not None] for name, said in agreeing.items()}
    sides = {name: frozenset[Side]().union(*(s.sides for s in said)) for name, said in agreeing.items()}
    return Labelled(
        status=LabelStatus.OK,
        language=lexicon.language,
        labels={name: decided[name].said.label if name in decided else Label.NOT_MENTIONED for name in names},
        evidence={name: decided[name].span for name in names if name in decided},
        grades={name: one.said.grade for name, one in decided.items() if one.said.grade is not None},
        measurements={name: Measurement(value=max(size), unit="mm") for name, size in sizes.items() if size},
        laterality={name: next(iter(s)) if len(s) == 1 else Side.BILATERAL for name, s in sides.items() if s},
        template=tuple(part.heading for part in parts if part.heading),
        labeler=lexicon.labeler,
    )


def _by_finding(narrow: str, lowered: str, parts: Sequence[Section], lexicon: Lexicon) -> dict[str, list[_Placed]]:
    """Everything the report says of each finding that is mentioned, in order."""
    told: dict[str, list[_Placed]] = {}
    measured: list[str] = []
    for sentence in sentences(narrow, parts, lexicon):
        phrase, offsets = _smoothed(lowered, sentence.start, sentence.end)
        found = statements(phrase, lexicon)
        for said in found:
            rank = _rank(said, lexicon, impression=sentence.impression)
            span = offsets[said.start], offsets[said.end - 1] + 1
            told.setdefault(said.finding, []).append(_Placed(said, span, rank))
        if found:
            measured = [
                s.finding for s in found if s.label is not Label.ABSENT and lexicon.profile.findings[s.finding].unit
            ]
        elif measured and lexicon.again.match(phrase) and (size := leading_size(phrase)) is not None:
            for name in measured:
                last = told[name][-1]
                measured_now = replace(last.said, size=max(size, last.said.size or 0.0))
                told[name][-1] = _Placed(measured_now, last.span, last.rank)
    return told


def _rank(said: Statement, lexicon: Lexicon, *, impression: bool) -> tuple[bool, bool, float]:
    """Firm before hedged, the impression before the rest, then the graver: by grade, where the finding has grades."""
    scale = lexicon.profile.findings[said.finding].scale
    if not scale:
        return said.firm, impression, _RANK[said.label]
    grave = 0.5 if said.grade is None else list(scale).index(said.grade)  # there, but of no stated grade
    return said.firm, impression, grave


def _no_finding(decided: Iterable[_Placed], profile: Profile) -> dict[str, _Placed]:
    """Whether nothing is wrong, from what is said of everything else: absent with the first finding that is there."""
    told = [one for one in decided if profile.findings[one.said.finding].pathology]
    if not told:
        return {}
    worst = max(told, key=lambda one: _RANK[one.said.label])
    opposite = {Label.PRESENT: Label.ABSENT, Label.UNCERTAIN: Label.UNCERTAIN, Label.ABSENT: Label.PRESENT}
    said = Statement(NO_FINDING, opposite[worst.said.label], worst.said.start, worst.said.end)
    return {NO_FINDING: _Placed(said, worst.span, worst.rank)}


def _smoothed(lowered: str, start: int, end: int) -> tuple[str, Sequence[int]]:
    """A sentence without surplus blanks, and where each of its characters stands in the report."""
    sentence = lowered[start:end]
    stripped = sentence.strip()
    start += len(sentence) - len(sentence.lstrip())
    if "\n" not in stripped and "  " not in stripped and "\t" not in stripped and "\r" not in stripped:
        return stripped, range(start, start + len(stripped))
    parts = list(_runs(stripped, start))
    return "".join(text for text, _ in parts), [i for _, places in parts for i in places]


def _runs(stripped: str, start: int) -> Iterator[tuple[str, range]]:
    """The words of a sentence with their places, and one blank for every run of them."""
    last = 0
    for blanks in _BLANKS.finditer(stripped):
        yield stripped[last : blanks.start()], range(start + last, start + blanks.start())
        yield " ", range(start + blanks.start(), start + blanks.start() + 1)
        last = blanks.end()
    yield stripped[last:], range(start + last, start + len(stripped))


def _lowered(narrow: str) -> str:
    """Lower case, character for character, so that spans hold in the original."""
    lowered = narrow.lower()
    if len(lowered) == len(narrow):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in narrow)
