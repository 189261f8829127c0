"""Storage commitment answers for what is durable, over the same association or a new one."""

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from monitor.bench.sender import CT, ImageKind, Sender
from monitor.ingest.admission import Refused
from monitor.ingest.commitment import Commitments, Registered
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.receiving import PSEUDONYMS, listening, until

SMALL = ImageKind(name="small", sop_class=CT.sop_class, modality="CT", rows=16, columns=16)
IN_STORE = "1.2.3.99"


def in_store(sops: Sequence[str]) -> Mapping[str, str]:
    """A store that knows one object."""
    return {sop: CT.sop_class for sop in sops if sop == PSEUDONYMS.uid(IN_STORE)}


def no_store(_sops: Sequence[str]) -> Mapping[str, str]:
    """A store that is down."""
    raise ConnectionError


def desk(spool: DiskSpool, registered: Registered, **peers: tuple[str, int]) -> Commitments:
    """Answers from this spool and store."""
    return Commitments(spool, registered, PSEUDONYMS.uid, peers, ae_title="OVERREAD")


def asked(*references: tuple[str, str]) -> Dataset:
    """A request for these SOP classes and instances."""
    request = Dataset()
    request.TransactionUID = generate_uid()
    request.ReferencedSOPSequence = []
    for sop_class, instance in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        request.ReferencedSOPSequence.append(item)
    return request


def failures(report: Dataset) -> dict[str, int]:
    """Failed instances and their reasons."""
    return {str(item.ReferencedSOPInstanceUID): item.FailureReason for item in report.get("FailedSOPSequence", [])}


def committed(report: Dataset) -> set[str]:
    """Committed instances."""
    return {str(item.ReferencedSOPInstanceUID) for item in report.get("ReferencedSOPSequence", [])}


REQUEST = ((CT.sop_class, "1.2.3.1"), (CT.sop_class, IN_STORE), (CT.sop_class, "1.2.3.7"), ("1.2.840.1", "1.2.3.1"))


@pytest.mark.parametrize("anew", [False, True], ids=["same association", "new association"])
def test_what_is_durable_is_committed_and_the_rest_is_not(spool: DiskSpool, *, anew: bool) -> None:
    """Spooled and registered objects are committed, an unknown one and one of another class fail with their reasons."""
    reports: list[tuple[int, Dataset]] = []

    def take(event: Any) -> tuple[int, None]:
        reports.append((event.event_type, event.event_information))
        return 0x0000, None

    handlers = [(evt.EVT_N_EVENT_REPORT, take)]
    modality = AE("CT1")
    modality.add_requested_context(StorageCommitmentPushModel, ImplicitVRLittleEndian)
    modality.add_supported_context(StorageCommitmentPushModel, scp_role=True, scu_role=True)
    server = modality.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    peers = {"CT1": ("127.0.0.1", server.server_address[1])} if anew else {}
    with listening(spool, commitments=desk(spool, in_store, **peers)) as door:
        with Sender(door.port, "OVERREAD", SMALL, "1.2.3") as sender:
            assert sender.store() == 0
            sender.release()
        entity = modality.associate("127.0.0.1", door.port, ae_title="OVERREAD", evt_handlers=handlers)
        status, _ = entity.send_n_action(
            asked(*REQUEST), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        assert status.Status == 0
        until(lambda: reports)
        entity.release()
        until(lambda: door.receiver.connections() == 0)
        assert door.refusals == []
    server.shutdown()
    ((event, report),) = reports
    assert event == 2
    assert committed(report) == {"1.2.3.1", IN_STORE}
    assert failures(report) == {"1.2.3.7": 0x0112, "1.2.3.1": 0x0119}


def test_all_durable_is_event_one(spool: DiskSpool) -> None:
    """A request whose every object is known has no failures and the event that says so."""
    report = desk(spool, in_store).judge(asked((CT.sop_class, IN_STORE)))
    assert (report.event, failures(report.dataset), committed(report.dataset)) == (1, {}, {IN_STORE})


def test_a_store_that_is_down_commits_nothing_it_would_have_to_know(spool: DiskSpool) -> None:
    """Without the store, only what lies in the spool is committed; the rest failed, which is not "no such object"."""
    with listening(spool) as door, Sender(door.port, "OVERREAD", SMALL, "1.2.3") as sender:
        assert sender.store() == 0
        sender.release()
    report = desk(spool, no_store).judge(asked((CT.sop_class, "1.2.3.1"), (CT.sop_class, IN_STORE)))
    assert (committed(report.dataset), failures(report.dataset)) == ({"1.2.3.1"}, {IN_STORE: 0x0110})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom drops a refused socket
def test_a_report_nobody_takes_is_noted(spool: DiskSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last try to reach the peer the report counts as undelivered."""
    monkeypatch.setattr("monitor.ingest.commitment._TRIES_AFTER_SECONDS", (0.0, 0.01))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        commitments = desk(spool, in_store, CT1=("127.0.0.1", taken.getsockname()[1]))
        with listening(spool, commitments=commitments) as door:
            entity = AE("CT1")
            entity.add_requested_context(StorageCommitmentPushModel, ImplicitVRLittleEndian)
            association = entity.associate("127.0.0.1", door.port, ae_title="OVERREAD")
            association.send_n_action(
                asked(*REQUEST), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
            association.release()
            until(lambda: door.refusals)
            assert [one.reason for one in door.refusals] == [Refused.UNDELIVERED]


def test_a_request_that_says_nothing_is_refused(spool: DiskSpool) -> None:
    """Without a transaction or references the action fails, and no report follows."""
    entity = AE("CT1")
    entity.add_requested_context(StorageCommitmentPushModel, ImplicitVRLittleEndian)
    with listening(spool, commitments=desk(spool, in_store)) as door:
        association = entity.associate("127.0.0.1", door.port, ae_title="OVERREAD")
        hollow = Dataset()
        hollow.PatientID = "x"
        status, _ = association.send_n_action(hollow, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
        association.release()
    assert status.Status == 0x0110
