"""A kill -9 at any moment loses nothing acknowledged and scores nothing twice."""

import random
import threading
import time
from collections.abc import Callable
from datetime import date

import pytest

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
    acknowledged: dict[str, set[int]] = {"studies": set(), "reports": set()}
    sending = threading.Thread(target=_send_all, args=(sidecar, events, acknowledged))
    sending.start()
    moments = random.Random(5)  # noqa: S311  # a reproducible choice of moments, not a secret
    for _ in range(KILLS):
        time.sleep(moments.uniform(0.3, 2.5))
        sidecar.kill()
        sidecar.start()
    sending.join(120)
    assert not sending.is_alive()
    studies = [index for index, event in enumerate(events) if isinstance(event, StudySent)]
    assert acknowledged["studies"] == set(studies)
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


def _send_all(sidecar: Sidecar, events: list[StudySent | ReportSent], acknowledged: dict[str, set[int]]) -> None:
    """Send each event until it is acknowledged, as a PACS and a RIS with queues would."""
    for index, event in enumerate(events):
        kind = "studies" if isinstance(event, StudySent) else "reports"
        while index not in acknowledged[kind]:
            try:
                if _sent(sidecar, event):
                    acknowledged[kind].add(index)
            except (OSError, RuntimeError, Exception):  # noqa: BLE001  # whatever a dying peer does to a sender
                time.sleep(0.1)


def _sent(sidecar: Sidecar, event: StudySent | ReportSent) -> bool:
    if isinstance(event, StudySent):
        with DicomSender("127.0.0.1", sidecar.ports["DICOM"], calling_ae="PACS", called_ae="OVERREAD") as dicom:
            return dicom.send(event.dataset()) == 0
    with MllpSender("127.0.0.1", sidecar.ports["MLLP"]) as mllp:
        return mllp.send(event.message()) == "AA"
