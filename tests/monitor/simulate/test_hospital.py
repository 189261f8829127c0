import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from monitor.core.errors import UsageError
from monitor.core.read import ReadStatus
from monitor.simulate.hospital import Event, Hospital, ReportSent, StudySent
from monitor.simulate.shifts import Injection

Build = Callable[[Sequence[Injection]], Hospital]
Bytes = Callable[[Event], bytes]


class Wire:
    """Takes anything and remembers it; refuses what it is told to."""

    def __init__(self, answer: int | str) -> None:
        self.sent: list[Dataset | bytes] = []
        self.answer = answer

    def send(self, thing: Dataset | bytes) -> int | str:
        """Remember and answer."""
        self.sent.append(thing)
        return self.answer


def test_the_same_seed_gives_the_same_bytes(day_digest: Callable[[int, int], str]) -> None:
    """Two hospitals of one seed send the same bytes; another seed or day sends others."""
    first = day_digest(7, 4)
    assert first == day_digest(7, 4)
    assert len({first, day_digest(8, 4), day_digest(7, 5)}) == 3


def test_another_process_sends_the_same_bytes(day_digest: Callable[[int, int], str]) -> None:
    """A process with another hash seed computes the same day."""
    script = "import runpy, sys; print(runpy.run_path(sys.argv[1])['digest_of'](7, 4))"
    conftest = Path(__file__).with_name("conftest.py")
    root = Path(__file__).parents[3]
    printed = subprocess.run(
        [sys.executable, "-c", script, str(conftest)],
        capture_output=True,
        check=True,
        text=True,
        cwd=root,
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": str(root)},
    )
    assert printed.stdout.strip() == day_digest(7, 4)


def test_a_day_is_independent_of_the_days_before(build: Build, wire_bytes: Bytes) -> None:
    """Asked first, last or twice, a day gives the same bytes."""
    in_order, alone = build([]), build([])
    forward = [[wire_bytes(event) for event in in_order.events(day)] for day in range(5)]
    assert [wire_bytes(event) for event in alone.events(4)] == forward[4]
    assert [wire_bytes(event) for event in alone.events(2)] == forward[2]
    assert [wire_bytes(event) for event in in_order.events(0)] == forward[0]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.integers(0, 5000))
def test_a_days_events_are_its_own_and_in_order(hospital: Hospital, day: int) -> None:
    """Events rise in time, all on the day; no report leaves before its study."""
    events = hospital.events(day)
    times = [event.at for event in events]
    assert times == sorted(times)
    assert {moment.date() for moment in times} <= {hospital.start + timedelta(days=day)}
    assert all(event.report.signed_at <= event.at for event in events if isinstance(event, ReportSent))


def test_every_version_is_sent_once(hospital: Hospital) -> None:
    """Over many days every version of every report is sent exactly once, late ones on the day they arrive."""
    sent = Counter(
        (event.report.examination.accession, event.report.version.status)
        for day in range(20)
        for event in hospital.events(day)
        if isinstance(event, ReportSent)
    )
    meant = [
        (truth.accession, status) for day in range(17) for truth in hospital.truth(day) for status, _ in truth.labels
    ]
    assert set(sent.values()) == {1}
    assert set(meant) <= set(sent)


def test_some_reports_come_on_later_days(hospital: Hospital) -> None:
    """A day carries late reports of the days before it."""
    late = [
        event
        for day in range(5, 9)
        for event in hospital.events(day)
        if isinstance(event, ReportSent) and event.report.examination.day < day
    ]
    assert late
    assert all(event.at - event.report.examination.taken_at <= timedelta(hours=72) for event in late)


def test_events_survive_pickling(hospital: Hospital, wire_bytes: Bytes) -> None:
    """An event drawn in another process gives the same bytes, and travels light."""
    for event in hospital.events(3)[:8]:
        packed = pickle.dumps(event)
        assert len(packed) < 10_000
        assert wire_bytes(pickle.loads(packed)) == wire_bytes(event)  # noqa: S301  # just packed here


def test_truth_covers_every_study(hospital: Hospital) -> None:
    """Each study sent has its truth: what is there, and what each version meant, the final among them."""
    studies = [event.examination for event in hospital.events(3) if isinstance(event, StudySent)]
    truths = {truth.study_uid: truth for truth in hospital.truth(3)}
    assert truths.keys() == {one.study_uid for one in studies}
    assert all(truths[one.study_uid].findings == one.case.findings for one in studies)
    assert all(ReadStatus.FINAL in dict(truth.labels) for truth in truths.values())


def test_playing_sends_everything_at_its_time(hospital: Hospital, wire_bytes: Bytes) -> None:
    """Every event goes out once, over its wire, in order, after the clock was set to its time."""
    clock: list[datetime] = []
    dicom, mllp = Wire(0), Wire("AA")
    played = hospital.play(2, dicom, mllp, clock.append)  # type: ignore[arg-type]
    events = hospital.events(2)
    assert clock == [event.at for event in events]
    assert mllp.sent == [wire_bytes(event) for event in events if isinstance(event, ReportSent)]
    assert dicom.sent == [event.dataset() for event in events if isinstance(event, StudySent)]
    assert (played.studies, played.reports, played.refused) == (len(dicom.sent), len(mllp.sent), ())


def test_images_may_be_drawn_ahead(hospital: Hospital) -> None:
    """With an executor's map the same objects go out."""
    here, ahead = Wire(0), Wire(0)
    hospital.play(1, here, Wire("AA"), lambda _: None)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as executor:
        hospital.play(1, ahead, Wire("AA"), lambda _: None, draw=executor.map)  # type: ignore[arg-type]
    assert here.sent == ahead.sent


def test_refusals_are_reported(hospital: Hospital) -> None:
    """What a receiver does not accept is listed with its time and the answer, and the day goes on."""
    played = hospital.play(1, Wire(0xA700), Wire("AE"), lambda _: None)  # type: ignore[arg-type]
    assert (played.studies, played.reports) == (0, 0)
    assert [at for at, _ in played.refused] == [event.at for event in hospital.events(1)]
    assert {answer for _, answer in played.refused} == {"0xa700", "AE"}


def test_the_transcript_says_what_was_injected(build: Build) -> None:
    """Every injection is in the transcript with the first moment it holds, as plain JSON."""
    hospital = build(
        [Injection(name="detector_replaced", day=30, site="north"), Injection(name="model_update", day=45)]
    )
    transcript = json.loads(json.dumps(hospital.injected()))
    assert [(entry["kind"], entry["name"], entry["site"], entry["at"]) for entry in transcript] == [
        ("injected", "detector_replaced", "north", "2026-02-04T00:00:00+00:00"),
        ("injected", "model_update", "all", "2026-02-19T00:00:00+00:00"),
    ]


def test_a_hospital_refuses_what_it_cannot_play(hospital: Hospital) -> None:
    """A day before the first, or a generator that cannot draw a finding, is refused by name."""
    with pytest.raises(UsageError, match="day -1"):
        hospital.events(-1)

    class Blind(type(hospital._generator)):  # type: ignore[misc]
        findings = ("nodule",)

    with pytest.raises(UsageError, match="pneumothorax"):
        Hospital(1, hospital.start, [], Blind())
