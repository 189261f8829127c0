"""How the cues of a sentence bear on a mention in it: they deny it, doubt it or put it in the past.

In the line of NegEx (Chapman et al., J Biomed Inform 2001) and ConText (Harkema et al., J Biomed Inform 2009): cues
before and after a mention, breakers that end their scope, pseudo-cues that look like negations and are none.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.core.read import Label
from monitor.labels.lexicon import CueKind, Lexicon
from monitor.labels.terms import Found, scan

Span = tuple[int, int]

_NEGATIONS = frozenset({CueKind.NEGATION_BEFORE, CueKind.HEDGED_NEGATION_BEFORE})
_DOUBTS_BEFORE = frozenset({CueKind.DOUBT_BEFORE, CueKind.DOUBT_AROUND})
_BEFORE = _NEGATIONS | {CueKind.DOUBT_BEFORE, CueKind.HISTORY_BEFORE}
_AFTER = frozenset({CueKind.NEGATION_AFTER, CueKind.DOUBT_AFTER, CueKind.DOUBT_AROUND, CueKind.HISTORY_AFTER})
_LOOK_BACK = 16  # cues; a clause with more is not a report


Cue = Found[CueKind]
"""A cue and where it lies. Most have one kind; "possible" works forwards or backwards, "versus" both ways."""


class Judgement(NamedTuple):
    """A label, and whether it is firm: "no large effusion" leaves room for a small one."""

    label: Label
    firm: bool = True


def cues_of(sentence: str, mentions: Sequence[Span], lexicon: Lexicon) -> list[Cue]:
    """The cues of a sentence, in order, none overlapping another; a pseudo-cue only hides what it covers.

    Args:
        sentence: in lower case.
        mentions: where its mentions lie, in order.
        lexicon: whose cues to look for.
    """
    found = scan(sentence, lexicon.cues)
    return [_directed(sentence, cue, mentions) for cue in found if CueKind.PSEUDO not in cue.keys]


def judge(
    sentence: str, start: int, end: int, cues: Sequence[Cue], reach: int, mentions: Sequence[Span] = ()
) -> Judgement | None:
    """How the cues of its sentence leave the mention `sentence[start:end]`, and whether firmly.

    Args:
        sentence: in lower case.
        start: where the mention begins.
        end: where it ends.
        cues: the sentence's cues, in order, none overlapping another.
        reach: how far, in characters, doubt and whatever follows a mention reach.
        mentions: where the sentence's mentions lie.

    Returns:
        The judgement, or None where the mention is of the past or a mere risk.
    """
    negation = None
    doubt = next((cue for cue in cues if start <= cue.start and cue.end <= end and cue.keys & _DOUBTS_BEFORE), None)
    for cue in _preceding(cues, start):
        if cue.keys & _NEGATIONS:
            negation = negation or cue
        elif start - cue.end <= reach:
            if CueKind.HISTORY_BEFORE in cue.keys:
                return None
            doubt = doubt or (cue if cue.keys & _DOUBTS_BEFORE else None)
    after = _following(cues, end, reach)
    # "No effusion and pneumothorax is not excluded": what follows the next mention is said of that one.
    if after is not None and not (
        (negation or CueKind.DOUBT_AROUND in after.keys) and any(end <= a and b <= after.start for a, b in mentions)
    ):
        if CueKind.HISTORY_AFTER in after.keys:
            return None
        return Judgement(Label.ABSENT if CueKind.NEGATION_AFTER in after.keys else Label.UNCERTAIN)
    if negation is None:
        return Judgement(Label.PRESENT if doubt is None else Label.UNCERTAIN)
    # "no opacity to suggest pneumonia" denies; "no effusion, possible pneumonia" does not.
    if doubt is not None and doubt.start >= negation.end and "," in sentence[negation.end : doubt.start]:
        return Judgement(Label.UNCERTAIN)
    # In "no acute infarct" the word that hedges may be part of what is denied, and then it hedges nothing.
    return Judgement(Label.ABSENT, firm=CueKind.NEGATION_BEFORE in negation.keys or negation.end > start)


def _directed(sentence: str, cue: Cue, mentions: Sequence[Span]) -> Cue:
    """A cue that works both ways works on the mention it leads up to; where it leads to none, on the one before."""
    if not (cue.keys & _BEFORE and cue.keys & _AFTER):
        return cue
    following = next((start for start, _ in mentions if start >= cue.end), None)
    forwards = following is not None and not set(sentence[cue.end : following]) & set(",;:")
    return Found(cue.start, cue.end, cue.keys & (_BEFORE if forwards else _AFTER))


def _preceding(cues: Sequence[Cue], start: int) -> Iterator[Cue]:
    """Cues of the same clause before a mention, nearest first."""
    before = [cue for cue in cues if cue.end <= start or (cue.start < start and cue.keys & _NEGATIONS)][-_LOOK_BACK:]
    for cue in reversed(before):
        if CueKind.BREAKER in cue.keys:
            return
        yield cue


def _following(cues: Sequence[Cue], end: int, reach: int) -> Cue | None:
    for cue in cues:
        if cue.start < end:
            continue
        if CueKind.BREAKER in cue.keys or cue.start - end > reach:
            return None
        if cue.keys & _AFTER:
            return cue
    return None
