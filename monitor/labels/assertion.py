"""What one sentence says of each finding in it: present, absent or in doubt; its grade, its size and its side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from monitor.core.read import Label
from monitor.labels.attributes import sides_of, sizes_of
from monitor.labels.cues import Judgement, cues_of, judge
from monitor.labels.lexicon import CueKind, Lexicon, Side
from monitor.labels.profile import Finding
from monitor.labels.terms import scan

_SENTENCES_KEPT = 20_000
_LONGEST_KEPT = 160  # characters: stock phrases are short, and what is long hardly comes twice


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that name a finding, or a grade of it."""

    finding: str
    start: int
    end: int
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One finding as one sentence has it. A statement that is not firm never outranks a firm one."""

    finding: str
    label: Label
    start: int
    end: int
    firm: bool = True
    grade: str | None = None
    size: float | None = None
    sides: frozenset[Side] = frozenset()


def statements(sentence: str, lexicon: Lexicon) -> Sequence[Statement]:
    """What a sentence says, finding by finding. What stock phrases say is remembered.

    Args:
        sentence: in lower case, its runs of blanks one blank each.
        lexicon: whose words to look for.
    """
    return (_remembered if len(sentence) <= _LONGEST_KEPT else _read)(sentence, lexicon)


def _read(sentence: str, lexicon: Lexicon) -> tuple[Statement, ...]:
    denials = tuple(_denials(sentence, lexicon))
    mentions = _mentions(sentence, lexicon, denials)
    said = [*denials, *_judged(sentence, mentions, lexicon)] if mentions else denials
    return tuple(related for statement in said for related in _with_kin(statement, lexicon))


_remembered = lru_cache(maxsize=_SENTENCES_KEPT)(_read)


def _denials(sentence: str, lexicon: Lexicon) -> Iterator[Statement]:
    for normal in lexicon.normals:
        for match in normal.pattern.finditer(sentence):
            for finding in normal.findings:
                yield Statement(finding, Label.ABSENT, match.start(), match.end(), normal.firm)


def _mentions(sentence: str, lexicon: Lexicon, denials: Sequence[Statement]) -> list[Mention]:
    """Every mention that no statement of normality holds, in order; words for a grade outrank words for its finding."""
    found = [
        Mention(finding, start, end, max(grades, key=[*lexicon.profile.findings[finding].scale].index))
        for finding, grading in lexicon.gradings.items()
        for start, end, grades in scan(sentence, grading)
    ]
    taken = [(said.finding, said.start, said.end) for said in denials]
    taken += [(mention.finding, mention.start, mention.end) for mention in found]
    for finding, pattern in lexicon.findings.items():
        for match in pattern.finditer(sentence):
            start, end = match.span()
            if not any(name == finding and start < b and a < end for name, a, b in taken):
                found.append(Mention(finding, start, end))
    genera = {finding.is_a for finding in lexicon.profile.findings.values() if finding.is_a}
    if genera:
        found = [
            mention for mention in found if mention.finding not in genera or not _of_species(mention, found, lexicon)
        ]
    found.sort(key=lambda mention: (mention.start, mention.end))
    return found


def _of_species(genus: Mention, found: Sequence[Mention], lexicon: Lexicon) -> bool:
    """Whether words for a genus are part of words for one of its species: "subdural haemorrhage" speaks of no other."""
    return any(
        lexicon.profile.findings[other.finding].is_a == genus.finding
        and other.start < genus.end
        and genus.start < other.end
        for other in found
    )


def _judged(sentence: str, mentions: Sequence[Mention], lexicon: Lexicon) -> Iterator[Statement]:
    spans = [(mention.start, mention.end) for mention in mentions]
    cues = cues_of(sentence, spans, lexicon)
    prior = [cue for cue in cues if CueKind.PRIOR in cue.keys]
    sides = sides_of(sentence, spans, lexicon)
    sizes = sizes_of(sentence, spans, [cue.end for cue in prior])
    last_end = 0
    for mention, side, size in zip(mentions, sides, sizes, strict=True):
        earlier = any(
            last_end <= cue.start and cue.end <= mention.start and "," not in sentence[cue.end : mention.start]
            for cue in prior
        )
        last_end = mention.end
        judged = judge(sentence, mention.start, mention.end, cues, lexicon.reach, spans)
        if judged is not None and not (earlier and mention.grade):
            yield from _detailed(mention, judged, size, side, lexicon.profile.findings[mention.finding])


def _detailed(
    mention: Mention, judged: Judgement, size: float | None, sides: frozenset[Side], finding: Finding
) -> Iterator[Statement]:
    """The statement with its grade, size and side. To deny a grade says nothing of the others."""
    label = judged.label
    grade = mention.grade
    if grade is not None:
        if label is Label.ABSENT:
            return
        label = finding.scale[grade] if label is Label.PRESENT else label
    elif label is Label.ABSENT:
        grade = finding.denied
    there = label is not Label.ABSENT
    yield Statement(
        mention.finding,
        label,
        mention.start,
        mention.end,
        judged.firm,
        grade=grade,
        size=size if there and finding.unit else None,
        sides=sides if there and finding.sided else frozenset(),
    )


def _with_kin(said: Statement, lexicon: Lexicon) -> Iterator[Statement]:
    """A species that is there makes its genus so; a genus that is denied denies its species."""
    yield said
    findings = lexicon.profile.findings
    if said.label is Label.ABSENT:
        kin = [name for name in lexicon.covered if findings[name].is_a == said.finding]
    else:
        genus = findings[said.finding].is_a
        kin = [] if genus is None else [genus]
    for name in kin:
        yield replace(said, finding=name, grade=None, size=None)
