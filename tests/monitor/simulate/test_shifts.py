from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from monitor.core.errors import UsageError
from monitor.simulate.caseload import Examination
from monitor.simulate.dicom import routed
from monitor.simulate.fleet import FLEET
from monitor.simulate.hospital import Hospital, StudySent
from monitor.simulate.practice import Gateway, Practice
from monitor.simulate.shifts import SHIFTS, Injection, practice_on

Build = Callable[[Sequence[Injection]], Hospital]
DAYS = range(4, 10)


def _examinations(hospital: Hospital, site: str = "east") -> list[Examination]:
    sent = [event for day in DAYS for event in hospital.events(day) if isinstance(event, StudySent)]
    return [event.examination for event in sent if event.examination.site == site]


@pytest.mark.parametrize("name", SHIFTS)
@pytest.mark.parametrize("site", ["south", None])
def test_nothing_changes_before_its_day(build: Build, name: str, site: str | None) -> None:
    """Every event before the day of a shift, of which its bytes are a function, is what it would be without it."""
    plain, shifted = build([]), build([Injection(name=name, day=2, site=site)])
    assert [shifted.events(day) for day in range(2)] == [plain.events(day) for day in range(2)]


@pytest.mark.parametrize("name", sorted(SHIFTS.keys() - {"model_update"}))
def test_something_is_sent_differently_from_its_day_on(build: Build, name: str) -> None:
    """On its day a shift changes something that is sent."""
    plain, shifted = build([]), build([Injection(name=name, day=2)])
    assert shifted.events(2) != plain.events(2)


@pytest.mark.parametrize("name", SHIFTS)
def test_only_the_named_site_changes(name: str) -> None:
    """From its day on a shift changes the practice of its site, for good, and of no other."""
    injection = Injection(name=name, day=3, site="south")
    for site in FLEET:
        for day in (2, 3, 50):
            changed = practice_on(day, site, [injection]) != Practice(site=FLEET[site])
            assert changed == (site == "south" and day >= 3 and name != "model_update")


def test_a_replaced_detector_is_plain_and_has_a_name() -> None:
    """The new detector differs in make, model, software, noise, blur, contrast and depth, and does all the work."""
    for site in FLEET:
        (new,) = practice_on(0, site, [Injection(name="detector_replaced", day=0)]).site.scanners
        for old in FLEET[site].scanners:
            assert new.institution == old.institution
            for name in ("manufacturer", "model_name", "software", "bits_stored"):
                assert getattr(new, name) != getattr(old, name)
            assert new.noise > 3 * old.noise
            assert new.blur > 2 * old.blur
            assert new.gamma < 0.8 * old.gamma


def test_a_software_update_keeps_the_machine() -> None:
    """A software update changes software and picture, not make, model or station."""
    updated = practice_on(0, "north", [Injection(name="software_update", day=0)]).site.scanners
    for new, old in zip(updated, FLEET["north"].scanners, strict=True):
        assert (new.manufacturer, new.model_name, new.station) == (old.manufacturer, old.model_name, old.station)
        assert new.software != old.software
        assert new.gamma != old.gamma


def test_a_rise_in_prevalence_only_adds_findings(build: Build) -> None:
    """The same patients come at the same times; consolidation and effusion are added, nothing is taken away."""
    before = _examinations(build([]))
    after = _examinations(build([Injection(name="prevalence_rise", day=4)]))
    assert [one.taken for one in before] == [one.taken for one in after]
    added = {name for a, b in zip(before, after, strict=True) for name in b.case.findings.keys() - a.case.findings}
    assert all(a.case.findings.items() <= b.case.findings.items() for a, b in zip(before, after, strict=True))
    assert added == {"consolidation", "pleural_effusion"}


def test_subtler_positives_keep_their_labels(build: Build) -> None:
    """The same findings are there, each less conspicuous."""
    before = _examinations(build([]))
    after = _examinations(build([Injection(name="positives_subtler", day=4)]))
    pairs = [(a.case.findings, b.case.findings) for a, b in zip(before, after, strict=True)]
    assert all(a.keys() == b.keys() for a, b in pairs)
    assert all(b[name] < a[name] for a, b in pairs for name in a)


def test_children_and_laterals_come_in_numbers(build: Build) -> None:
    """Between a fifth and three fifths of images are of children, or lateral, once the shift holds; few were before."""
    for name, of_it in (
        ("case_mix_children", lambda one: one.case.age < 18 and one.case.size < 0.95),
        ("laterals", lambda one: one.case.view == "LL"),
    ):
        before, after = (_examinations(build(shifts)) for shifts in ([], [Injection(name=name, day=4)]))
        assert np.mean([of_it(one) for one in before]) < 0.12
        assert 0.2 < np.mean([of_it(one) for one in after]) < 0.6


def test_a_template_change_is_seen_in_reports_alone(build: Build) -> None:
    """Reports signed from its day on have the new headings, earlier ones the old; studies stay as they were."""
    plain, changed = build([]), build([Injection(name="report_template_change", day=5)])
    assert _examinations(plain) == _examinations(changed)
    reports = [event.report for day in range(9) for event in changed.events(day) if not isinstance(event, StudySent)]
    for report in reports:
        signed_on = (report.signed_at.date() - report.examination.first).days
        assert ("CONCLUSION\n" in report.text) == (signed_on >= 5)


def test_a_gateway_inverts_without_saying_so() -> None:
    """Inverting twice gives the values back, and stays within the stored bits."""
    pixels = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    once = routed(pixels, Gateway(inverted=True), 12)
    assert once.dtype == np.uint16
    assert (once == 4095 - pixels).all()
    assert (routed(once, Gateway(inverted=True), 12) == pixels).all()


@pytest.mark.parametrize("bits", [12, 14, 16])
def test_a_gateway_window_clips_and_stretches(bits: int) -> None:
    """Values below the window become 0, above it the maximum, and those within keep their order."""
    top = 2**bits - 1
    pixels = np.linspace(0, top, 1000).astype(np.uint16).reshape(20, 50)
    out = routed(
        pixels, practice_on(0, "east", [Injection(name="preprocessing_regression_window", day=0)]).gateway, bits
    )
    assert out.dtype == np.uint16
    assert (out.min(), out.max()) == (0, top)
    assert (np.diff(out.ravel().astype(int)) >= 0).all()
    assert (out[pixels < 0.34 * top] == 0).all()
    assert (out[pixels > 0.76 * top] == top).all()


def test_shifts_add_up() -> None:
    """Two shifts in force at once both hold."""
    practice = practice_on(
        1, "east", [Injection(name="laterals", day=0), Injection(name="case_mix_children", day=1, site="east")]
    )
    plain = Practice(site=FLEET["east"]).mix
    assert practice.mix == replace(plain, lateral=practice.mix.lateral, children=practice.mix.children)
    assert practice.mix.lateral > plain.lateral
    assert practice.mix.children > plain.children


@pytest.mark.parametrize(
    ("injection", "named"),
    [
        ({"name": "earthquake", "day": 1}, "'earthquake'"),
        ({"name": "laterals", "day": 1, "site": "west"}, "'west'"),
        ({"name": "laterals", "day": -1}, "-1"),
    ],
)
def test_an_impossible_injection_is_refused(injection: dict[str, object], named: str) -> None:
    """An unknown shift or site, or a day before the first, is an error that names it and says what is accepted."""
    with pytest.raises(UsageError, match=f"{named}.*accepted"):
        Injection(**injection)  # type: ignore[arg-type]
