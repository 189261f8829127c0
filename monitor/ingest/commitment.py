"""Storage commitment, push model (PS3.4 Annex J): what is durable here is committed, and nothing else is."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID
from pynetdicom import AE, build_role
from pynetdicom.dsutils import decode, encode

from monitor.ingest.dimse import Status
from monitor.ingest.negotiation import COMMITMENT
from monitor.ingest.spool import DiskSpool

WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"
MOST_BYTES = 4 << 20
"""About thirty thousand references."""
ALL_COMMITTED, SOME_FAILED = 1, 2
_NO_SUCH_OBJECT, _CLASS_CONFLICT = 0x0112, 0x0119
_TRIES_AFTER_SECONDS = (0.0, 2.0, 10.0)

Registered = Callable[[Sequence[str]], Mapping[str, str]]
"""Pseudonyms of SOP Instance UIDs to the SOP class they are registered under; those that are not are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What is told about one request: the event's type and its data set, which holds identifiers."""

    event: int
    dataset: Dataset

    def __repr__(self) -> str:
        return f"Report(event={self.event})"


class Commitments:
    """Answers which objects are durable: in the spool, not yet registered, or registered in the store."""

    def __init__(
        self,
        spool: DiskSpool,
        registered: Registered,
        pseudonym: Callable[[str], str | None],
        peers: Mapping[str, tuple[str, int]],
        *,
        ae_title: str,
    ) -> None:
        """Prepare to answer.

        Args:
            spool: looked through first, so that an object on its way into the store is seen in one of the two.
            registered: asks the store; may fail in any way, and nothing is committed then that is not in the spool.
            pseudonym: of a SOP Instance UID.
            peers: calling title to the host and port that reports go to; the others get theirs over the association
                they asked on.
            ae_title: our own.
        """
        self._spool, self._registered, self._pseudonym = spool, registered, pseudonym
        self._peers, self._ae_title = peers, ae_title

    def judge(self, request: Dataset) -> Report:
        """Which of the referenced objects are committed.

        Raises:
            AttributeError: the request lacks its transaction UID or its references.
        """
        asked = [(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)) for item in _references(request)]
        known, complete = self._known({self._pseudonym(instance) or "" for _, instance in asked})
        committed, failed = [], []
        for sop_class, instance in asked:
            classes = known.get(self._pseudonym(instance) or "", frozenset())
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            if sop_class in classes:
                committed.append(item)
                continue
            missing = _NO_SUCH_OBJECT if complete else Status.PROCESSING_FAILURE
            item.FailureReason = int(_CLASS_CONFLICT if classes else missing)
            failed.append(item)
        report = Dataset()
        report.TransactionUID = request.TransactionUID
        if committed:
            report.ReferencedSOPSequence = committed
        if failed:
            report.FailedSOPSequence = failed
        return Report(event=SOME_FAILED if failed else ALL_COMMITTED, dataset=report)

    def send(self, title: str, report: Report, undelivered: Callable[[], None]) -> bool:
        """Report over an association of our own, in a thread; False where no address is known for this title."""
        if title not in self._peers:
            return False
        host, port = self._peers[title]
        threading.Thread(
            target=_deliver, args=(self._ae_title, (host, port), title, report, undelivered), daemon=True
        ).start()
        return True

    def _known(self, sops: set[str]) -> tuple[Mapping[str, frozenset[str]], bool]:
        """SOP classes by pseudonym, and whether the store could be asked."""
        found: dict[str, frozenset[str]] = {}
        for sop, path in self._spool.marked().items():
            if sop in sops:
                with suppress(FileNotFoundError):  # registered meanwhile: the store has it
                    found[sop] = frozenset({str(read_file_meta_info(path).MediaStorageSOPClassUID)})
        try:
            registered = self._registered(sorted(sops - {""}))
        except Exception:  # noqa: BLE001  # each driver has its own errors; what could not be asked is not committed
            return found, False
        return {sop: found.get(sop, frozenset()) | {*_one(registered.get(sop))} for sop in sops}, True


class Action:
    """An N-ACTION on its way in: a commitment request of bounded length."""

    def __init__(self, transfer_syntax: str) -> None:
        self._syntax, self._content, self.request = UID(transfer_syntax), bytearray(), Dataset()

    def write(self, piece: memoryview) -> None:
        """See `Operation.write`."""
        if len(self._content) <= MOST_BYTES:
            self._content += piece

    def finish(self) -> int:
        """See `Operation.finish`."""
        if len(self._content) > MOST_BYTES:
            return Status.PROCESSING_FAILURE
        try:
            self.request = decode(
                BytesIO(self._content), is_implicit_vr=self._syntax.is_implicit_VR, is_little_endian=True
            )
            _references(self.request)
            self.request.TransactionUID  # noqa: B018  # raises where there is none
        except Exception:  # noqa: BLE001  # a hostile data set can make its reader fail in any way
            return Status.PROCESSING_FAILURE
        return Status.SUCCESS

    def discard(self) -> None:
        """See `Operation.discard`."""


def encoded(report: Report, transfer_syntax: str) -> bytes:
    """The report's data set as it goes over a presentation context."""
    content = encode(report.dataset, is_implicit_vr=UID(transfer_syntax).is_implicit_VR, is_little_endian=True)
    return bytes(content or b"")


def _references(request: Dataset) -> Sequence[Any]:
    return [item for item in request.ReferencedSOPSequence if item.ReferencedSOPClassUID]


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _deliver(
    ae_title: str, address: tuple[str, int], title: str, report: Report, undelivered: Callable[[], None]
) -> None:
    for pause in _TRIES_AFTER_SECONDS:
        time.sleep(pause)
        with suppress(Exception):  # whatever a peer does to an association, the next try or the count below follows
            if _delivered(ae_title, address, title, report):
                return
    undelivered()


def _delivered(ae_title: str, address: tuple[str, int], title: str, report: Report) -> bool:
    entity = AE(ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    entity.add_requested_context(COMMITMENT)
    role = build_role(COMMITMENT, scp_role=True)
    association = entity.associate(*address, ae_title=title, ext_neg=[role])
    if not association.is_established:
        return False
    try:
        answer, _ = association.send_n_event_report(report.dataset, report.event, COMMITMENT, WELL_KNOWN_INSTANCE)
        return bool(answer) and answer.Status == Status.SUCCESS
    finally:
        association.release()
