"""Where a report's sections and sentences lie."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.labels.lexicon import Lexicon, SectionRole

MAX_SENTENCE = 600
"""Characters; a longer run without a full stop is cut, so that no rule looks at more than this."""

# A run of marks is tried once, from its first, and never given back: time stays linear however long it is.
_FULL_STOP = re.compile(
    r"(?:(?<![.!;])[.!;]++(?<!\bvs\.)(?<!\bdr\.)(?<!\bapprox\.)(?<!\bcf\.)(?<!\bincl\.)(?<!\be\.g\.)(?<!\bi\.e\.)|(?<=\w)\?++)"
    r"(?=\s|\Z|[A-Za-z]{2})|。",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"\r?\n")
# What begins a line that is no continuation: a blank line, a bullet or a number of a list.
_ITEM = re.compile(r"[ \t]{0,40}(?:[\r\n•*■◆●○・-]|\(?\d{1,2}[.)][ \t]|\Z)")
_WORD = re.compile(r"[ \t]{0,40}([^\s]{1,80})")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_INK = re.compile(r"\S")
_LOWER = re.compile(r"[a-z]")
_NARROWEST = 50  # characters; a text with no longer line was not wrapped


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
    marks = [(m.start(1), m.end(), " ".join(m.group(1).split())) for m in lexicon.headings.finditer(lowered)]
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
            elif SectionRole.FINDINGS not in roles and i < last_heard and (ink := _INK.search(lowered, start, end)):
                blank = _BLANK_LINE.search(lowered, ink.start(), end)
                body = end if blank is None else blank.end()
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
    width = _wrap_width(text)
    for section in found:
        if section.role is SectionRole.IGNORED:
            continue
        for first, last in _split(text, section.start, section.end, lexicon, width=width):
            yield Sentence(first, last, section.role is SectionRole.IMPRESSION)


def _split(text: str, start: int, end: int, lexicon: Lexicon, *, width: int) -> Iterator[tuple[int, int]]:
    first = start
    for mark in _FULL_STOP.finditer(text, start, end):
        stop = mark.end() if text[mark.start()] == "?" else mark.start()
        yield from _lines(text, first, stop, lexicon, width=width)
        first = mark.end()
    yield from _lines(text, first, end, lexicon, width=width)


def _lines(text: str, start: int, end: int, lexicon: Lexicon, *, width: int) -> Iterator[tuple[int, int]]:
    """The sentences of a stretch without a full stop: a line break ends one unless the next line goes on with it."""
    first = line = start
    while (found := _LINE_END.search(text, line, end)) is not None:
        if _ends(text, line, found, end, lexicon, width=width):
            yield from _cut(first, found.start())
            first = found.end()
        line = found.end()
    yield from _cut(first, end)


def _ends(text: str, line: int, found: re.Match[str], end: int, lexicon: Lexicon, *, width: int) -> bool:
    """Whether a sentence ends with the line from `line` to the break `found`."""
    stop, following = found.start(), found.end()
    if _ITEM.match(text, following, end):
        return True
    word = _WORD.match(text, following, end)
    if word is None or lexicon.unfinished.search(text[max(line, stop - 40) : stop].lower()):
        return False
    if width:
        begun = text.rfind("\n", max(0, stop - width), stop) + 1 or max(0, stop - width)
        return stop - begun + 1 + len(word.group(1)) <= width  # the next word would have fitted
    begins = word.group(1)[0]
    return begins.isupper() or ord(begins) > 0x24F


def _wrap_width(text: str) -> int:
    """The width a text all in capitals was wrapped at; 0 where it was not, or capitals tell where a sentence begins."""
    if _LOWER.search(text) or not text.isascii():
        return 0
    longest = max(map(len, text.splitlines()), default=0)
    return longest if longest >= _NARROWEST else 0


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    for first in range(start, end, MAX_SENTENCE):
        yield first, min(first + MAX_SENTENCE, end)
