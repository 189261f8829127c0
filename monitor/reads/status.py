"""How far a report has come: codes, words, and the banners that senders put in the text in their stead."""

import re
from collections.abc import Iterable, Mapping

from monitor.core.read import ReadStatus

STATUSES: Mapping[str, ReadStatus] = {
    **dict.fromkeys(
        ("P", "R", "I", "S", "A", "PRELIMINARY", "PRELIM", "PARTIAL", "REGISTERED", "DRAFT", "WET READ", "WETREAD"),
        ReadStatus.PRELIMINARY,
    ),
    **dict.fromkeys(("F", "FINAL", "FINALIZED", "FINALISED", "SIGNED", "VERIFIED"), ReadStatus.FINAL),
    **dict.fromkeys(("C", "CORRECTED", "AMENDED", "ADDENDUM", "REVISED"), ReadStatus.CORRECTED),
    **dict.fromkeys(("X", "D", "W", "CANCELLED", "CANCELED", "DELETED", "RETRACTED"), ReadStatus.RETRACTED),
}
"""HL7 tables 0123 and 0085, and the words senders write in their stead."""

_EDGE = 4
"""Lines at either end of a text that may be banners."""
_BANNER = re.compile(
    r"\W*(?:this is an? )?(?:(?P<preliminary>prelim(?:inary)?|wet[ -]?read|draft)"
    r"|(?P<final>final(?:i[sz]ed)?|electronically signed(?: by .{0,80})?)"
    r"|(?P<corrected>corrected|amended|revised|addendum)"
    r"|(?P<retracted>cancell?ed|retracted))(?: (?:radiology )?(?:report|read|reading|result|interpretation))?\W*",
    re.IGNORECASE,
)


def status_of(code: str, own: Mapping[str, ReadStatus]) -> ReadStatus | None:
    """What a status field says; the source's own map first. None where the word is unknown."""
    word = " ".join(code.upper().split())
    return own.get(word) or STATUSES.get(word)


def status_of_lines(codes: Iterable[str], own: Mapping[str, ReadStatus]) -> ReadStatus | None:
    """What the status fields of a report's lines say together: all the same, or a final report with corrected lines."""
    found = {status_of(code, own) for code in codes}
    if found == {ReadStatus.FINAL, ReadStatus.CORRECTED}:
        return ReadStatus.CORRECTED
    return found.pop() if len(found) == 1 else None


def status_of_text(text: str) -> ReadStatus | None:
    """What a banner says: a line by itself at the text's head or foot. None where there is none, or two that differ.

    A correction of a final report shows both: the correction counts.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    edges = lines[:_EDGE] + lines[max(_EDGE, len(lines) - _EDGE) :]
    banners = (_BANNER.fullmatch(line) for line in edges if len(line) < 120)
    found = {ReadStatus(banner.lastgroup) for banner in banners if banner is not None and banner.lastgroup}
    if found == {ReadStatus.FINAL, ReadStatus.CORRECTED}:
        return ReadStatus.CORRECTED
    return found.pop() if len(found) == 1 else None
