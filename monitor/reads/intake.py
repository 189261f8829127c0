"""From a message's bytes to a durable read, and the acknowledgement that says so. Names and text go no further."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Clock, ReadStore
from monitor.core.read import PatientMerge, QuarantineReason, Read, SetAside, Taken
from monitor.labels import TextLabeler
from monitor.reads.hl7v2 import Header, header_of, read_message
from monitor.reads.report import MergeFacts, QuarantinedError, ReportFacts
from monitor.reads.source import Source, source_of

UNPLACED = "unknown"
"""The source of a message that no known sender sent."""
RESCUE_SECONDS = 5.0
_DIGESTED = 64 * 1024


LabelerFor = Callable[[ReportFacts], TextLabeler]
"""Which labeler a report is for: by its modality and what was examined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One message as it came, and the address it came from."""

    raw: bytes
    peer: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What goes back; `refused` where the sender is not one of ours, and the connection ends."""

    message: bytes
    refused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Turns the facts of reports into reads: labelled, and under pseudonyms."""

    pseudonyms: Pseudonyms
    labeler_for: LabelerFor
    clock: Clock

    def read(self, facts: ReportFacts, *, key: str, source: str) -> Read:
        """One report version as the rest of the house knows it. Labels that came with it stand; else its text's."""
        names = self.pseudonyms
        said = self.labeler_for(facts).label(facts.text, facts.language)
        issued = names.accession(facts.accession, issuer=facts.issuer) if facts.issuer else None
        return Read(
            key=key,
            source=source,
            status=facts.status,
            study_uid=names.uid(facts.study_uid),
            accession=names.accession(facts.accession),
            issuer_accession=issued,
            patient=names.patient(facts.patient),
            reader=names.reader(facts.reader),
            modality=facts.modality,
            signed_at=facts.signed_at,
            received_at=self.clock.now(),
            language=said.language,
            labeler=said.labeler,
            labels={**said.labels, **facts.labels},
            visibility=facts.visibility,
        )

    def merge(self, facts: MergeFacts) -> PatientMerge:
        """A patient merge under pseudonyms.

        Raises:
            QuarantinedError: it names one patient, or none.
        """
        retired, surviving = self.pseudonyms.patient(facts.retired), self.pseudonyms.patient(facts.surviving)
        if retired is None or surviving is None or retired == surviving:
            raise QuarantinedError(QuarantineReason.UNPARSEABLE)
        return PatientMerge(retired=retired, surviving=surviving, at=self.clock.now())


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadIntake:
    """Takes HL7 v2 messages in. Safe to call from several threads where the store is.

    `on_refused` is called with the address of a sender that is none of `sources`.
    """

    store: ReadStore
    desk: Desk
    sources: Sequence[Source] = (Source(),)
    on_refused: Callable[[str], None] = lambda _: None

    def receive(self, messages: Sequence[Received]) -> list[Answer]:
        """The acknowledgements of some messages, stored in one transaction: AA once durable.

        AE where a message is set aside, AR where it is over a cap or its sender is none of ours. AE also where the
        store fails: the message is not ours until it is durable, and the sender keeps it.
        """
        headers = [header_of(message.raw) for message in messages]
        taken = [self._taken(message, header) for message, header in zip(messages, headers, strict=True)]
        stored = self._stored(taken)
        return [
            self._answer(header, found, durable=durable)
            for header, found, durable in zip(headers, taken, stored, strict=True)
        ]

    def refuse(self, peer: str | None = None) -> Answer:
        """The answer to a frame too large to be taken off the wire; it is counted as quarantined."""
        at = self.desk.clock.now()
        key = hashlib.sha256(f"{peer}\x1f{at.isoformat()}".encode()).hexdigest()
        found = SetAside(key=key, source=UNPLACED, reason=QuarantineReason.TOO_LARGE, at=at)
        answer = self._answer(Header(sender="", control=""), (found,), durable=self._durable((found,)))
        return replace(answer, refused=True)

    def _taken(self, message: Received, header: Header) -> tuple[Taken, ...]:
        source = source_of(self.sources, header.sender, message.peer)
        try:
            if source is None:
                self.on_refused(message.peer or "")
                raise QuarantinedError(QuarantineReason.SENDER_REFUSED)
            facts = read_message(message.raw, source)
            if not header.control:
                raise QuarantinedError(QuarantineReason.UNPARSEABLE)
            if isinstance(facts, MergeFacts):
                return (self.desk.merge(facts),)
            keys = _keys(message.raw, header, len(facts))
            return tuple(self.desk.read(f, key=k, source=source.name) for f, k in zip(facts, keys, strict=True))
        except QuarantinedError as error:
            reason = error.reason
        except Exception:  # noqa: BLE001 - one message's fault must not take down those beside it, nor quote it
            reason = QuarantineReason.UNPARSEABLE
        name = UNPLACED if source is None else source.name
        return (SetAside(key=_bounded_key(message.raw), source=name, reason=reason, at=self.desk.clock.now()),)

    def _stored(self, taken: Sequence[tuple[Taken, ...]]) -> list[bool]:
        """Which messages are durable: all, in one transaction; where that fails, each by itself for a while."""
        if self._durable([one for found in taken for one in found]):
            return [True] * len(taken)
        deadline = time.monotonic() + RESCUE_SECONDS
        alone = len(taken) > 1
        return [alone and time.monotonic() < deadline and self._durable(found) for found in taken]

    def _durable(self, taken: Sequence[Taken]) -> bool:
        try:
            self.store.take(taken)
        except Exception:  # noqa: BLE001 - whatever a database raises means "not stored", and may quote its row
            return False
        return True

    def _answer(self, header: Header, taken: Sequence[Taken], *, durable: bool) -> Answer:
        code, reason = _verdict(taken, durable=durable)
        now = self.desk.clock.now()
        own = hashlib.sha256(f"{header.control}{now.isoformat()}".encode()).hexdigest()[:20]
        first = f"MSH|^~\\&|OVERREAD||||{now:%Y%m%d%H%M%S%z}||ACK^R01^ACK|{own}|P|2.5"
        message = f"{first}\rMSA|{code}|{header.control}|{reason}\r".encode("ascii")
        return Answer(message=message, refused=reason == QuarantineReason.SENDER_REFUSED)


def _verdict(taken: Sequence[Taken], *, durable: bool) -> tuple[str, str]:
    """MSA-1 and MSA-3."""
    aside = next((found for found in taken if isinstance(found, SetAside)), None)
    if aside is not None and aside.reason is QuarantineReason.SENDER_REFUSED:
        return "AR", aside.reason.value  # refused whether or not it could be counted
    if not durable:
        return "AE", "not stored, send again"
    if aside is None:
        return "AA", ""
    return ("AR" if aside.reason is QuarantineReason.TOO_LARGE else "AE"), aside.reason.value


def _keys(raw: bytes, header: Header, count: int) -> list[str]:
    """What makes a message the same one sent again: sender, control id and all that follows the header segment.

    A report of several studies is a read of each, numbered.
    """
    content = raw.lstrip(b"\r\n").partition(b"\r")[2]
    first = f"{header.sender}\x1f{header.control}\x1f{hashlib.sha256(content).hexdigest()}"
    marks = [first, *(f"{first}\x1f{number}" for number in range(1, count))]
    return [hashlib.sha256(mark.encode()).hexdigest() for mark in marks]


def _bounded_key(raw: bytes) -> str:
    """A digest that costs the same however large the message is."""
    return hashlib.sha256(raw[:_DIGESTED] + len(raw).to_bytes(8, "big")).hexdigest()
