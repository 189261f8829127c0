"""Where a report's sections and sentences lie."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.labels.lexicon import Lexicon, SectionRole

MAX_SENTENCE = 600
"""Characters; a longer run without a full stop is cut, so that no rule looks at more than this."""

# The marks stand first, so that nothing is looked back at where there is none.
_FULL_STOP = re.compile(
    r"(?:[.!;]+(?<!\bvs\.)(?<!\bdr\.)(?<!\bapprox\.)(?<!\bcf\.)(?<!\bincl\.)(?<!\be\.g\.)(?<!\bi\.e\.)|\?+(?<=\w\?))"
    r"(?=\s|\Z|[A-Za-z]{2})|。",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"[ \t]*\r?\n")
# What begins a line that is no continuation: a blank line, a bullet or a number of a list.
_ITEM = re.compile(r"[ \t]{0,40}(?:[\r\n•*■◆●○・-]|\(?\d{1,2}[.)][ \t]|\Z)")
_WORD = re.compile(r"[ \t]{0,40}([^\s]{1,80})")
_BLANK_LINE = re.compile(r"\S[^\n]*\n[ \t\r]*\n")
_LOWER = re.compile(r"[a-z]")
_WRAPPED_AT = 50  # characters; in a text all in capitals, a line shorter than this was ended, not wrapped


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the report, and whether it is part of the impression."""

    start: int
    end: int
    impression: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A section's body and its role; `heading` is empty where none stands over it."""

    start: int
    end: int
    role: SectionRole
    heading: str


def sections(text: str, lowered: str, lexicon: Lexicon) -> list[Section]:
    """The report's sections in order. Nothing but what the lexicon knows is a heading.

    An unheaded body may follow a section that does not count: on its next line where nothing is headed after it, or
    below a blank line where no findings are headed anywhere.

    Args:
        text: the report.
        lowered: the same in lower case, of the same length.
        lexicon: whose headings to look for.
    """
    marks = [(m.start(1), m.end(), m.group(1)) for m in lexicon.headings.finditer(lowered)]
    within = [m for m in lexicon.headings_within.finditer(lowered) if text[m.start() : m.end()].isupper()]
    marks = sorted({*marks, *((m.start(1), m.end(), m.group(1)) for m in within)})
    roles = [lexicon.roles[name] for _, _, name in marks]
    last_heard = max((i for i, role in enumerate(roles) if role is not SectionRole.IGNORED), default=-1)
    found = [Section(0, marks[0][0] if marks else len(lowered), SectionRole.FINDINGS, "")]
    for i, ((_, start, name), role) in enumerate(zip(marks, roles, strict=True)):
        end = marks[i + 1][0] if i + 1 < len(marks) else len(lowered)
        body = end
        if role is SectionRole.IGNORED:
            if i > last_heard and last_heard < 0:
                line_end = lowered.find("\n", start, end)
                body = end if line_end < 0 else line_end
            elif SectionRole.FINDINGS not in roles and (blank := _BLANK_LINE.search(lowered, start, end)):
                body = blank.end() if i < last_heard else end
        found.append(Section(start, body, role, name))
        if body < end:
            found.append(Section(body, end, SectionRole.FINDINGS, ""))
    return found


def sentences(text: str, found: Iterable[Section], lexicon: Lexicon) -> Iterator[Sentence]:
    """The sentences that count, in order; sections that do not (history, technique, …) are left out.

    Args:
        text: the report.
        found: its sections.
        lexicon: whose words to go by.
    """
    capitals = _LOWER.search(text) is None
    for section in found:
        if section.role is SectionRole.IGNORED:
            continue
        for first, last in _split(text, section.start, section.end, lexicon, capitals=capitals):
            yield Sentence(first, last, section.role is SectionRole.IMPRESSION)


def _split(text: str, start: int, end: int, lexicon: Lexicon, *, capitals: bool) -> Iterator[tuple[int, int]]:
    first = start
    for mark in _FULL_STOP.finditer(text, start, end):
        stop = mark.end() if text[mark.start()] == "?" else mark.start()
        yield from _lines(text, first, stop, lexicon, capitals=capitals)
        first = mark.end()
    yield from _lines(text, first, end, lexicon, capitals=capitals)


def _lines(text: str, start: int, end: int, lexicon: Lexicon, *, capitals: bool) -> Iterator[tuple[int, int]]:
    """The sentences of a stretch without a full stop: a line break ends one unless the next line goes on with it."""
    first = line = start
    while (found := _LINE_END.search(text, line, end)) is not None:
        if _ends(text, line, found, end, lexicon, capitals=capitals):
            yield from _cut(first, found.start())
            first = found.end()
        line = found.end()
    yield from _cut(first, end)


def _ends(text: str, line: int, found: re.Match[str], end: int, lexicon: Lexicon, *, capitals: bool) -> bool:
    """Whether a sentence ends with the line from `line` to the break `found`."""
    stop, following = found.start(), found.end()
    if _ITEM.match(text, following, end):
        return True
    word = _WORD.match(text, following, end)
    if word is None or lexicon.unfinished.search(text[max(line, stop - 40) : stop].lower()):
        return False
    if capitals and word.group(1)[0].isascii():
        return stop - line < _WRAPPED_AT
    begins = word.group(1)[0]
    return begins.isupper() or ord(begins) > 0x24F


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    for first in range(start, end, MAX_SENTENCE):
        yield first, min(first + MAX_SENTENCE, end)
