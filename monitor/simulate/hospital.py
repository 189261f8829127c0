"""The hospital: what it sends on a day, and sending it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from pydicom.dataset import Dataset

from monitor.core.errors import UsageError
from monitor.core.read import Label, ReadStatus
from monitor.simulate.case import Generator
from monitor.simulate.caseload import Examination, examinations
from monitor.simulate.dicom import image, routed
from monitor.simulate.fleet import FLEET
from monitor.simulate.hl7 import message
from monitor.simulate.lifecycle import LATEST_DAYS, Version, versions
from monitor.simulate.practice import PREVALENCE
from monitor.simulate.reports import Report, word
from monitor.simulate.shifts import SHIFTS, Injection, practice_on

_DAY_SECONDS = 86_400
_KEPT_DAYS = 2 * (LATEST_DAYS + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class StudySent:
    """A study leaves its site. Nothing is drawn until `dataset` is called, which another process may do."""

    at: datetime
    examination: Examination
    generator: Generator

    def dataset(self) -> Dataset:
        """Draw, acquire and route the image and build its object. The same every time."""
        examination, generator = self.examination, self.generator
        drawing = generator.draw(examination.case)
        pixels = generator.acquire(drawing, examination.scanner, seed=examination.case.seed)
        stored = routed(pixels, examination.gateway, examination.scanner.bits_stored)
        return image(examination, stored, modality=generator.modality, body_part=generator.body_part)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSent:
    """A report version leaves the reporting system."""

    at: datetime
    report: Report
    modality: str

    def message(self) -> bytes:
        """The version as an ORU^R01 message."""
        return message(self.report, modality=self.modality)


Event: TypeAlias = StudySent | ReportSent


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What a demonstration may check itself against: what is truly there, and what every report version meant.

    `findings` maps what is present to its conspicuity; `labels` has one mapping for each version, in order of signing.
    """

    study_uid: str
    accession: str
    site: str
    view: str
    taken_at: datetime
    findings: Mapping[str, float]
    labels: tuple[tuple[ReadStatus, Mapping[str, Label]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What became of a day's events: how many were accepted, and the answer to each that was not, with its time."""

    studies: int
    reports: int
    refused: tuple[tuple[datetime, str], ...]


class StudyWire(Protocol):
    """Takes objects and answers with a DIMSE status."""

    def send(self, dataset: Dataset) -> int:
        """Send one object; 0 is success."""


class ReportWire(Protocol):
    """Takes messages and answers with an acknowledgement code."""

    def send(self, message: bytes) -> str:
        """Send one message; AA is success."""


Draw: TypeAlias = Callable[[Callable[[StudySent], Dataset], Sequence[StudySent]], Iterable[Dataset]]
"""Like the built-in `map`, or an executor's, which draws ahead in other processes."""


class Hospital:
    """Three sites, their patients, machines and readers: a pure function of seed, first day, injections and generator.

    Raises:
        UsageError: the generator does not draw every finding the patients have.
    """

    def __init__(self, seed: int, start: date, shifts: Sequence[Injection], generator: Generator) -> None:
        """`start` is the date of day 0."""
        missing = set(PREVALENCE) - set(generator.findings)
        if missing:
            raise UsageError(f"generator {generator.profile}: cannot draw {', '.join(sorted(missing))}")
        self.seed = seed
        self.start = start
        self.shifts = tuple(shifts)
        self._generator = generator
        self._planned = lru_cache(maxsize=_KEPT_DAYS)(self._plan)

    def events(self, day: int) -> list[Event]:
        """Everything sent on a day, in order of time: its studies, and the report versions of it and of days before."""
        studies: list[Event] = [
            StudySent(at=examination.moment(examination.sent), examination=examination, generator=self._generator)
            for examination, _ in self._planned(day)
        ]
        return sorted([*studies, *self._reports(day)], key=lambda event: event.at)

    def truth(self, day: int) -> list[Truth]:
        """The truth of every study taken on a day, in order of site and time."""
        return [
            Truth(
                study_uid=examination.study_uid,
                accession=examination.accession,
                site=examination.site,
                view=examination.case.view,
                taken_at=examination.taken_at,
                findings=examination.case.findings,
                labels=tuple((version.status, version.labels) for version in written),
            )
            for examination, written in self._planned(day)
        ]

    def injected(self) -> list[dict[str, Any]]:
        """The transcript of what was injected: kind, time (ISO 8601), name, site ("all" where every one), summary."""
        return [
            {
                "kind": "injected",
                "at": self._midnight(injection.day).isoformat(),
                "day": injection.day,
                "name": injection.name,
                "site": injection.site or "all",
                "summary": SHIFTS[injection.name].summary,
            }
            for injection in self.shifts
        ]

    def play(
        self,
        day: int,
        dicom: StudyWire,
        mllp: ReportWire,
        set_clock: Callable[[datetime], None],
        *,
        draw: Draw = map,
        together: bool = False,
    ) -> Played:
        """Send a day's events, each with the clock set to its time.

        Args:
            day: which day, 0 the first.
            dicom: where studies go.
            mllp: where reports go.
            set_clock: told the time of each event before it is sent.
            draw: how images are made: `map` draws each when its turn comes, an executor's `map` ahead of it.
            together: let each wire go through the day at its own pace, as two systems of a hospital do, instead of one
                event after the other; `set_clock` is then called by two threads.
        """
        events = self.events(day)
        drawn = iter(draw(StudySent.dataset, [event for event in events if isinstance(event, StudySent)]))

        def answers(wanted: Sequence[Event]) -> list[tuple[Event, str]]:
            """What was answered to each; empty where it was accepted."""
            given: list[tuple[Event, str]] = []
            for event in wanted:
                set_clock(event.at)
                if isinstance(event, StudySent):
                    status = dicom.send(next(drawn))
                    given.append((event, "" if status == 0 else f"{status:#06x}"))
                else:
                    code = mllp.send(event.message())
                    given.append((event, "" if code == "AA" else code))
            return given

        by_wire = [[e for e in events if isinstance(e, kind)] for kind in (StudySent, ReportSent)]
        lanes: list[list[Event]] = by_wire if together else [events]
        with ThreadPoolExecutor(len(lanes)) as pool:
            answered = [one for lane in pool.map(answers, lanes) for one in lane]
        accepted = [event for event, answer in answered if not answer]
        return Played(
            studies=sum(isinstance(event, StudySent) for event in accepted),
            reports=sum(isinstance(event, ReportSent) for event in accepted),
            refused=tuple((event.at, answer) for event, answer in answered if answer),
        )

    def _reports(self, day: int) -> Iterator[ReportSent]:
        for earlier in range(max(day - LATEST_DAYS, 0), day + 1):
            for examination, written in self._planned(earlier):
                for version in written:
                    if earlier + version.sent // _DAY_SECONDS == day:
                        yield self._worded(examination, version)

    def _worded(self, examination: Examination, version: Version) -> ReportSent:
        """The version in the layout its site uses on the day it is signed."""
        signed_on = examination.day + int(version.signed // _DAY_SECONDS)
        house = practice_on(signed_on, examination.site, self.shifts).house
        report = Report(examination=examination, version=version, text=word(examination, version, house))
        return ReportSent(at=report.sent_at, report=report, modality=self._generator.modality)

    def _plan(self, day: int) -> tuple[tuple[Examination, tuple[Version, ...]], ...]:
        """A day's examinations and their reports' schedules: nothing is drawn or worded."""
        if day < 0:
            raise UsageError(f"day {day} lies before the first; accepted: 0 or later")
        practices = (practice_on(day, site, self.shifts) for site in FLEET)
        return tuple(
            (examination, versions(examination, self._generator.findings))
            for practice in practices
            for examination in examinations(self.seed, self.start, day, practice)
        )

    def _midnight(self, day: int) -> datetime:
        return datetime.combine(self.start, time(), UTC) + timedelta(days=day)
