"""The character set of an HL7 message: bytes are decoded before anything is split, and never approximately."""

import re

from monitor.core.errors import OverreadError

_CODECS = {
    "": "ascii",
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "ISO 8859-1": "iso8859-1",
    "ISO IR100": "iso8859-1",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "ISO IR192": "utf-8",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "SHIFT-JIS": "cp932",
    "SHIFT_JIS": "cp932",
    "SJIS": "cp932",
    "KS X 1001": "euc_kr",
    "ISO IR149": "euc_kr",
    "ISO-2022-KR": "iso2022_kr",
}
"""HL7 table 0211, and what is met in its stead."""

_JAPANESE = "iso2022_jp_ext"
_KOREAN = "euc_kr"
# ESC, SO and SI: a shift to another set that the codec did not know.
_ESCAPES = re.compile(r"[\x1b\x0e\x0f]")


class UndecodableTextError(OverreadError):
    """The bytes are not text in the character set they claim."""


def declared(raw: bytes) -> tuple[str, ...]:
    """The repetitions of MSH-18, upper-cased; the header up to there is ASCII in every accepted character set."""
    header = re.split(rb"[\r\n]", raw[:4096], maxsplit=1)[0]
    if len(header) < 8:
        return ()
    fields = header.split(header[3:4])
    if len(fields) < 18:
        return ()
    repetition = header[5:6]
    return tuple(part.decode("ascii", "ignore").strip().upper() for part in fields[17].split(repetition))


def codec_of(raw: bytes, *, default: str = "ASCII") -> str:
    """Python's name for the character set a message is in.

    Raises:
        UndecodableTextError: the declared set is unknown.
    """
    names = [name for name in declared(raw) if name] or [default.upper()]
    unknown = [name for name in names if name not in _CODECS]
    if unknown:
        message = (
            f"MSH-18: character set {unknown[0][:20]!r} is not known; accepted: {', '.join(filter(None, _CODECS))}"
        )
        raise UndecodableTextError(message)
    return _chosen([_CODECS[name] for name in names], raw)


def known(name: str) -> bool:
    """Whether a character set's name (HL7 table 0211) is one that can be decoded."""
    return name.upper() in _CODECS


def decode(raw: bytes, *, default: str = "ASCII") -> str:
    """A message as text.

    Args:
        raw: the message's bytes.
        default: the source's character set where MSH-18 names none (HL7 table 0211).

    Raises:
        UndecodableTextError: the set is unknown, or the bytes are not in it. Nothing of the content is named.
    """
    codec = codec_of(raw, default=default)
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        message = f"MSH-18: byte {error.start} is not text in {codec}"
        raise UndecodableTextError(message) from None
    if _ESCAPES.search(text):
        message = f"MSH-18: a shift to another character set is left over after {codec}"
        raise UndecodableTextError(message)
    return text


def _chosen(codecs: list[str], raw: bytes) -> str:
    """The one codec for all repetitions: alternates say what escapes may shift to, the first what from."""
    if _JAPANESE in codecs:
        return _JAPANESE if b"\x1b" in raw or raw.isascii() else "cp932"
    if _KOREAN in codecs:
        return "iso2022_kr" if b"\x1b$)C" in raw and b"\x0e" in raw else _KOREAN
    return codecs[0]
