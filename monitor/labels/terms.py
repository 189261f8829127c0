"""The small language terms are written in, as regular expressions that cannot run away.

A space stands for any short run of blanks or joining punctuation, " ~ " for up to four words between, "(a|b)" and "x?"
as in regular expressions, a trailing "*" for any ending. Every repetition is bounded, and a gap's words and joints
share no character, so that matching time stays linear in the text.
"""

import re
from collections.abc import Iterable, Sequence

from monitor.labels.table import LexiconError


class TermError(LexiconError):
    """A term is not one the labeler reads."""


_JOINT = r"[\s,:/'’-]{1,4}"
_GAP = rf"{_JOINT}(?:(?!(?:not|no|but|without|however)\b)\w{{1,30}}{_JOINT}){{0,4}}?"
_ENDING = r"\w{0,15}"
_LOOK_BEHIND = re.compile(r"\(\?<[!=][^()]*\)")  # of fixed width, so a space in it is one blank
_RUNAWAY = re.compile(r"[)\]}.\w][+]|\.[*]|[)\]][*]|\{\d*,\}")


def any_of(terms: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    """One pattern for all these terms, the longest first. Without terms it matches nothing.

    Args:
        terms: as they stand in the lexicon.
        whole: whether blanks part the words of the language, and a term matches whole words only.

    Raises:
        TermError: a term is no pattern, or one whose matching time could run away.
    """
    ordered = in_order(terms, whole=whole)
    return _compiled(_choice([f"(?:{_pattern(term, whole=whole)})" for term in ordered], ordered, whole=whole))


def one_of(ordered: Sequence[str], *, whole: bool) -> re.Pattern[str]:
    """A pattern whose `lastindex` is the number, from 1, of the term that matched; `ordered` is as `in_order` has it.

    Raises:
        TermError: as in `any_of`.
    """
    return _compiled(_choice([f"({_pattern(term, whole=whole)})" for term in ordered], ordered, whole=whole))


def in_order(terms: Iterable[str], *, whole: bool) -> list[str]:
    """Terms as they are tried: those that begin with a word before those that begin with a mark, the longest first."""
    return sorted(terms, key=lambda term: (whole and _begins_with_mark(term), -len(term)))


def _choice(patterns: Sequence[str], ordered: Sequence[str], *, whole: bool) -> str:
    """The look-behind stands first and once, so that nothing is tried in the middle of a word."""
    if not whole:
        return "|".join(patterns) or "(?!)"
    worded = "|".join(pattern for pattern, term in zip(patterns, ordered, strict=True) if not _begins_with_mark(term))
    marked = [pattern for pattern, term in zip(patterns, ordered, strict=True) if _begins_with_mark(term)]
    return "|".join([*([rf"(?<!\w)(?:{worded})(?!\w)"] if worded else []), *marked]) or "(?!)"


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
