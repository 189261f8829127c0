from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from dashboard.standing import (
    Case,
    Claim,
    Evidence,
    Standing,
    light,
    readings,
    verdict,
    weakest,
)
from monitor.core.counts import Counts
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup, DriftVerdict, GroupDrift
from monitor.core.windows import Window

GOOD = Counts(tp=90, fn=10, fp=10, tn=290)
FALLEN = Counts(tp=55, fn=45, fp=10, tn=290)
FEW = Counts(tp=4, tn=20)
CHANCE = Counts(tp=5, fn=45, fp=30, tn=270)
DAY = date(2026, 10, 1)
WINDOW = Window(first=DAY, last=date(2026, 10, 28))
DRIFTED = GroupDrift(
    day=DAY,
    model="m",
    version="1",
    group=DriftGroup.INPUTS,
    verdict=DriftVerdict.DRIFT,
    effect=0.3,
    p_adjusted=0.001,
    leading="sharpness",
    n_reference=400,
    n_current=100,
)
ALARM = Alarm(
    at=datetime(2026, 10, 5, tzinfo=UTC),
    kind=AlarmKind.AGREEMENT,
    model="m",
    version="1",
    subject="edema",
    since=DAY,
    statistic=4.2,
    threshold=4.0,
    summary="",
)


def evidence(now: Mapping[str, Counts], reference: Mapping[str, Counts] | None = None) -> Evidence:
    """Evidence without alarms, drift or promises."""
    return Evidence(now=now, readings=readings(now, reference or {}, {}), alarms=(), drift=(), stale_since=None)


def answer(found: Evidence) -> str:
    """The answer for a single version."""
    return verdict([Case(title="Chest 1", light=light(found), evidence=found, window=WINDOW)]).answer


def test_only_an_alarm_turns_the_light_to_alert() -> None:
    """Drift, silence, a refuted claim and chance agreement are watched; an alarm alone is an alert."""
    calm = evidence({"edema": GOOD})
    refuted = replace(calm, readings=readings(calm.now, {}, {("edema", "ppa"): 0.99}))
    for doubt in (
        replace(calm, drift=(DRIFTED,)),
        replace(calm, stale_since=DAY),
        refuted,
        evidence({"edema": CHANCE}),
    ):
        assert light(doubt).standing is Standing.WATCH
        assert light(replace(doubt, alarms=(ALARM,))).standing is Standing.ALERT
    assert light(calm).standing is Standing.AGREES


def test_too_little_data_is_a_standing_of_its_own() -> None:
    """With no finding that has enough, there is no verdict; with one, that one is judged and the others are counted."""
    assert light(evidence({"edema": FEW})).standing is Standing.TOO_LITTLE
    assert light(evidence({})).standing is Standing.TOO_LITTLE
    assert light(evidence({"edema": FEW, "effusion": GOOD})).why == "no alarm, 1 of 2 findings"


def test_the_row_shows_the_finding_that_has_most_surely_fallen() -> None:
    """A fall outranks a low but steady level, enough data outranks little, and an agreement alarm outranks both."""
    low = Counts(tp=50, fn=50, tn=300)
    now = {"steady": low, "fallen": FALLEN, "rare": Counts(fn=3, tn=20), "edema": GOOD}
    found = readings(now, {"steady": low, "fallen": GOOD, "edema": GOOD}, {})
    shown = [weakest(found, "ppa", alarms) for alarms in ((), (ALARM,))]
    assert [reading.finding for reading in shown if reading] == ["fallen", "edema"]


def test_a_rise_is_newcombes_upper_bound() -> None:
    """Newcombe's (1998) worked example: 56/70 against 48/80 differ by .20, bounds .0524 and .3339."""
    now, before = Counts(tp=48, fn=32, tn=50), Counts(tp=56, fn=14, tn=50)
    reading = weakest(readings({"x": now}, {"x": before}, {}), "ppa", ())
    assert reading is not None
    assert round(reading.rise, 4) == -0.0524


def test_a_claim_is_judged_by_the_whole_interval() -> None:
    """Refuted where the interval lies below the promise, supported where it lies above, undecided across it."""
    states = [readings({"edema": GOOD}, {}, {("edema", "ppa"): least})[0] for least in (0.97, 0.5, 0.93)]
    by_statistic = [reading.claim for reading in states if reading.statistic == "ppa"]
    assert by_statistic == [Claim.REFUTED, Claim.SUPPORTED, Claim.UNDECIDED]


def test_the_gravest_version_answers() -> None:
    """The answer is of the gravest light, and says n and since when."""
    calm = evidence({"edema": GOOD})
    assert answer(calm).startswith("Yes")
    assert answer(evidence({"edema": FEW})) == "Too early to say."
    assert answer(replace(calm, stale_since=DAY)) == "We no longer know."
    assert answer(replace(calm, alarms=(ALARM,))) == "No."
    assert answer(replace(calm, alarms=(replace(ALARM, kind=AlarmKind.DRIFT, subject="inputs"),))) == "In doubt."
    bad = replace(calm, alarms=(ALARM,))
    both = [Case(title=t, light=light(e), evidence=e, window=WINDOW) for t, e in (("A 1", calm), ("B 2", bad))]
    assert verdict(both).because.startswith("B 2")
    assert "n = 800 pairs since 1 Oct 2026" in verdict(both).because
