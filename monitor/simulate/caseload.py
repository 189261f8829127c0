"""Who is examined on a day: drawn from the seed and the day's index alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from monitor.simulate.case import Case, Scanner
from monitor.simulate.patients import Patient, patient
from monitor.simulate.practice import CaseMix, Gateway, Practice
from monitor.simulate.streams import stream, uid

REGULARS = 150
CONSPICUITY = (2.6, 1.5)
"""Parameters of the Beta distribution of conspicuity: mean .63, one in ten below .32."""
LEAST_CONSPICUITY = 0.02
_DAY_SECONDS = 86_400
_LATEST_SECONDS = _DAY_SECONDS - 900  # a study is always sent on the day it was taken
_SENDING_SECONDS = (45.0, 600.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """One study: who, when, on which machine, and what they truly have.

    `taken` and `sent` are seconds since midnight of `day`, which counts from `first`, the date of day 0. `returning`
    says the patient has been here before; `hospital` is the seed of the hospital it belongs to.
    """

    hospital: int
    first: date
    day: int
    site: str
    accession: str
    study_uid: str
    taken: float
    sent: float
    patient: Patient
    returning: bool
    scanner: Scanner
    gateway: Gateway
    case: Case

    @property
    def issuer(self) -> str:
        """Who assigned its patient ID and accession number."""
        return f"OVR{self.site.upper()}"

    @property
    def taken_at(self) -> datetime:
        """When the image was taken."""
        return self.moment(self.taken)

    def moment(self, seconds: float) -> datetime:
        """The time `seconds` after midnight of its day, to the millisecond."""
        midnight = datetime.combine(self.first, time(), UTC) + timedelta(days=self.day)
        return midnight + timedelta(milliseconds=round(seconds * 1000))


def examinations(seed: int, first: date, day: int, practice: Practice) -> tuple[Examination, ...]:
    """A site's examinations of a day, in order of time. Their number is Poisson with the site's volume.

    Args:
        seed: of the hospital.
        first: the date of day 0; nothing but dates depends on it.
        day: counted from 0.
        practice: the site as it is on that day.
    """
    site = practice.site
    volume = stream(seed, "volume", site.name, day).poisson(site.volume)
    drawn = (_examination(seed, first, day, index, practice) for index in range(volume))
    return tuple(sorted(drawn, key=lambda examination: examination.taken))


def _examination(seed: int, first: date, day: int, index: int, practice: Practice) -> Examination:
    site, mix = practice.site, practice.mix
    rng = stream(seed, "examination", site.name, day, index)
    taken = _time_of_day(rng)
    sent = taken + rng.uniform(*_SENDING_SECONDS)
    scanner = site.scanners[int(rng.random() ** 2 * len(site.scanners))]  # the first does most of the work
    person, returning = _person(seed, rng, day, index, practice)
    case = Case(
        seed=int(rng.integers(2**32)),
        age=person.age_on(day),
        sex=person.sex,
        size=person.size,
        view=_view(rng.random(), mix),
        findings=_findings(rng, mix),
    )
    accession = f"{site.name[0].upper()}{day:05d}{index:03d}"
    return Examination(
        hospital=seed,
        first=first,
        day=day,
        site=site.name,
        accession=accession,
        study_uid=uid(seed, "study", accession),
        taken=taken,
        sent=sent,
        patient=person,
        returning=returning,
        scanner=scanner,
        gateway=practice.gateway,
        case=case,
    )


def _time_of_day(rng: np.random.Generator) -> float:
    """Seconds since midnight: a morning and an afternoon peak, and one in six at any hour."""
    kind = rng.random()
    peak = rng.normal(10.5 if kind < 0.5 else 15.0, 1.5) * 3600
    any_hour = rng.uniform(0, _LATEST_SECONDS)
    return float(np.clip(any_hour if kind > 5 / 6 else peak, 0, _LATEST_SECONDS))


def _person(seed: int, rng: np.random.Generator, day: int, index: int, practice: Practice) -> tuple[Patient, bool]:
    letter = practice.site.name[0].upper()
    child, regular, which = rng.random(), rng.random(), int(rng.integers(REGULARS))
    if child < practice.mix.children:
        return patient(seed, f"{letter}{(day + 1) * 1000 + index:08d}", seen_on=day, child=True), False
    if regular < practice.mix.regulars:
        return patient(seed, f"{letter}{which:08d}", seen_on=0), True
    return patient(seed, f"{letter}{(day + 1) * 1000 + index:08d}", seen_on=day), False


def _view(draw: float, mix: CaseMix) -> str:
    if draw < mix.lateral:
        return "LL"
    return "AP" if draw > 1 - mix.portable else "PA"


def _findings(rng: np.random.Generator, mix: CaseMix) -> Mapping[str, float]:
    draws, plainness = rng.random(len(mix.prevalence)), rng.beta(*CONSPICUITY, size=len(mix.prevalence))
    return {
        name: round(float(np.clip(plain * mix.conspicuity, LEAST_CONSPICUITY, 1.0)), 4)
        for (name, prevalence), draw, plain in zip(mix.prevalence.items(), draws, plainness, strict=True)
        if draw < prevalence
    }
