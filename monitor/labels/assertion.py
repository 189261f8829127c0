"""What one sentence says of each finding in it: present, absent or in doubt.

In the line of NegEx (Chapman et al., J Biomed Inform 2001) and ConText (Harkema et al., J Biomed Inform 2009): cues
before and after a mention, breakers that end their scope, pseudo-cues that look like negations and are none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.core.read import Label
from monitor.labels.lexicon import CueKind, Lexicon

_NEGATIONS = frozenset({CueKind.NEGATION_BEFORE, CueKind.HEDGED_NEGATION_BEFORE})
_AFTER = frozenset({CueKind.NEGATION_AFTER, CueKind.DOUBT_AFTER})
_LOOK_BACK = 16  # cues; a clause with more is not a report


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue and where it lies."""

    start: int
    end: int
    kind: CueKind


@dataclass(frozen=True, slots=True)
class Statement:
    """One finding as one sentence has it. A statement that is not firm never outranks a firm one."""

    finding: str
    label: Label
    start: int
    end: int
    firm: bool = True


def statements(lowered: str, start: int, end: int, lexicon: Lexicon) -> Iterator[Statement]:
    """What the sentence `lowered[start:end]` says, finding by finding."""
    denied: dict[str, list[tuple[int, int]]] = {}
    for normal in lexicon.normals:
        for match in normal.pattern.finditer(lowered, start, end):
            for finding in normal.findings:
                denied.setdefault(finding, []).append(match.span())
                yield Statement(finding, Label.ABSENT, match.start(), match.end(), normal.firm)
    cues: list[Cue] | None = None
    for finding, pattern in lexicon.findings.items():
        for match in pattern.finditer(lowered, start, end):
            if any(match.start() < b and a < match.end() for a, b in denied.get(finding, ())):
                continue
            cues = _cues(lowered, start, end, lexicon) if cues is None else cues
            label, firm = judge(lowered, match.start(), match.end(), cues, lexicon.reach)
            yield Statement(finding, label, match.start(), match.end(), firm)


def judge(lowered: str, start: int, end: int, cues: Sequence[Cue], reach: int) -> tuple[Label, bool]:
    """How the cues of its sentence leave the mention `lowered[start:end]`, and whether firmly.

    Args:
        lowered: the report in lower case.
        start: where the mention begins.
        end: where it ends.
        cues: the sentence's cues, in order, none overlapping another.
        reach: how far, in characters, doubt and whatever follows a mention reach.
    """
    after = _following(cues, end, reach)
    if after is not None:
        return (Label.ABSENT if after.kind is CueKind.NEGATION_AFTER else Label.UNCERTAIN), True
    negation = doubt = None
    for cue in _preceding(cues, start):
        if cue.kind in _NEGATIONS:
            negation = negation or cue
        elif cue.kind is CueKind.DOUBT_BEFORE and start - cue.end <= reach:
            doubt = doubt or cue
    if negation is None:
        return (Label.PRESENT if doubt is None else Label.UNCERTAIN), True
    # "no opacity to suggest pneumonia" denies; "no effusion, possible pneumonia" does not.
    if doubt is not None and doubt.start >= negation.end and "," in lowered[negation.end : doubt.start]:
        return Label.UNCERTAIN, True
    return Label.ABSENT, negation.kind is CueKind.NEGATION_BEFORE


def _preceding(cues: Sequence[Cue], start: int) -> Iterator[Cue]:
    """Cues of the same clause before a mention, nearest first."""
    before = [cue for cue in cues if cue.end <= start][-_LOOK_BACK:]
    for cue in reversed(before):
        if cue.kind is CueKind.BREAKER:
            return
        yield cue


def _following(cues: Sequence[Cue], end: int, reach: int) -> Cue | None:
    for cue in cues:
        if cue.start < end:
            continue
        if cue.kind is CueKind.BREAKER or cue.start - end > reach:
            return None
        if cue.kind in _AFTER:
            return cue
    return None


def _cues(lowered: str, start: int, end: int, lexicon: Lexicon) -> list[Cue]:
    kinds = lexicon.cue_kinds
    found = lexicon.cues.finditer(lowered, start, end)
    return [Cue(m.start(), m.end(), kinds[(m.lastindex or 1) - 1]) for m in found]
