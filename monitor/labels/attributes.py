"""On which side a mention lies, and how large it is."""

import re
from collections.abc import Sequence

from monitor.labels.lexicon import Lexicon, Side

_NUMBER = r"\d{1,4}(?:[.,]\d{1,2})?"
_UNIT = r"(?:mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?|ミリ|センチ|밀리미터|센티미터)"
# One to three dimensions, or a range; the last unit holds for all.
_SIZE = re.compile(
    rf"(?<![\d.])({_NUMBER})(?:[ -]?(to|-|–)[ -]?({_NUMBER})|(?:[ -]?{_UNIT})?[ -]?(?:x|×|by|\*)[ -]?({_NUMBER}))?"
    rf"(?:(?:[ -]?{_UNIT})?[ -]?(?:x|×|by|\*)[ -]?({_NUMBER}))?[ -]?({_UNIT})(?![\w/²³])"
)
_REACH = 60
_AWAY = re.compile(
    r" {0,2}(?:from|below|above|deep|distal|proximal|beyond|(?:thick )?(?:slices?|cuts?|sections?)|collimation)\b"
)
_JUST_BEFORE = 20  # how near a word for an earlier examination stands to the size it had then

Span = tuple[int, int]


def sizes_of(sentence: str, mentions: Sequence[Span], prior_ends: Sequence[int] = ()) -> list[float | None]:
    """The largest dimension given for each mention, in millimetres.

    A size belongs to the nearest mention; sizes of an earlier examination and distances to something are left out.

    Args:
        sentence: in lower case.
        mentions: where the mentions lie.
        prior_ends: where words for an earlier examination end.
    """
    found: list[float | None] = [None] * len(mentions)
    if not mentions:
        return found
    last_end = 0
    for match in _SIZE.finditer(sentence):
        start, end = match.span()
        earlier = any(last_end <= ended <= start <= ended + _JUST_BEFORE for ended in prior_ends)
        last_end = end
        nearest = min(_distance(span, start, end) for span in mentions)
        size = _millimetres(match, earlier=earlier)
        if size is None or nearest > _REACH or _AWAY.match(sentence, end):
            continue
        for i, span in enumerate(mentions):
            if _distance(span, start, end) == nearest:
                found[i] = max(found[i] or 0.0, size)
    return found


def leading_size(sentence: str, prior_ends: Sequence[int] = ()) -> float | None:
    """The largest dimension a sentence gives of what the sentence before it named, in millimetres."""
    return sizes_of(sentence, [(0, min(len(sentence), _REACH))], prior_ends)[0]


def _millimetres(match: re.Match[str], *, earlier: bool) -> float | None:
    """The largest number in millimetres. Of "from 4 to 6 mm" only the 6 is of today."""
    first, range_to, last, *others, unit = match.groups()
    now = [None if earlier else first, last if range_to or not earlier else None, *([] if earlier else others)]
    numbers = [float(text.replace(",", ".")) for text in now if text]
    scale = 10 if unit.startswith(("c", "セ", "센")) else 1
    return round(max(numbers) * scale, 2) if numbers else None


def _distance(span: Span, start: int, end: int) -> int:
    return max(span[0] - end, start - span[1], 0)


def sides_of(sentence: str, mentions: Sequence[Span], lexicon: Lexicon) -> list[frozenset[Side]]:
    """The sides each mention is said to be on: by the words that lead up to it, else by those that follow.

    A word is used once, so that "effusion on the left and nodule on the right" tells the two apart.
    """
    words = sorted(
        (match.start(), match.end(), side)
        for side, pattern in lexicon.sides.items()
        for match in pattern.finditer(sentence)
    )
    found: list[frozenset[Side]] = []
    if not words:
        return [frozenset()] * len(mentions)
    used = before = 0
    for i, (start, end) in enumerate(mentions):
        if i and mentions[i - 1][1] > start:  # the same words name two findings
            found.append(found[-1])
            continue
        after = next((a for a, _ in mentions[i + 1 :] if a >= end), len(sentence))
        leading = [word for word in words if max(used, before) <= word[0] and word[1] <= end]
        chosen = leading or [
            word
            for word in words
            if end <= word[0]
            and word[1] <= after
            and (after == len(sentence) or lexicon.apart.search(sentence, word[1], after))
        ]
        found.append(frozenset(side for _, _, side in chosen))
        used, before = max([used, *(word[1] for word in chosen)]), max(before, end)
    return found
