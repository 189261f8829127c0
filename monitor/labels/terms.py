"""The small language terms are written in, as regular expressions that cannot run away.

A space stands for any short run of blanks or joining punctuation, " ~ " for up to four words between, "(a|b)" and "x?"
as in regular expressions, a trailing "*" for any ending. Every repetition is bounded, and a gap's words and joints
share no character, so that matching time stays linear in the text.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from monitor.labels.table import LexiconError

KeyT = TypeVar("KeyT")


class TermError(LexiconError):
    """A term is not one the labeler reads."""


_JOINT = r"[\s,:/'’-]{1,4}"
_GAP = rf"{_JOINT}(?:(?!(?:not|no|but|without|however)\b)\w{{1,30}}{_JOINT}){{0,4}}?"
_ENDING = r"\w{0,15}"
_LOOK_BEHIND = re.compile(r"\(\?<[!=][^()]*\)")  # of fixed width, so a space in it is one blank
_RUNAWAY = re.compile(r"[)\]}.\w][+]|\.[*]|[)\]][*]|\{\d*,\}")


def any_of(terms: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    """One pattern for all these terms, the longest first. Without terms it matches nothing.

    It has no capturing group: a hundred groups make a scan twenty times slower.

    Args:
        terms: as they stand in the lexicon.
        whole: whether blanks part the words of the language, and a term matches whole words only.

    Raises:
        TermError: a term is no pattern, or one whose matching time could run away.
    """
    ordered = sorted(terms, key=len, reverse=True)
    worded = [_pattern(term, whole=whole) for term in ordered if not (whole and _begins_with_mark(term))]
    marked = [_pattern(term, whole=whole) for term in ordered if whole and _begins_with_mark(term)]
    choice = "|".join(worded)
    if whole and worded:
        # The look-behind stands first and once, so that nothing is tried in the middle of a word.
        choice = rf"(?<!\w)(?:{choice})(?!\w)"
    return _compiled("|".join([*([choice] if choice else []), *marked]) or "(?!)")


class Found(NamedTuple, Generic[KeyT]):
    """Where terms were found, and what they stand for: more than one thing where several lists have them."""

    start: int
    end: int
    keys: frozenset[KeyT]


def scan(sentence: str, patterns: Mapping[KeyT, re.Pattern[str]]) -> list[Found[KeyT]]:
    """What is found of several lists of terms, in order. Of two that overlap the first counts, or the longer one."""
    spans: dict[tuple[int, int], set[KeyT]] = {}
    for key, pattern in patterns.items():
        for match in pattern.finditer(sentence):
            spans.setdefault((match.start(), -match.end()), set()).add(key)
    found: list[Found[KeyT]] = []
    last_end = 0
    for (start, minus_end), keys in sorted(spans.items(), key=lambda item: item[0]):
        if start >= last_end:
            last_end = -minus_end
            found.append(Found(start, last_end, frozenset(keys)))
    return found


def _begins_with_mark(term: str) -> bool:
    return not (term[0].isalnum() or term[0] in "([")


def _pattern(term: str, *, whole: bool) -> str:
    """A term as a regular expression with no capturing group."""
    pattern = re.sub(r"(?<!\\)\((?!\?)", "(?:", term)
    pattern = _LOOK_BEHIND.sub(lambda found: found.group().replace(" ", r"\s"), pattern)
    if whole:
        pattern = re.sub(r"(?<=\w)\*", lambda _: _ENDING, pattern.replace(" ~ ", "\0"))
        pattern = pattern.replace(" ?", "\1").replace(" ", _JOINT)
        pattern = pattern.replace("\0", _GAP).replace("\1", f"(?:{_JOINT})?")
    if _RUNAWAY.search(pattern):
        message = f"term: {term[:80]!r} repeats without a bound; accepted: x?, x{{0,9}}, word*"
        raise TermError(message)
    return pattern


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        message = f"term: {pattern[:80]!r} is no pattern ({error.msg}); accepted: see the head of the lexicon"
        raise TermError(message) from None
