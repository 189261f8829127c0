"""Where a report's sections and sentences lie."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.labels.lexicon import Lexicon, SectionRole

MAX_SENTENCE = 600
"""Characters; a longer run without a full stop is cut, so that no rule looks at more than this."""

# A line break ends a sentence where the next line begins one, unless the line before is plainly unfinished.
_END = re.compile(
    r"[.!?;]+(?=\s|\Z|[a-z]{2})|。"
    r"|(?<!,)(?<!\bof)(?<!\bor)(?<!\bno)(?<!\band)[\r\n]+(?=[ \t]{0,40}(?:[A-Z0-9•*\r\n-]|[^\x00-\u024f]|\Z))"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the report, and whether it is part of the impression."""

    start: int
    end: int
    impression: bool


def sentences(text: str, lowered: str, lexicon: Lexicon) -> Iterator[Sentence]:
    """The sentences that count, in order; sections that do not (history, technique, …) are left out.

    Args:
        text: the report.
        lowered: the same in lower case, of the same length.
        lexicon: whose headings to look for.
    """
    for start, end, role in _sections(lowered, lexicon):
        if role is SectionRole.IGNORED:
            continue
        for first, last in _split(text, start, end):
            yield Sentence(first, last, role is SectionRole.IMPRESSION)


def _sections(lowered: str, lexicon: Lexicon) -> Iterator[tuple[int, int, SectionRole]]:
    marks = [(m.start(1), m.end(), lexicon.roles[m.group(1)]) for m in lexicon.headings.finditer(lowered)]
    yield 0, marks[0][0] if marks else len(lowered), SectionRole.FINDINGS
    last_heard = max((i for i, (_, _, role) in enumerate(marks) if role is not SectionRole.IGNORED), default=-1)
    for i, (_, start, role) in enumerate(marks):
        end = marks[i + 1][0] if i + 1 < len(marks) else len(lowered)
        if role is SectionRole.IGNORED and i > last_heard:
            # Nothing is headed after it: an unheaded body may follow on the next line.
            line_end = lowered.find("\n", start, end)
            body = end if line_end < 0 else line_end
            yield start, body, role
            yield body, end, SectionRole.FINDINGS if last_heard < 0 else role
        else:
            yield start, end, role


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    first = start
    for mark in _END.finditer(text, start, end):
        yield from _cut(first, mark.start())
        first = mark.end()
    yield from _cut(first, end)


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    for first in range(start, end, MAX_SENTENCE):
        yield first, min(first + MAX_SENTENCE, end)
