"""HL7 v2 observation reports (ORU^R01) and patient merges (ADT^A40), 2.3 to 2.8: from bytes to the facts in them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

from monitor.core.read import QuarantineReason, ReadStatus
from monitor.reads.charset import UndecodableTextError, codec_of, decode
from monitor.reads.report import MAX_TEXT, MergeFacts, QuarantinedError, ReportFacts, checked
from monitor.reads.segments import Message, Segment, separators
from monitor.reads.source import Source
from monitor.reads.status import status_of_lines, status_of_text

MAX_BYTES = 8 * 1024 * 1024
MAX_SEGMENTS = 5_000
MAX_PIECES = 50_000
"""Fields, components and repetitions: each may become an object, so a short message of delimiters is a large one."""
MAX_STUDIES = 32
"""Studies one report may be of."""
_HEADER = 4096

_MERGES = frozenset({"A18", "A34", "A40"})
_TEXT_TYPES = frozenset({"TX", "FT", "ST"})
_STUDY_UID_CODES = frozenset({"113014", "110180", "STUDY INSTANCE UID", "STUDYINSTANCEUID"})
_SECTIONS = {
    "19005-8": "IMPRESSION", "IMP": "IMPRESSION", "59776-5": "FINDINGS", "18782-3": "FINDINGS", "GDT": "FINDINGS",
    "11329-0": "HISTORY", "18785-6": "INDICATION", "18834-2": "COMPARISON", "55111-9": "TECHNIQUE",
}  # fmt: skip
"""Observation identifiers (LOINC; the suffixes of HL7 v2 chapter 7) that name a section of the report."""

_TIME = re.compile(r"(\d{8})(\d{2})?(\d{2})?(\d{2})?(?:\.\d{1,6})?([+-]\d{4})?")
_UID = re.compile(r"[0-9][0-9.]{4,62}[0-9]")
_MODALITY = re.compile(r"[A-Z0-9]{1,16}")
Reference = tuple[str, str | None]
"""An accession number as the images carry it (perhaps empty), and a study UID."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a message's first segment says, read without parsing the rest."""

    sender: str = field(repr=False)
    control: str = field(repr=False)


@dataclass(kw_only=True, slots=True)
class _Group:
    """What belongs to one study of a message: the segments from its OBR to the next."""

    references: tuple[Reference, ...]
    segments: list[Segment]

    def named(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)


def header_of(raw: bytes) -> Header:
    """Sender and control id from the first 4096 bytes; empty where there are none. Never raises."""
    first = raw[:_HEADER].lstrip(b"\r\n").split(b"\r", 1)[0].decode("ascii", "ignore")
    fields = first.split(first[3:4] or "|", 10)
    if not first.startswith("MSH") or len(fields) < 10:
        return Header(sender="", control="")
    control = re.sub(r"[^\w.:/ -]", "", fields[9], flags=re.ASCII)[:199]
    return Header(sender=f"{fields[2]}|{fields[3]}", control=control)


def read_message(raw: bytes, source: Source) -> tuple[ReportFacts, ...] | MergeFacts:
    """The facts of a message: a report version for each study it is of, or a patient merge.

    Args:
        raw: the message without its frame.
        source: who sent it.

    Raises:
        QuarantinedError: the message is over a cap or is no report that could be placed.
    """
    if len(raw) > MAX_BYTES or raw.count(b"\r") + raw.count(b"\n") > MAX_SEGMENTS:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    try:
        text = decode(raw, default=source.charset).strip("\r\n")
        codec = codec_of(raw, default=source.charset)
    except UndecodableTextError:
        raise QuarantinedError(QuarantineReason.UNDECODABLE_TEXT) from None
    if len(text) > 4 and sum(map(text.count, set(separators(text)))) > MAX_PIECES:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    try:
        message = Message(text, codec=codec)
    except ValueError:
        raise QuarantinedError(QuarantineReason.UNPARSEABLE) from None
    kind = message.at("MSH", 9).upper(), message.at("MSH", 9, 2).upper()
    if kind[0] == "ORU" and kind[1] in {"R01", ""}:
        return _reports(message, source)
    if kind[0] == "ADT" and kind[1] in _MERGES:
        return _merge(message)
    raise QuarantinedError(QuarantineReason.UNSUPPORTED_MESSAGE)


def _merge(message: Message) -> MergeFacts:
    retired, surviving = message.at("MRG", 1), message.at("PID", 3)
    if not retired or not surviving:
        raise QuarantinedError(QuarantineReason.UNPARSEABLE)
    return MergeFacts(retired=retired, surviving=surviving)


def _reports(message: Message, source: Source) -> tuple[ReportFacts, ...]:
    """One report version a study. A study without a text of its own has the message's only text: a combined report."""
    groups = _groups(message, source)
    texts = [_text(message, group) for group in groups]
    shared = [text for text in texts if text.strip()]
    combined = shared[0] if len(shared) == 1 else ""
    stated = [_status(message, group, text, source) for group, text in zip(groups, texts, strict=True)]
    found: list[ReportFacts] = []
    for group, own, status in zip(groups, texts, stated, strict=True):
        text = own if own.strip() else combined
        known = status or (next((s for s in stated if s is not None), None) if text is not own else None)
        if known is None:
            raise QuarantinedError(QuarantineReason.UNKNOWN_STATUS)
        found += [_facts(message, group, text, known, source, reference) for reference in group.references]
    if len(found) > MAX_STUDIES:
        raise QuarantinedError(QuarantineReason.TOO_LARGE)
    return tuple(found)


def _groups(message: Message, source: Source) -> list[_Group]:
    """The studies of a message. What names no study, or the one before it again, goes on with that one's report."""
    blocks: list[list[Segment]] = [[]]
    for segment in message.segments:
        if segment.name == "OBR" and any(s.name == "OBR" for s in blocks[-1]):
            blocks.append([])
        blocks[-1].append(segment)
    groups: list[_Group] = []
    for block in blocks:
        references = _references(message, block, source)
        known = [group for group in groups if not references or group.references == references]
        if known:
            known[-1].segments += block
        else:
            groups.append(_Group(references=references or (("", None),), segments=block))
    return groups


def _references(message: Message, block: Sequence[Segment], source: Source) -> tuple[Reference, ...]:
    """Every study these segments name.

    Several accession numbers beside as many study UIDs go together in order; beside one, the UID is not for any of
    them in particular, and is left out; any other mixture could be read in more than one way.
    """
    numbers, uids = _accessions(message, block, source), _study_uids(message, block)
    if len(numbers) == len(uids):
        return tuple(zip(numbers, uids, strict=True))
    if len(numbers) > 1 and len(uids) <= 1:
        return tuple((number, None) for number in numbers)
    if len(numbers) <= 1:
        return tuple(("".join(numbers), uid) for uid in uids) or tuple((number, None) for number in numbers)
    raise QuarantinedError(QuarantineReason.AMBIGUOUS_REFERENCE)


def _accessions(message: Message, block: Sequence[Segment], source: Source) -> list[str]:
    """From OBR-18, OBR-3, IPC-1 or a ZDS that holds no UID: the first that is filled in, each repetition once."""
    for name, number in (("OBR", 18), ("OBR", 3), ("IPC", 1), ("ZDS", 1), ("ZDS", 2)):
        sent = [message.part(part) for s in block if s.name == name for part in message.each(s, number)]
        found = dict.fromkeys(source.accession(part) for part in sent if not (name == "ZDS" and _UID.fullmatch(part)))
        numbers = [one for one in found if one]
        if numbers:
            return numbers
    return []


def _study_uids(message: Message, block: Sequence[Segment]) -> list[str]:
    """From ZDS-1, IPC-3 or an observation coded as a study UID: the first of these that holds any."""
    for name, number in (("ZDS", 1), ("IPC", 3), ("OBX", 5)):
        segments = [s for s in block if s.name == name and (name != "OBX" or _is_study_uid(message, s))]
        found = [message.part(part) for s in segments for part in message.each(s, number)]
        uids = list(dict.fromkeys(uid for uid in found if _UID.fullmatch(uid)))
        if uids:
            return uids
    return []


def _is_study_uid(message: Message, observation: Segment) -> bool:
    return bool({message.of(observation, 3).upper(), message.of(observation, 3, 2).upper()} & _STUDY_UID_CODES)


def _status(message: Message, group: _Group, text: str, source: Source) -> ReadStatus | None:
    """From OBR-25; else OBX-11 of the lines, else the text's banners."""
    ordered = [code for s in group.named("OBR") if (code := message.of(s, 25))]
    if ordered:
        return status_of_lines(ordered, source.statuses)
    lines = [code for s in group.named("OBX") if (code := message.of(s, 11))]
    return status_of_lines(lines, source.statuses) if lines else status_of_text(text)


def _facts(
    message: Message, group: _Group, text: str, status: ReadStatus, source: Source, reference: Reference
) -> ReportFacts:
    order = next(group.named("OBR"), Segment("OBR", ()))
    modality = message.of(order, 24).upper()
    issued = next((s for s in group.named("IPC")), Segment("IPC", ()))
    return checked(
        ReportFacts(
            status=status,
            modality=modality if _MODALITY.fullmatch(modality) else None,
            description=message.of(order, 4, 2),
            signed_at=_signed(message, group, source.zone),
            text=text,
            patient=message.at("PID", 3) or None,
            reader=message.of(order, 32) or message.of(order, 33) or None,
            accession=reference[0] or None,
            issuer=message.of(order, 3, 2) or message.of(issued, 1, 2) or source.issuer,
            study_uid=reference[1],
            visibility=source.visibility,
        )
    )


def _text(message: Message, group: _Group) -> str:
    """The report, one line a repetition, under the headings its observation identifiers name."""
    lines: list[str] = []
    heading = None
    size = 0
    for segment in group.named("OBX"):
        if message.of(segment, 2).upper() not in _TEXT_TYPES or _is_study_uid(message, segment):
            continue
        named = _section(message, segment)
        if named is not None and named != heading:
            lines.append(f"{named}:")
        heading = named
        lines += message.lines(segment, 5)
        size += len(segment.raw(5))
        if size > MAX_TEXT:
            raise QuarantinedError(QuarantineReason.TOO_LARGE)
    return "\n".join(lines)


def _section(message: Message, segment: Segment) -> str | None:
    _, component, repetition, _, subcomponent = message.separators
    first = segment.raw(3).split(repetition, 1)[0].split(component, 1)[0].upper()
    return next((_SECTIONS[part] for part in first.split(subcomponent) if part in _SECTIONS), None)


def _signed(message: Message, group: _Group, zone: tzinfo) -> datetime:
    """When it was signed: OBR-22, else OBX-14, else when the message was written."""
    sent = [message.of(s, 22) for s in group.named("OBR")] + [message.of(s, 14) for s in group.named("OBX")]
    moments = (moment_of(value, zone) for value in [*sent, message.at("MSH", 7)])
    found = next((moment for moment in moments if moment is not None), None)
    if found is None:
        raise QuarantinedError(QuarantineReason.UNPARSEABLE)
    return found


def moment_of(value: str, zone: tzinfo) -> datetime | None:
    """An HL7 time of at least a day, in its own zone or this one; None where it is none."""
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    day, hour, minute, second, offset = match.groups()
    try:
        return datetime(
            int(day[:4]),
            int(day[4:6]),
            int(day[6:]),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=_offset(offset) if offset else zone,
        )
    except ValueError:
        return None


def _offset(value: str) -> timezone:
    minutes = int(value[1:3]) * 60 + int(value[3:5])
    return timezone(timedelta(minutes=-minutes if value[0] == "-" else minutes))
