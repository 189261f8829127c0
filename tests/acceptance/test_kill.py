"""A kill -9 at any moment loses nothing acknowledged and scores nothing twice."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import pytest

from monitor.core.errors import OverreadError
from monitor.simulate.chest import ChestGenerator
from monitor.simulate.hospital import Hospital, ReportSent, StudySent
from monitor.simulate.wire import DicomSender, MllpSender
from tests.acceptance.sidecar import Sidecar, balanced

pytestmark = pytest.mark.acceptance

KILLS = 4


def test_kill_nine_loses_and_doubles_nothing(started: Callable[..., Sidecar]) -> None:
    """Every study and report acknowledged before, between and after four kills is there once, scored once."""
    hospital = Hospital(3, date(2026, 3, 2), [], ChestGenerator())
    events = [event for day in range(2) for event in hospital.events(day)]
    sidecar = started(STUDY__QUIET_SECONDS="0")
    studies = [event for event in events if isinstance(event, StudySent)]
    moments = random.Random(5)  # noqa: S311  # a reproducible choice of moments, not a secret
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as senders:
        sending = senders.submit(_send_all, sidecar.ports, events)
        for _ in range(KILLS):
            time.sleep(moments.uniform(0.3, 2.5))
            sidecar.kill()
            sidecar.start()
        assert sending.result(200) == len(events)
    status = sidecar.until(
        lambda found: found["studies"]["pending"] == 0 and found["studies"]["received"] >= len(studies)
    )
    assert status["studies"]["received"] == len(studies)
    assert balanced(status)
    assert status["reads"]["received"] == len(events) - len(studies)
    store = sidecar.store()
    totals = store.totals()
    store.close()
    answers = sum(totals["predictions"].values())
    assert answers == 5 * status["studies"]["scored"]
    assert status["pairs"]["by_match"]


def _send_all(ports: Mapping[str, int], events: Sequence[StudySent | ReportSent]) -> int:
    """Send each event until it is acknowledged, as a PACS and a RIS with queues would; how many were."""
    for event in events:
        while not _sent(ports, event):
            time.sleep(0.2)
    return len(events)


def _sent(ports: Mapping[str, int], event: StudySent | ReportSent) -> bool:
    try:
        if isinstance(event, StudySent):
            with DicomSender("127.0.0.1", ports["DICOM"], calling_ae="PACS", called_ae="OVERREAD") as dicom:
                return dicom.send(event.dataset()) == 0
        with MllpSender("127.0.0.1", ports["MLLP"]) as mllp:
            return mllp.send(event.message()) == "AA"
    except (OSError, RuntimeError, OverreadError):  # whatever a dying peer does to a sender
        return False
