"""HL7 v2 text to segments, fields and components. Only what is asked for is split: most of a message never is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAMED = {"F": 0, "S": 1, "R": 2, "E": 3, "T": 4}
_PLAIN = {"H": "", "N": "", ".br": "\n", ".ce": "\n", ".sp": "\n"}
_HEXADECIMAL = re.compile(r"X(?:[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `fields[n]` is field n as HL7 counts them, its own separators unresolved."""

    name: str
    fields: Sequence[str]

    def raw(self, number: int) -> str:
        """A field as sent; empty where the segment ends before it."""
        return self.fields[number] if number < len(self.fields) else ""


class Message:
    """A message's segments in order, whose fields are there or empty, never an error."""

    def __init__(self, text: str, *, codec: str = "latin-1") -> None:
        r"""Split into segments.

        Args:
            text: the decoded message; segments end with CR, LF or both.
            codec: what bytes given as `\X..\` are in.

        Raises:
            ValueError: it does not begin with a header that names its separators.
        """
        if not re.match(r"MSH[^\w\s]", text):
            message = "MSH: a message begins with its header and a field separator"
            raise ValueError(message)
        self.separators = separators(text)
        self._codec = codec
        self.segments = [self._segment(line) for line in self._lines(text)]
        mark = re.escape(self.separators[3])
        self._escapes = re.compile(rf"{mark}([^{mark}\r]{{1,64}}){mark}")

    def named(self, name: str) -> Iterator[Segment]:
        """The segments of this name, in order."""
        return (segment for segment in self.segments if segment.name == name)

    def at(self, name: str, number: int, component: int = 1) -> str:
        """A component of the first repetition of a field of the first segment of this name."""
        first = next(self.named(name), None)
        return "" if first is None else self.of(first, number, component)

    def of(self, segment: Segment, number: int, component: int = 1) -> str:
        """A component's first subcomponent, of a field's first repetition, unescaped and stripped."""
        first = segment.raw(number).split(self.separators[2], 1)[0]
        return self.part(first, component)

    def each(self, segment: Segment, number: int) -> list[str]:
        """A field's repetitions as sent, the empty ones left out."""
        return [part for part in segment.raw(number).split(self.separators[2]) if part]

    def part(self, repetition: str, component: int = 1) -> str:
        """A component's first subcomponent, unescaped and stripped."""
        parts = repetition.split(self.separators[1], component)
        part = parts[component - 1] if component <= len(parts) else ""
        return self.plain(part.split(self.separators[4], 1)[0]).strip()

    def lines(self, segment: Segment, number: int) -> list[str]:
        """A text field's repetitions, each a line, unescaped."""
        return [self.plain(part) for part in segment.raw(number).split(self.separators[2])]

    def plain(self, value: str) -> str:
        """Text with its escape sequences (HL7 v2 chapter 2.7) resolved; an unknown one becomes a blank."""
        if self.separators[3] not in value:
            return value
        return self._escapes.sub(lambda match: self._unescaped(match.group(1)), value)

    def _lines(self, text: str) -> list[str]:
        """The segments' text. A line that begins no segment goes on with the one before: senders break long text so."""
        begins = re.compile(rf"[A-Z][A-Z0-9]{{2}}{re.escape(self.separators[0])}")
        lines: list[str] = []
        for line in text.replace("\n", "\r").split("\r"):
            if begins.match(line):
                lines.append(line)
            elif line:
                lines[-1] += f"\n{line}"
        return lines

    def _segment(self, line: str) -> Segment:
        field = self.separators[0]
        fields = line.split(field)
        if fields[0] == "MSH":  # its first field is the separator itself
            fields.insert(1, field)
        return Segment(fields[0], fields)

    def _unescaped(self, name: str) -> str:
        if name in _NAMED:
            return self.separators[_NAMED[name]]
        if _HEXADECIMAL.fullmatch(name):
            sent = bytes.fromhex(name[1:]).decode(self._codec, "replace")
            return sent.replace("\r\n", "\n").replace("\r", "\n")
        return _PLAIN.get(name, _PLAIN.get(name[:3], " "))


def separators(text: str) -> tuple[str, str, str, str, str]:
    """Field, component, repetition, escape and subcomponent separator: MSH-1 and MSH-2, filled up from the usual ones.

    A sixth (truncation, 2.7) is not needed.
    """
    declared = text[4:9].split(text[3], 1)[0][:4]
    marks = declared + "^~\\&"[len(declared) :]
    return text[3], marks[0], marks[1], marks[2], marks[3]
