"""The life of a report: who writes which version, when, and what they mean to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.core.read import Label, ReadStatus
from monitor.simulate.caseload import Examination
from monitor.simulate.reader import ATTENDINGS, RESIDENTS, Reader, opinion, reconsidered
from monitor.simulate.streams import stream

HOUR = 3600.0
LONGEST = 72 * HOUR
"""No version is signed later than this after its image was taken."""
LATEST_DAYS = 3
"""Days after its study on which a version may still arrive."""
PRELIMINARY_SHARE = 0.40
NEXT_DAYS_SHARE = 0.08
CORRECTED_SHARE: Mapping[bool, float] = {False: 0.008, True: 0.30}
"""Share of finals corrected later, by whether the final report was wrong."""
_TRANSMISSION = (2.0, 60.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version of a report before it is worded. `signed` and `sent` are seconds since midnight of the study's day."""

    number: int
    status: ReadStatus
    reader: Reader
    signed: float
    sent: float
    labels: Mapping[str, Label]


def versions(examination: Examination, findings: Sequence[str]) -> tuple[Version, ...]:
    """All versions the report of an examination will ever have, in order of signing."""
    rng = stream(examination.hospital, "report", examination.accession)
    chances, picks = rng.random(4), rng.integers(2**16, size=2)
    resident, attending = RESIDENTS[picks[0] % len(RESIDENTS)], ATTENDINGS[picks[1] % len(ATTENDINGS)]
    first = opinion(examination.case, resident, findings, rng)
    final = opinion(examination.case, attending, findings, rng)
    second = reconsidered(final, examination.case)
    delays = _delays(rng, later=chances[1] < NEXT_DAYS_SHARE)
    drafts = (
        (ReadStatus.PRELIMINARY, resident, first, chances[0] < PRELIMINARY_SHARE),
        (ReadStatus.FINAL, attending, final, True),
        (ReadStatus.CORRECTED, attending, second, chances[2] < CORRECTED_SHARE[_wrong(final, second)]),
    )
    transmissions = rng.uniform(*_TRANSMISSION, size=len(drafts))
    written = [
        (*draft[:3], delay, way) for draft, delay, way in zip(drafts, delays, transmissions, strict=True) if draft[3]
    ]
    return tuple(
        Version(
            number=number,
            status=status,
            reader=reader,
            signed=examination.taken + delay,
            sent=examination.taken + delay + way,
            labels=labels,
        )
        for number, (status, reader, labels, delay, way) in enumerate(written, start=1)
    )


def _wrong(final: Mapping[str, Label], second: Mapping[str, Label]) -> bool:
    """Whether a second look turns a finding from reported to not, or back. Doubt is no error."""
    return any(
        Label.UNCERTAIN not in {label, second[name]} and (label is Label.PRESENT) != (second[name] is Label.PRESENT)
        for name, label in final.items()
    )


def _delays(rng: np.random.Generator, *, later: bool) -> tuple[float, float, float]:
    """Seconds from image to preliminary, final and corrected version, rising and at most `LONGEST`.

    Finals take 2.5 hours in the middle (log-normal), those left over 14 to 62 hours; a preliminary one comes in the
    first third of that, a correction one to ten hours after.
    """
    usual = float(np.clip(rng.lognormal(np.log(2.5), 0.7), 0.5, 13.0))
    final = HOUR * (rng.uniform(14.0, 60.0) if later else usual)
    preliminary = final * rng.uniform(0.1, 0.33)
    corrected = final + HOUR * rng.uniform(1.0, 10.0)
    return preliminary, final, min(corrected, LONGEST - max(_TRANSMISSION))
