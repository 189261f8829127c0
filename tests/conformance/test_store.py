"""What every Store must do, whatever it is made of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.counts import Counts, cell
from monitor.core.pairing import HEADLINE_METHODS, Match, match, pairs_of
from monitor.core.ports import Store, Unreadable
from monitor.core.read import Label, QuarantineReason, Read, ReadStatus
from monitor.core.study import Acquisition, Exclusion, Failure, Instance, StudyState, Technique
from monitor.core.windows import Window
from monitor.store.memory import MemoryStore
from monitor.store.sql import SqlStore

from .cases import (
    FINDINGS,
    MODEL,
    NOW,
    START,
    VERSION,
    alarm,
    as_study,
    drain,
    drift,
    empty,
    everything,
    instance,
    read,
    scored,
    settle_ready,
    settlement,
)

STATUSES = (ReadStatus.PRELIMINARY, ReadStatus.FINAL, ReadStatus.FINAL, ReadStatus.CORRECTED, ReadStatus.RETRACTED)
Step = tuple[str, object]


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Instance], list[Read], list[Step]]:
    """Some studies and report versions, and an order in which they come and the worker gets round to them."""
    numbers = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True))
    instances = [instance(n, part) for n in numbers for part in range(draw(st.integers(1, 2)))]
    reads = [_drawn_read(draw, f"read-{i}") for i in range(draw(st.integers(0, 7)))]
    arrivals: list[Step] = [("register", i) for i in instances] + [("add_read", r) for r in reads]
    again = draw(st.lists(st.sampled_from(arrivals), max_size=3))
    work = st.sampled_from(["settle", "match_due", "pair_due"])
    worked: list[Step] = draw(st.lists(st.tuples(work, st.integers(1, 3)), max_size=12))
    return instances, reads, draw(st.permutations(arrivals + again + worked))


def _drawn_read(draw: st.DrawFn, key: str) -> Read:
    number = draw(st.integers(0, 5))
    drawn = read(
        key,
        number,
        by=draw(st.sampled_from(["uid", "issued", "bare"])),
        present=draw(st.sampled_from([True, False, None])),
    )
    return replace(
        drawn,
        status=draw(st.sampled_from(STATUSES)),
        signed_at=drawn.signed_at + timedelta(days=draw(st.sampled_from([0, 0, 1, 2, 30]))),
        patient=draw(st.sampled_from([drawn.patient, drawn.patient, "someone-else", None])),
        labels=draw(st.sampled_from([drawn.labels, drawn.labels, {}])),
    )


def play(store: Store, steps: Sequence[Step]) -> None:
    """Run a story, then let the worker finish."""
    for name, what in steps:
        if name == "register":
            store.register([what])  # type: ignore[list-item]
        elif name == "add_read":
            store.add_read(what)  # type: ignore[arg-type]
        elif name == "settle":
            settle_ready(store, limit=what)  # type: ignore[arg-type]
        elif name == "match_due":
            store.match_due(match, limit=what)  # type: ignore[arg-type]
        else:
            store.pair_due(pairs_of, limit=what, at=NOW)  # type: ignore[arg-type]
        assert store.status(now=NOW).studies.balanced
    drain(store)


def recount(instances: Sequence[Instance], reads: Sequence[Read]) -> Counter[tuple[object, ...]]:
    """The cube from scratch: all reads against all studies, in no order at all."""
    studies = {i.study: as_study(i) for i in instances}
    placed = [(r, match(r, list(studies.values()))) for r in reads]
    cube: Counter[tuple[object, ...]] = Counter()
    for study in studies.values():
        mine = [(r, found.method) for r, found in placed if isinstance(found, Match) and found.study == study.key]
        answers = settlement(study.key).scored
        for pair in pairs_of(study, [p for s in answers for p in s.predictions], mine):
            if pair.method in HEADLINE_METHODS:
                for name, n in zip(
                    ("tp", "fp", "fn", "tn", "uncertain"), astuple(cell(call=pair.call, label=pair.label)), strict=True
                ):
                    cube[pair.day, pair.finding, pair.site, pair.manufacturer, str(pair.visibility), name] += n
    return +cube


def counted(store: Store) -> Counter[tuple[object, ...]]:
    """The cube as the store has it."""
    strata = ("site", "manufacturer", "visibility")
    cube: Counter[tuple[object, ...]] = Counter()
    for row in store.counts(by=strata, daily=True):
        for name in ("tp", "fp", "fn", "tn", "uncertain"):
            cube[row.day, row.finding, *(row.stratum[s] for s in strata), name] += getattr(row.counts, name)
    return +cube


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories())
def test_any_order_gives_the_recount(
    rivals: list[SqlStore], story: tuple[list[Instance], list[Read], list[Step]]
) -> None:
    """However things interleave, every store ends at the same answers, and at the cube counted from scratch."""
    instances, reads, steps = story
    memory = MemoryStore()
    play(memory, steps)
    expected = everything(memory)
    assert counted(memory) == recount(instances, reads)
    for store in rivals:
        empty(store)
        play(store, steps)
        assert everything(store) == expected


@settings(max_examples=100, deadline=None)
@given(story=stories(), order=st.randoms(use_true_random=False))
def test_order_does_not_matter_in_memory(story: tuple[list[Instance], list[Read], list[Step]], order: object) -> None:
    """The same things in another order give the same accounts and the same cube."""
    instances, reads, steps = story
    one, other = MemoryStore(), MemoryStore()
    play(one, steps)
    order.shuffle(steps)  # type: ignore[attr-defined]
    play(other, steps)
    assert counted(one) == counted(other) == recount(instances, reads)
    assert one.status(now=NOW).pairs == other.status(now=NOW).pairs
    assert one.status(now=NOW).reads == other.status(now=NOW).reads


def test_nothing_is_nothing(store: Store) -> None:
    """An empty store answers every question, with nothing."""
    window = Window(first=date(2026, 1, 1), last=date(2026, 12, 31))
    store.register([])
    assert store.settle([], at=NOW) == 0
    assert store.match_due(match, limit=5) == store.pair_due(pairs_of, limit=5, at=NOW) == 0
    assert store.status(now=NOW).studies.received == 0
    assert store.status(now=NOW).oldest_pending_seconds is None
    assert list(store.settled([])) == list(store.ready(quiet_since=NOW, limit=5)) == list(store.counts()) == []
    assert store.first_received(MODEL, VERSION) is None
    assert store.last_evaluated() is None
    assert list(store.features(MODEL, VERSION, window)) == list(store.drifts()) == list(store.alarms()) == []


def test_same_digest_twice_is_once(store: Store) -> None:
    """The same bytes again change nothing, in one batch or in two."""
    store.register([instance(0), instance(0)])
    store.register([instance(0)])
    assert [i.digest for i in store.instances("study-0")] == ["digest-0-0"]
    assert store.status(now=NOW).studies.received == 1


def test_same_sop_other_bytes_is_kept_but_never_scored(store: Store) -> None:
    """A SOP Instance UID that comes again with other bytes is kept, so that its bytes may go, and is not offered."""
    store.register([instance(0), instance(0, digest="other", sop="sop-0-0")])
    store.register([instance(1, sop="sop-0-0")])
    assert [i.digest for i in store.instances("study-0")] == ["digest-0-0"]
    assert list(store.instances("study-1")) == []
    settle_ready(store)
    assert set(store.settled(["other", "digest-1-0", "unknown"])) == {"other", "digest-1-0"}


def test_an_instance_comes_back_as_it_was(store: Store) -> None:
    """Parsed facts survive the store, zone of the study included."""
    store.register([instance(3, 1), instance(3, 0)])
    found = store.instances("study-3")
    assert list(found) == [instance(3, 0), instance(3, 1)]
    assert found[0].studied_at.utcoffset() == START.utcoffset()


def test_every_instance_carries_its_study_s_identity(store: Store) -> None:
    """Patient and accession are the study's, as its first instance said them."""
    store.register([instance(0, 0), instance(0, 1, patient="another")])
    assert {i.patient for i in store.instances("study-0")} == {"patient-0"}


def test_day_is_where_the_study_was_taken(store: Store) -> None:
    """A study counts for the day on its own wall, not for the day in UTC."""
    store.register([instance(0)])
    assert store.ready(quiet_since=NOW, limit=1)[0].day == START.date() == date(2026, 3, 1)
    drain(store)
    assert store.first_received(MODEL, VERSION) is not None


def test_a_study_is_ready_once_quiet(store: Store) -> None:
    """A study waits for its last instance, and the longest quiet one comes first."""
    store.register([instance(1), instance(0), instance(0, 5)])
    last = instance(0, 5).received_at
    assert list(store.ready(quiet_since=last - timedelta(seconds=1), limit=9)) == []
    assert [s.key for s in store.ready(quiet_since=last, limit=9)] == ["study-0"]
    assert [s.key for s in store.ready(quiet_since=NOW, limit=9)] == ["study-0", "study-1"]
    assert [s.key for s in store.ready(quiet_since=NOW, limit=1)] == ["study-0"]


def test_settle_twice_scores_once(store: Store) -> None:
    """A study that is no longer pending is left alone, in one call or in two."""
    store.register([instance(0)])
    assert store.settle([settlement("study-0"), settlement("study-0")], at=NOW) == 1
    assert (
        store.settle([replace(settlement("study-0"), state=StudyState.FAILED, reason=Failure.TRUNCATED)], at=NOW) == 0
    )
    assert store.settle([settlement("never-seen")], at=NOW) == 0
    status = store.status(now=NOW)
    assert (status.studies.scored, dict(status.studies.failed)) == (1, {})


def test_only_a_settled_study_lets_go_of_its_bytes(store: Store) -> None:
    """Digests are reported once their study is settled; a late instance of it at once; unknown ones never."""
    store.register([instance(0), instance(4)])
    assert list(store.settled(["digest-0-0", "digest-4-0"])) == []
    settle_ready(store)
    store.register([instance(0, 7), instance(1)])
    assert set(store.settled(["digest-0-0", "digest-0-7", "digest-1-0", "digest-4-0", "?"])) == {
        "digest-0-0",
        "digest-0-7",
        "digest-4-0",
    }


def test_a_very_long_spool_is_asked_about_at_once(store: Store) -> None:
    """More digests than a database takes parameters is one question all the same."""
    store.register([instance(0)])
    settle_ready(store)
    assert list(store.settled([f"none-{i}" for i in range(66_000)] + ["digest-0-0"])) == ["digest-0-0"]


def test_an_unreadable_object_is_one_failed_study(store: Store) -> None:
    """What cannot be parsed counts once, as failed with its reason, and its bytes may go."""
    broken = Unreadable(digest="broken", received_at=NOW, reason=Failure.TRUNCATED)
    store.register([broken, broken])
    store.register([broken])
    status = store.status(now=NOW).studies
    assert (status.received, dict(status.failed), status.balanced) == (1, {"truncated": 1}, True)
    assert list(store.settled(["broken"])) == ["broken"]
    assert list(store.ready(quiet_since=NOW, limit=9)) == []


def test_accounts_hold_in_every_state(store: Store) -> None:
    """Received = scored + excluded + failed + pending, objects still in the spool included."""
    store.register([instance(n) for n in range(6)])
    store.register([Unreadable(digest="broken", received_at=NOW, reason=Failure.UNREADABLE)])
    assert store.status(now=NOW, waiting=3).studies.pending == 9
    settle_ready(store)
    store.register([instance(6)])
    status = store.status(now=NOW, waiting=3)
    assert status.studies.balanced
    assert (status.studies.received, status.studies.scored, status.studies.pending) == (11, 4, 4)
    assert dict(status.studies.excluded) == {"wrong_view": 1}
    assert dict(status.studies.failed) == {"invalid_output": 1, "unreadable": 1}
    assert status.oldest_pending_seconds == (NOW - instance(6).received_at).total_seconds()


def test_same_read_key_twice_is_once(store: Store) -> None:
    """A message sent twice is one read, and says so."""
    assert store.add_read(read("a")) is True
    assert store.add_read(read("a")) is False
    assert store.status(now=NOW).reads.received == 1


def test_quarantine_counts_a_message_once(store: Store) -> None:
    """A message set aside counts as received and as quarantined, once for its key."""
    store.quarantine("m", "hl7", QuarantineReason.NO_TEXT, at=NOW)
    store.quarantine("m", "hl7", QuarantineReason.TOO_LARGE, at=NOW)
    assert (store.status(now=NOW).reads.received, store.status(now=NOW).reads.quarantined) == (1, 1)


def test_read_before_images_waits_and_wakes(store: Store) -> None:
    """A read that came first is unmatched until its study comes, and is then paired."""
    store.add_read(read("early"))
    assert store.match_due(match, limit=9) == 1
    assert store.match_due(match, limit=9) == 0
    assert store.status(now=NOW).reads.unmatched == 1
    store.register([instance(0)])
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 0
    assert store.status(now=NOW).pairs.by_match == {"study_uid": 2}


def test_late_correction_moves_the_cube(store: Store) -> None:
    """A corrected report takes the place of the final one, and a retraction leaves no pair."""
    store.register([instance(0)])
    store.add_read(read("final", present=True))
    drain(store)
    before = {row.finding: row.counts for row in store.counts()}
    later = read("final").signed_at + timedelta(hours=1)
    store.add_read(read("corrected", present=False, status=ReadStatus.CORRECTED, signed_at=later))
    drain(store)
    after = {row.finding: row.counts for row in store.counts()}
    assert before[FINDINGS[0]] != after[FINDINGS[0]]
    assert before[FINDINGS[0]].n == after[FINDINGS[0]].n == 1
    store.add_read(read("retracted", status=ReadStatus.RETRACTED, signed_at=later + timedelta(hours=1)))
    drain(store)
    assert sum((row.counts.n for row in store.counts()), 0) == 0
    assert store.status(now=NOW).pairs.counted == 0


def test_a_second_candidate_takes_a_bare_match_back(store: Store) -> None:
    """A match by accession alone ends when another study with that accession comes: it was never the only candidate."""
    store.register([instance(2)])
    store.add_read(read("bare", 2, by="bare"))
    drain(store)
    assert store.status(now=NOW).pairs.by_match == {"accession": 2}
    store.register([instance(3)])
    drain(store)
    status = store.status(now=NOW)
    assert (status.pairs.by_match, status.reads.unmatched) == ({}, 1)


def test_accession_alone_never_enters_the_headline(store: Store) -> None:
    """Pairs matched by a bare accession are stored and counted apart, and no count of the cube shows them."""
    store.register([instance(2)])
    store.add_read(read("bare", 2, by="bare"))
    drain(store)
    assert list(store.counts()) == []
    assert store.status(now=NOW).pairs.counted == 0


def test_uncertain_is_counted_and_never_scored(store: Store) -> None:
    """An uncertain report gives a pair outside the fourfold table."""
    store.register([instance(0)])
    store.add_read(read("unsure", present=None))
    drain(store)
    assert {row.finding: row.counts for row in store.counts()}[FINDINGS[0]] == Counts(uncertain=1)


def test_counts_add_up_over_strata_and_days(store: Store) -> None:
    """Every breakdown of the cube sums to the whole, and a window takes both its ends in."""
    store.register([instance(n) for n in range(4)])
    for n in range(4):
        store.add_read(read(f"r{n}", n, present=bool(n % 2)))
    drain(store)
    whole = sum((row.counts for row in store.counts()), Counts())
    assert whole.n == 8
    for by in (["site"], ["manufacturer"], ["visibility"], ["site", "manufacturer"]):
        assert sum((row.counts for row in store.counts(by=by)), Counts()) == whole
    days = [row.day for row in store.counts(daily=True)]
    assert set(days) == {date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)}
    first = Window(first=date(2026, 3, 1), last=date(2026, 3, 1))
    assert sum((row.counts.n for row in store.counts(first)), 0) == 2
    assert all(row.day is None and row.stratum == {} for row in store.counts())


def test_unknown_stratum_is_refused(store: Store) -> None:
    """A stratum the cube does not hold is an error that names those it does."""
    with pytest.raises(ValueError, match="site, manufacturer, visibility"):
        store.counts(by=["patient"])


def test_features_are_what_the_model_saw(store: Store) -> None:
    """Features come back whole, in order of study time, and only of days inside the window."""
    store.register([instance(3), instance(0), instance(4)])
    drain(store)
    window = Window(first=date(2026, 3, 1), last=date(2026, 3, 31))
    rows = store.features(MODEL, VERSION, window)
    assert [row.study for row in rows] == ["study-0", "study-3"]
    assert rows[0].scores == {p.finding: p.score for p in scored("study-0").predictions}
    assert (rows[0].statistics, rows[0].embedding) == ({"mean": 0.5}, (0.5, -0.25))
    assert (rows[0].histogram, rows[0].chosen) == ((3, 0, 5_000_000), "view PA, 1 image")
    assert rows[0].acquisition["site"] == "site-0"
    assert rows[0].patient == "patient-0"
    assert list(store.features(MODEL, "2.0", window)) == []
    assert [
        row.study for row in store.features(MODEL, VERSION, Window(first=date(2026, 3, 2), last=date(2026, 3, 31)))
    ] == ["study-3"]
    assert list(store.model_versions()) == [(MODEL, VERSION)]


def test_every_fact_of_an_acquisition_is_kept(store: Store) -> None:
    """Whatever was read of an object comes back with it, and what strata are made of with its study."""
    told = Acquisition(**{field.name: f"a {field.name}" for field in fields(Acquisition)})
    technique = Technique(kvp=120.0, slice_thickness_mm=1.25, rows=64.0)
    whole = instance(0, acquisition=told, technique=technique, localizer=True, unusable=Exclusion.BURNED_IN_ANNOTATION)
    store.register([whole])
    assert list(store.instances("study-0")) == [whole]
    (study,) = store.ready(quiet_since=NOW, limit=1)
    assert study.acquisition == told
    store.settle([settlement("study-0")], at=NOW)
    (row,) = store.features(MODEL, VERSION, Window(first=date(2026, 3, 1), last=date(2026, 3, 1)))
    assert row.acquisition == {field.name: f"a {field.name}" for field in fields(Acquisition)}


def test_a_statistic_that_is_no_number_is_left_out(store: Store) -> None:
    """A non-finite statistic is missing, and holds up nothing: JSON knows no NaN."""
    store.register([instance(0)])
    answer = scored("study-0")
    odd = replace(
        answer, features=replace(answer.features, statistics={"mean": 0.5, "skew": float("nan"), "max": float("inf")})
    )
    assert store.settle([replace(settlement("study-0"), scored=(odd,))], at=NOW) == 1
    rows = store.features(MODEL, VERSION, Window(first=date(2026, 3, 1), last=date(2026, 3, 1)))
    assert rows[0].statistics == {"mean": 0.5}


def test_a_day_is_evaluated_once(store: Store) -> None:
    """The second verdict on a day changes nothing."""
    day = date(2026, 3, 10)
    store.record_evaluation(day, at=NOW, drifts=[drift(day)], alarms=[])
    store.record_evaluation(day, at=NOW, drifts=[drift(day, effect=0.9)], alarms=[alarm()])
    assert list(store.drifts()) == [drift(day)]
    assert list(store.alarms()) == []
    assert store.last_evaluated() == day
    assert list(store.drifts(Window(first=date(2026, 3, 11), last=date(2026, 3, 12)))) == []


def test_an_alarm_is_open_at_most_once(store: Store) -> None:
    """The same alarm again is silent while the first is open, and rings anew once that was cleared."""
    days = [date(2026, 3, 10) + timedelta(days=i) for i in range(3)]
    store.record_evaluation(days[0], at=NOW, drifts=[], alarms=[alarm(), alarm(), alarm(subject=FINDINGS[1])])
    store.record_evaluation(days[1], at=NOW, drifts=[], alarms=[alarm(statistic=9.0)])
    assert list(store.alarms()) == [alarm(), alarm(subject=FINDINGS[1])]
    store.clear_alarm(alarm(), at=NOW + timedelta(hours=1))
    assert list(store.alarms(open_only=True)) == [alarm(subject=FINDINGS[1])]
    again = alarm(at=NOW + timedelta(days=1), statistic=7.0)
    store.record_evaluation(days[2], at=NOW, drifts=[], alarms=[again])
    assert list(store.alarms()) == [
        replace(alarm(), cleared_at=NOW + timedelta(hours=1)),
        alarm(subject=FINDINGS[1]),
        again,
    ]
    store.clear_alarm(alarm(subject="never"), at=NOW)
    assert len(store.alarms(open_only=True)) == 2


def test_what_is_not_done_is_counted(store: Store) -> None:
    """Pending studies, reads to match and studies to pair are unsettled until each is done."""
    store.register([instance(0)])
    store.add_read(read("r"))
    assert store.unsettled_before(NOW) == 2
    assert store.unsettled_before(instance(0).received_at) == 0
    settle_ready(store)
    assert store.unsettled_before(NOW) == 2
    store.match_due(match, limit=9)
    assert store.unsettled_before(NOW) == 1
    store.pair_due(pairs_of, limit=9, at=NOW)
    assert store.unsettled_before(NOW) == 0


def test_two_versions_are_told_apart(store: Store) -> None:
    """Two versions of a model that scored one study give a pair each and are never added together."""
    store.register([instance(0)])
    both = replace(settlement("study-0"), scored=(scored("study-0"), scored("study-0", version="2.0")))
    store.settle([both], at=NOW)
    store.add_read(read("r"))
    drain(store)
    assert {(row.version, row.finding) for row in store.counts()} == {
        (v, f) for v in (VERSION, "2.0") for f in FINDINGS
    }
    assert all(row.counts.n == 1 for row in store.counts())
    assert list(store.model_versions()) == [(MODEL, VERSION), (MODEL, "2.0")]


def test_a_language_the_labeler_does_not_know_gives_no_pair(store: Store) -> None:
    """A read without labels is matched and counted as received, and pairs with nothing."""
    store.register([instance(0)])
    store.add_read(read("r", labels={}))
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 0
    assert store.status(now=NOW).pairs.by_match == {}


def test_labels_come_back_as_words(store: Store) -> None:
    """The rule that decides sees the same read that was added."""
    seen: list[Read] = []
    store.add_read(read("r"))
    store.match_due(lambda r, _: (seen.append(r), match(r, ()))[1], limit=9)
    assert seen == [read("r")]
    assert isinstance(seen[0].labels[FINDINGS[0]], Label)
