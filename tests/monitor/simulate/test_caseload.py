from datetime import date, timedelta
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.simulate.caseload import CONSPICUITY, Examination, examinations
from monitor.simulate.fleet import FLEET, SITES
from monitor.simulate.practice import PREVALENCE, CaseMix, Practice

FIRST = date(2026, 1, 5)
Z = 4.5  # two-sided 7e-6: over the dozen checks of this file a false failure is rarer than one in ten thousand


@pytest.fixture(scope="module")
def many() -> list[Examination]:
    """Every examination of 90 days."""
    practices = [Practice(site=site) for site in FLEET.values()]
    return [one for day in range(90) for practice in practices for one in examinations(3, FIRST, day, practice)]


def within(successes: int, n: int, p: float) -> bool:
    """Whether a count is as near to its binomial mean as chance allows."""
    return abs(successes - n * p) <= Z * sqrt(n * p * (1 - p))


def test_volume_is_poisson_about_twenty_a_day(many: list[Examination]) -> None:
    """The total over 90 days lies where a Poisson of the sites' volumes puts it."""
    expected = 90 * sum(site.volume for site in FLEET.values())
    assert expected == 90 * 20
    assert abs(len(many) - expected) <= Z * sqrt(expected)


@pytest.mark.parametrize("finding", PREVALENCE)
def test_prevalence_is_what_it_is_set_to(many: list[Examination], finding: str) -> None:
    """Each finding is as common as its prevalence says."""
    assert within(sum(finding in one.case.findings for one in many), len(many), PREVALENCE[finding])


def test_shares_are_what_they_are_set_to(many: list[Examination]) -> None:
    """Portable and lateral images, children and returning patients come at their shares."""
    mix, n = CaseMix(), len(many)
    assert within(sum(one.case.view == "AP" for one in many), n, mix.portable)
    assert within(sum(one.case.view == "LL" for one in many), n, mix.lateral)
    assert within(sum(one.case.age < 18 for one in many), n, mix.children)
    assert within(sum(one.returning for one in many), n, mix.regulars * (1 - mix.children))


def test_conspicuity_has_the_mean_of_its_distribution(many: list[Examination]) -> None:
    """The mean conspicuity is the Beta distribution's, within its standard error."""
    a, b = CONSPICUITY
    drawn = [value for one in many for value in one.case.findings.values()]
    spread = sqrt(a * b / ((a + b) ** 2 * (a + b + 1)) / len(drawn))
    assert abs(sum(drawn) / len(drawn) - a / (a + b)) <= Z * spread + 0.002  # the floor lifts the mean by less


def test_identifiers_are_unique(many: list[Examination]) -> None:
    """No two examinations share an accession number, a study UID or a drawing's seed."""
    for name in ("accession", "study_uid"):
        assert len({getattr(one, name) for one in many}) == len(many)


def test_some_patients_return_as_themselves(many: list[Examination]) -> None:
    """A patient number stands for one person, and some come more than once."""
    people = {one.patient.number: one.patient for one in many}
    assert all(people[one.patient.number] == one.patient for one in many)
    assert 0.02 * len(many) < len(many) - len(people) < 0.2 * len(many)


def test_institutions_name_their_site(many: list[Examination]) -> None:
    """The institution on the image leads back to the site."""
    assert all(SITES[one.scanner.institution] == one.site for one in many)
    assert {one.scanner.station for one in many} == {s.station for site in FLEET.values() for s in site.scanners}


def test_the_fleet_speaks_several_dialects() -> None:
    """There is a MONOCHROME1 machine, one of 12 bits and one of more than 14, and a maker per site."""
    scanners = [scanner for site in FLEET.values() for scanner in site.scanners]
    assert {scanner.photometric for scanner in scanners} == {"MONOCHROME1", "MONOCHROME2"}
    assert {12, 14, 16} <= {scanner.bits_stored for scanner in scanners}
    assert len({scanner.manufacturer for scanner in scanners}) == len(FLEET)


@settings(deadline=None)
@given(seed=st.integers(0, 2**63), day=st.integers(0, 3000), start=st.dates(date(1950, 1, 1), date(2090, 1, 1)))
def test_nothing_but_dates_depends_on_the_calendar(seed: int, day: int, start: date) -> None:
    """Moving the first day moves every time by as much and changes nothing else; times stay within their day."""
    practice = Practice(site=FLEET["east"])
    here, there = examinations(seed, FIRST, day, practice), examinations(seed, start, day, practice)
    assert [one.case for one in here] == [one.case for one in there]
    assert [one.patient for one in here] == [one.patient for one in there]
    assert all(b.taken_at - a.taken_at == start - FIRST for a, b in zip(here, there, strict=True))
    assert all(one.moment(one.sent).date() == FIRST + timedelta(days=day) for one in here)
    assert all(1 <= one.case.age <= 110 and 0.3 <= one.case.size <= 1.35 for one in here)
    assert all(0 < value <= 1 for one in here for value in one.case.findings.values())
