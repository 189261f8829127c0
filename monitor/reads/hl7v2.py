"""HL7 v2 observation reports (ORU^R01, 2.3 to 2.8): from a message's bytes to the facts in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

import hl7

from monitor.core.errors import OverreadError
from monitor.core.read import QuarantineReason, ReadStatus
from monitor.reads.charset import UndecodableTextError, decode

MAX_BYTES = 8 * 1024 * 1024
MAX_SEGMENTS = 5_000
MAX_PIECES = 50_000
"""Fields, components and repetitions: each becomes an object, so a short message of delimiters is a large one."""
MAX_TEXT = 200_000
_HEADER = 4096

STATUSES = {
    **dict.fromkeys(("P", "R", "I", "S", "A", "PRELIMINARY", "PARTIAL", "REGISTERED", "DRAFT"), ReadStatus.PRELIMINARY),
    **dict.fromkeys(("F", "FINAL", "FINALIZED", "FINALISED", "SIGNED", "VERIFIED"), ReadStatus.FINAL),
    **dict.fromkeys(("C", "CORRECTED", "AMENDED", "ADDENDUM", "REVISED"), ReadStatus.CORRECTED),
    **dict.fromkeys(("X", "D", "W", "CANCELLED", "CANCELED", "DELETED", "RETRACTED"), ReadStatus.RETRACTED),
}
"""HL7 tables 0123 and 0085, and the words senders write in their stead."""

_TEXT_TYPES = frozenset({"TX", "FT", "ST"})
_STUDY_UID_CODES = frozenset({"113014", "110180", "STUDY INSTANCE UID", "STUDYINSTANCEUID"})
_SECTIONS = {
    "19005-8": "IMPRESSION", "IMP": "IMPRESSION", "59776-5": "FINDINGS", "18782-3": "FINDINGS", "GDT": "FINDINGS",
    "11329-0": "HISTORY", "18785-6": "INDICATION", "18834-2": "COMPARISON", "55111-9": "TECHNIQUE",
}  # fmt: skip
"""Observation identifiers (LOINC; the suffixes of HL7 v2 chapter 7) that name a section of the report."""

_TIME = re.compile(r"(\d{8})(\d{2})?(\d{2})?(\d{2})?(?:\.\d{1,6})?([+-]\d{4})?")
_UID = re.compile(r"[0-9][0-9.]{4,62}[0-9]")
_ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", "H": "", "N": "", ".br": "\n", ".ce": "\n", ".sp": "\n"}


class QuarantinedError(OverreadError):
    """A message was set aside; `reason` says why. Its content is never part of the error."""

    def __init__(self, reason: QuarantineReason) -> None:
        super().__init__(f"message set aside: {reason.value}")
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a message's first segment says, read without parsing the rest."""

    source: str = field(repr=False)
    control: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFacts:
    """One report version as sent. Everything that could name a patient or a reader is kept out of `repr`."""

    status: ReadStatus
    modality: str | None
    signed_at: datetime
    text: str = field(repr=False)
    patient: str | None = field(repr=False)
    reader: str | None = field(repr=False)
    accession: str | None = field(repr=False)
    issuer: str | None = field(repr=False)
    study_uid: str | None = field(repr=False)


def header_of(raw: bytes) -> Header:
    """Sender and control id from the first 4096 bytes; empty where there are none. Never raises."""
    first = raw[:_HEADER].lstrip(b"\r\n").split(b"\r", 1)[0].decode("ascii", "ignore")
    fields = first.split(first[3:4] or "|")
    if not first.startswith("MSH") or len(fields) < 10:
        return Header(source="", control="")
    control = re.sub(r"[^\w.:/ -]", "", fields[9], flags=re.ASCII)[:199]
    return Header(source=f"{fields[2]}|{fields[3]}", control=control)


def read_report(raw: bytes, *, zone: tzinfo, charset: str = "ASCII") -> ReportFacts:
    """The facts of an ORU^R01 message.

    Args:
        raw: the message without its frame.
        zone: the site's time zone, for times that carry none.
        charset: the source's character set where MSH-18 names none (HL7 table 0211).

    Raises:
        QuarantinedError: the message is over a cap or is no report that could be placed.
    """
    if len(raw) > MAX_BYTES or raw.count(b"\r") + raw.count(b"\n") > MAX_SEGMENTS:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    try:
        message = _Message(_within_caps(_normal(decode(raw, default=charset))))
    except UndecodableTextError:
        raise QuarantinedError(QuarantineReason.UNDECODABLE_TEXT) from None
    except (hl7.HL7Exception, IndexError, KeyError, ValueError, AttributeError):
        raise QuarantinedError(QuarantineReason.UNPARSEABLE) from None
    return _facts(message, zone)


def _normal(text: str) -> str:
    return re.sub(r"\r?\n", "\r", text.strip("\r\n")) + "\r"


def _within_caps(text: str) -> str:
    if sum(map(text.count, {text[3], *_separators(text)})) > MAX_PIECES:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    return text


def _facts(message: "_Message", zone: tzinfo) -> ReportFacts:
    if message.at("MSH", 9).upper() != "ORU" or message.at("MSH", 9, 2).upper() not in {"R01", ""}:
        raise QuarantinedError(QuarantineReason.UNSUPPORTED_MESSAGE)
    status = STATUSES.get((message.at("OBR", 25) or message.at("OBX", 11)).upper())
    if status is None:
        raise QuarantinedError(QuarantineReason.UNKNOWN_STATUS)
    accession = message.at("OBR", 18) or message.at("OBR", 3)
    study_uid = _study_uid(message)
    if not accession and study_uid is None:
        raise QuarantinedError(QuarantineReason.NO_STUDY_REFERENCE)
    text = _text(message)
    if len(text) > MAX_TEXT:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    if not text.strip() and status is not ReadStatus.RETRACTED:
        raise QuarantinedError(QuarantineReason.NO_TEXT)
    return ReportFacts(
        status=status,
        modality=message.at("OBR", 24).upper()[:16] or None,
        signed_at=_signed(message, zone),
        text=text,
        patient=message.at("PID", 3) or None,
        reader=message.at("OBR", 32) or None,
        accession=accession or None,
        issuer=message.at("OBR", 3, 2) or None,
        study_uid=study_uid,
    )


class _Message:
    """A parsed message whose fields are there or empty, never an error."""

    def __init__(self, text: str) -> None:
        parsed = hl7.parse(text)
        self.segments: list[hl7.Segment] = list(parsed)
        self.component, self.repetition, self.escape, self.subcomponent = _separators(text)

    def named(self, name: str) -> Iterator["hl7.Segment"]:
        """The segments of this name, in order."""
        return (segment for segment in self.segments if str(segment[0]) == name)

    def at(self, name: str, number: int, component: int = 1) -> str:
        """A component of the first repetition of a field of the first segment of this name."""
        first = next(self.named(name), None)
        return "" if first is None else self.of(first, number, component)

    def of(self, segment: "hl7.Segment", number: int, component: int = 1) -> str:
        """A component's first subcomponent, unescaped and stripped."""
        if number >= len(segment):
            return ""
        parts = str(segment[number]).split(self.repetition, 1)[0].split(self.component)
        part = parts[component - 1] if component <= len(parts) else ""
        return self.plain(part.split(self.subcomponent, 1)[0]).strip()

    def repetitions(self, segment: "hl7.Segment", number: int) -> list[str]:
        """A field's repetitions, unescaped."""
        whole = str(segment[number]) if number < len(segment) else ""
        return [self.plain(part) for part in whole.split(self.repetition)]

    def plain(self, value: str) -> str:
        """Text with its escape sequences (HL7 v2 chapter 2.7) resolved; an unknown one becomes a blank."""
        if self.escape not in value:
            return value
        mark = re.escape(self.escape)
        return re.sub(rf"{mark}([^{mark}\r]{{1,64}}){mark}", lambda match: _unescaped(match.group(1)), value)


def _separators(text: str) -> tuple[str, str, str, str]:
    """MSH-2, filled up from the usual ones; a fifth (truncation, 2.7) is not needed."""
    declared = text[4:9].split(text[3], 1)[0][:4]
    marks = declared + "^~\\&"[len(declared) :]
    return marks[0], marks[1], marks[2], marks[3]


def _unescaped(name: str) -> str:
    if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", name):
        return bytes.fromhex(name[1:]).decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    return _ESCAPED.get(name, _ESCAPED.get(name[:3], " "))


def _study_uid(message: _Message) -> str | None:
    named = [
        message.of(segment, 5)
        for segment in message.named("OBX")
        if {message.of(segment, 3).upper(), message.of(segment, 3, 2).upper()} & _STUDY_UID_CODES
    ]
    candidates = [message.at("ZDS", 1), *named]
    return next((uid for uid in candidates if _UID.fullmatch(uid)), None)


def _text(message: _Message) -> str:
    """The report, one line a repetition, under the headings its observation identifiers name."""
    lines: list[str] = []
    heading = None
    for segment in message.named("OBX"):
        codes = {message.of(segment, 3).upper(), message.of(segment, 3, 2).upper()}
        if message.of(segment, 2).upper() not in _TEXT_TYPES or codes & _STUDY_UID_CODES:
            continue
        named = _section(message, segment)
        if named is not None and named != heading:
            lines.append(f"{named}:")
        heading = named
        lines += message.repetitions(segment, 5)
    return "\n".join(lines)


def _section(message: _Message, segment: "hl7.Segment") -> str | None:
    identifier = str(segment[3]) if len(segment) > 3 else ""
    first = identifier.split(message.repetition, 1)[0].split(message.component, 1)[0].upper()
    return next((_SECTIONS[part] for part in first.split(message.subcomponent) if part in _SECTIONS), None)


def _signed(message: _Message, zone: tzinfo) -> datetime:
    for name, number in (("OBR", 22), ("OBX", 14), ("MSH", 7)):
        moment = _moment(message.at(name, number), zone)
        if moment is not None:
            return moment
    raise QuarantinedError(QuarantineReason.UNPARSEABLE)


def _moment(value: str, zone: tzinfo) -> datetime | None:
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    day, hour, minute, second, offset = match.groups()
    try:
        naive = f"{day}{hour or '00'}{minute or '00'}{second or '00'}"
        return datetime.strptime(naive, "%Y%m%d%H%M%S").replace(tzinfo=_offset(offset) if offset else zone)
    except ValueError:
        return None


def _offset(value: str) -> timezone:
    minutes = int(value[1:3]) * 60 + int(value[3:5])
    return timezone(timedelta(minutes=-minutes if value[0] == "-" else minutes))
