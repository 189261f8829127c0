from datetime import date
from itertools import pairwise
from math import sqrt

import pytest

from monitor.core.read import Label, ReadStatus
from monitor.simulate.caseload import Examination, examinations
from monitor.simulate.fleet import FLEET
from monitor.simulate.lifecycle import HOUR, LATEST_DAYS, LONGEST, PRELIMINARY_SHARE, Version, versions
from monitor.simulate.practice import PREVALENCE, Practice

Z = 4.5
Written = list[tuple[Examination, tuple[Version, ...]]]


@pytest.fixture(scope="module")
def written() -> Written:
    """Every examination of 90 days with all its versions."""
    return [
        (one, versions(one, tuple(PREVALENCE)))
        for day in range(90)
        for site in FLEET.values()
        for one in examinations(11, date(2026, 1, 5), day, Practice(site=site))
    ]


def test_every_report_has_one_final_version_in_its_place(written: Written) -> None:
    """Versions run preliminary, final, corrected, in order of time and numbered from 1; the final is always there."""
    order = [ReadStatus.PRELIMINARY, ReadStatus.FINAL, ReadStatus.CORRECTED]
    for _, all_versions in written:
        statuses = [version.status for version in all_versions]
        assert statuses == [status for status in order if status in statuses]
        assert ReadStatus.FINAL in statuses
        assert [version.number for version in all_versions] == list(range(1, len(statuses) + 1))
        assert all(a.sent < b.signed for a, b in pairwise(all_versions))


def test_reports_come_within_hours_and_never_after_three_days(written: Written) -> None:
    """Nine finals in ten come within eight hours, some on later days, none of any status beyond the longest delay."""
    finals = [v.signed - one.taken for one, vs in written for v in vs if v.status is ReadStatus.FINAL]
    assert 0.82 < sum(delay < 8 * HOUR for delay in finals) / len(finals) < 0.95
    assert 0.05 < sum(delay > 14 * HOUR for delay in finals) / len(finals) < 0.11
    assert all(0 < v.signed < v.sent <= one.taken + LONGEST for one, vs in written for v in vs)
    assert all(v.sent < (LATEST_DAYS + 1) * 24 * HOUR for _, vs in written for v in vs)


def test_two_in_five_have_a_preliminary_version(written: Written) -> None:
    """Preliminary versions come at their share."""
    n, p = len(written), PRELIMINARY_SHARE
    drafts = sum(vs[0].status is ReadStatus.PRELIMINARY for _, vs in written)
    assert abs(drafts - n * p) <= Z * sqrt(n * p * (1 - p))


def test_finals_miss_about_three_percent_of_what_is_there(written: Written) -> None:
    """Over all readers, findings and conspicuities the final versions miss 3 % of the findings that are present."""
    present = [
        v.labels[name] for one, vs in written for v in vs if v.status is ReadStatus.FINAL for name in one.case.findings
    ]
    missed = sum(label in {Label.ABSENT, Label.NOT_MENTIONED} for label in present)
    assert abs(missed - 0.03 * len(present)) <= Z * sqrt(len(present) * 0.03 * 0.97)


def test_corrections_find_what_was_missed(written: Written) -> None:
    """A corrected version reports every finding that is there and no other, and some corrections change a finding."""
    corrected = [(one, vs) for one, vs in written if vs[-1].status is ReadStatus.CORRECTED]
    assert 0.005 < len(corrected) / len(written) < 0.06
    for one, vs in corrected:
        assert {name for name, label in vs[-1].labels.items() if label is Label.PRESENT} == set(one.case.findings)
    assert any(vs[-1].labels != vs[-2].labels for _, vs in corrected)
