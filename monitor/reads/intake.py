"""From a message's bytes to a durable read, and the acknowledgement that says so. Names and text go no further."""

import hashlib
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Clock, ReadStore
from monitor.core.read import QuarantineReason, Read
from monitor.labels import Labelled
from monitor.reads.hl7v2 import Header, QuarantinedError, ReportFacts, header_of, read_report

SOURCE = "hl7"
_DIGESTED = 64 * 1024


class TextLabeler(Protocol):
    """What turns a report's text into labels."""

    def label(self, text: str, language: str | None = None) -> Labelled:
        """Label a report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadIntake:
    """Takes HL7 v2 reports in. Safe to call from several threads where the store is.

    `zone` is the site's time zone and `charset` the sender's character set, for messages that state none.
    """

    store: ReadStore
    pseudonyms: Pseudonyms
    labeler: TextLabeler
    clock: Clock
    zone: tzinfo
    charset: str = "ASCII"

    def receive(self, raw: bytes) -> bytes:
        """The acknowledgement of one message: AA once it is durable, AE where it is set aside, AR over a cap.

        AE also where the store fails: the message is not ours until it is durable, and the sender keeps it.
        """
        header = header_of(raw)
        try:
            read = self._read(raw, header)
            self.store.add_read(read)
        except QuarantinedError as error:
            return self._set_aside(raw, header, error.reason)
        except Exception:  # noqa: BLE001 - whatever a database raises means "not stored", and may quote its row
            return self._answer("AE", header.control, "not stored, send again")
        return self._answer("AA", header.control)

    def refuse(self) -> bytes:
        """The answer to a frame too large to be taken off the wire; it is counted as quarantined."""
        return self._set_aside(self.clock.now().isoformat().encode(), header_of(b""), QuarantineReason.TOO_LARGE)

    def _read(self, raw: bytes, header: Header) -> Read:
        facts = read_report(raw, zone=self.zone, charset=self.charset)
        if not header.control:
            raise QuarantinedError(QuarantineReason.UNPARSEABLE)
        return self._pseudonymous(facts, self.labeler.label(facts.text), key=_key(raw, header))

    def _pseudonymous(self, facts: ReportFacts, labelled: Labelled, *, key: str) -> Read:
        names = self.pseudonyms
        issued = names.accession(facts.accession, issuer=facts.issuer) if facts.issuer else None
        return Read(
            key=key,
            source=SOURCE,
            status=facts.status,
            study_uid=names.uid(facts.study_uid),
            accession=names.accession(facts.accession),
            issuer_accession=issued,
            patient=names.patient(facts.patient),
            reader=names.reader(facts.reader),
            modality=facts.modality,
            signed_at=facts.signed_at,
            received_at=self.clock.now(),
            language=labelled.language,
            labeler=labelled.labeler,
            labels=labelled.labels,
        )

    def _set_aside(self, raw: bytes, header: Header, reason: QuarantineReason) -> bytes:
        code = "AR" if reason is QuarantineReason.TOO_LARGE else "AE"
        try:
            self.store.quarantine(_bounded_key(raw), SOURCE, reason, at=self.clock.now())
        except Exception:  # noqa: BLE001 - as above: not counted is not acknowledged
            return self._answer("AE", header.control, "not stored, send again")
        return self._answer(code, header.control, reason.value)

    def _answer(self, code: str, control: str, reason: str = "") -> bytes:
        now = self.clock.now()
        own = hashlib.sha256(f"{control}{now.isoformat()}".encode()).hexdigest()[:20]
        header = f"MSH|^~\\&|OVERREAD||||{now:%Y%m%d%H%M%S%z}||ACK^R01^ACK|{own}|P|2.5"
        return f"{header}\rMSA|{code}|{control}|{reason}\r".encode("ascii")


def _key(raw: bytes, header: Header) -> str:
    """What makes a message the same one sent again: sender, control id and all that follows the header segment."""
    content = raw.lstrip(b"\r\n").partition(b"\r")[2]
    digest = hashlib.sha256(content).hexdigest()
    return hashlib.sha256(f"{header.source}\x1f{header.control}\x1f{digest}".encode()).hexdigest()


def _bounded_key(raw: bytes) -> str:
    """A digest that costs the same however large the message is."""
    return hashlib.sha256(raw[:_DIGESTED] + len(raw).to_bytes(8, "big")).hexdigest()
