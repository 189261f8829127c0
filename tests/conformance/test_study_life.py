"""What a study may go through, in every store: late, conflicting and foreign instances, tries, partial deliveries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.attempts import MOST_ATTEMPTS, rest_after
from monitor.core.pairing import match, pairs_of
from monitor.core.ports import Attempt, Settlement, Store, Unreadable
from monitor.core.quiet import Quiet
from monitor.core.study import Exclusion, Failure, Instance, StudyState
from monitor.store.casebook import Wanted
from monitor.store.database import Database
from monitor.store.memory import MemoryStore
from monitor.store.sql import SqlStore

from .cases import MODEL, NOW, VERSION, drain, empty, everything, instance, read, scored, settle_ready, settlement

KEY = "study-0"


def answered(calls: str = KEY, *, version: str = VERSION, seen: str = "digest-0-0") -> Settlement:
    """Study 0 scored, with the calls another study's name would give, on this object."""
    other = scored(calls, version=version)
    told = tuple(replace(prediction, study=KEY) for prediction in other.predictions)
    answer = replace(other, predictions=told, features=replace(other.features, study=KEY, instance=seen))
    return Settlement(study=KEY, state=StudyState.SCORED, scored=(answer,))


def begin(store: Store) -> None:
    """Study 0 is here, read, scored and paired."""
    store.register([instance(0)])
    store.add_read(read("r"))
    store.settle([answered()], at=NOW)
    drain(store)


def test_a_late_instance_opens_its_study_again_while_its_answers_stand(store: Store) -> None:
    """The study is pending again; its pairs stay until it is settled anew."""
    begin(store)
    store.register([instance(0, 7)])
    status = store.status(now=NOW)
    assert (status.studies.pending, status.studies.scored, status.studies.balanced) == (1, 0, True)
    assert status.pairs.counted == 2
    assert store.looked_at([KEY]) == {(KEY, (MODEL, VERSION)): "digest-0-0"}
    assert [i.digest for i in store.instances_of([KEY])[KEY]] == ["digest-0-0", "digest-0-7"]


def test_a_new_answer_takes_the_place_of_the_old_in_pairs_and_cube(store: Store) -> None:
    """Re-scored otherwise, a study counts once, as it was scored last."""
    begin(store)
    before = {row.finding: row.counts for row in store.counts()}
    store.register([instance(0, 7)])
    store.settle([answered("study-1", seen="digest-0-7")], at=NOW + timedelta(hours=1))
    drain(store)
    after = {row.finding: row.counts for row in store.counts()}
    assert before != after
    assert [counts.n for counts in after.values()] == [counts.n for counts in before.values()]
    assert store.looked_at([KEY]) == {(KEY, (MODEL, VERSION)): "digest-0-7"}
    assert store.status(now=NOW).studies.scored == 1


def test_an_answer_that_is_kept_changes_nothing(store: Store) -> None:
    """A late instance that is for no model leaves answers, pairs and all counts as they were."""
    begin(store)
    before = everything(store)
    store.register([instance(0, 7)])
    store.settle([Settlement(study=KEY, state=StudyState.SCORED, kept=((MODEL, VERSION),))], at=NOW)
    drain(store)
    assert everything(store) == before


def test_history_is_kept_and_counters_never_fall(database: Database) -> None:
    """What was in force before can be read, and a study that ends as before is not counted twice."""
    store = SqlStore(database)
    begin(store)
    store.register([instance(0, 7)])
    store.settle([answered("study-1", seen="digest-0-7")], at=NOW)
    case = store.case(KEY)
    assert case is not None
    assert [a["finding"] for a in case.superseded] == [a["finding"] for a in case.predictions]
    assert [a["call"] for a in case.superseded] == [p.call for p in scored(KEY).predictions]
    assert sum(store.totals()["predictions"].values()) == 4
    store.register([instance(4)])
    for part in (1, 2):
        settle_ready(store)
        store.register([instance(4, part)])
    settle_ready(store)
    assert store.totals()["studies_excluded"] == {("wrong_view",): 1}


def test_two_patients_under_one_study_are_set_aside(store: Store) -> None:
    """A second patient's object ends a scored study: no answer, no pair, and nothing opens it again."""
    begin(store)
    store.register([instance(0, 1, patient="another")])
    drain(store)
    store.register([instance(0, 2)])
    assert store.reopen([KEY]) == 0
    status = store.status(now=NOW)
    assert dict(status.studies.failed) == {"mixed_patients": 1}
    assert (status.studies.quarantined, status.studies.received, status.studies.balanced) == (1, 1, True)
    assert status.pairs.counted == sum(row.counts.n for row in store.counts()) == 0
    assert list(store.model_versions()) == []
    assert list(store.claim(Quiet(), at=NOW, limit=9)) == []


def test_a_patient_that_is_stated_late_is_the_study_s(store: Store) -> None:
    """An object that states no patient mixes with none; the first that does names the study's, and its reads wake."""
    store.add_read(read("r", by="issued"))
    store.register([instance(0, patient=None)])
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 1
    store.register([instance(0, 1)])
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 0
    assert store.status(now=NOW).studies.scored == 1
    store.register([instance(0, 2, patient="another")])
    assert store.status(now=NOW).studies.quarantined == 1


def test_a_conflict_is_counted_and_opens_nothing(store: Store) -> None:
    """The same SOP Instance UID with other bytes is kept apart, and leaves its study as it is."""
    begin(store)
    store.register([instance(0, digest="other", sop="sop-0-0")])
    status = store.status(now=NOW).studies
    assert (status.conflicts, status.scored, status.pending) == (1, 1, 0)


def test_quiet_is_by_modality(store: Store) -> None:
    """A modality with a time of its own waits that long, and the others as usual."""
    ct = replace(instance(1).acquisition, modality="CT")
    last = instance(0).received_at
    store.register([instance(0), instance(1, acquisition=ct, received_at=last)])
    quiet = Quiet(usual=timedelta(seconds=60), by_modality={"CT": timedelta(seconds=120)})
    assert [s.key for s in store.claim(quiet, at=last + timedelta(seconds=60), limit=9)] == ["study-0"]
    assert [s.key for s in store.claim(quiet, at=last + timedelta(seconds=120), limit=9)] == ["study-1"]


def test_a_claim_is_a_try_and_each_rest_is_longer(store: Store) -> None:
    """A study nobody came back from is offered again, alone, after its rest; a late instance begins anew."""
    store.register([instance(0), instance(1)])
    assert [s.attempts for s in store.claim(Quiet(), at=NOW, limit=9)] == [1, 1]
    at = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert list(store.claim(Quiet(), at=at + rest_after(attempt), limit=9)) == []
        early = at + rest_after(attempt) - timedelta(microseconds=1)
        assert list(store.claim(Quiet(), at=early, limit=1, again=True)) == []
        at += rest_after(attempt)
        claimed = store.claim(Quiet(), at=at, limit=2, again=True)
        assert {s.attempts for s in claimed} == {attempt + 1}
    store.register([instance(0, 9)])
    assert [(s.key, s.attempts) for s in store.claim(Quiet(), at=NOW, limit=9)] == [(KEY, 1)]


def test_a_dead_letter_is_one_that_failed_after_all_tries(store: Store) -> None:
    """Failed studies count as dead only where every try was used up; put back, they begin anew."""
    store.register([instance(0), instance(5), Unreadable(digest="x", received_at=NOW, reason=Failure.TRUNCATED)])
    store.register([Unreadable(digest="y", received_at=NOW, reason=Failure.PARSER_CRASHED, attempts=MOST_ATTEMPTS)])
    settle_ready(store)
    assert store.status(now=NOW).studies.dead_letters == 1
    store.reopen([KEY, "study-5"])
    at = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        store.claim(Quiet(), at=at, limit=9, again=attempt > 1)
        at += rest_after(attempt)
    failed = Settlement(study="study-5", state=StudyState.FAILED, reason=Failure.SCORING_ERROR)
    store.settle([failed, answered()], at=NOW)
    status = store.status(now=NOW).studies
    assert (status.dead_letters, status.balanced) == (2, True)
    assert store.reopen(["study-5", "never-seen"]) == 1
    assert [s.attempts for s in store.claim(Quiet(), at=NOW, limit=9)] == [1]


def test_bytes_of_what_failed_are_kept_for_a_while(store: Store) -> None:
    """The bytes of a failed study stay until the term is over; of all others they go at once."""
    store.register([instance(0), instance(5), Unreadable(digest="x", received_at=NOW, reason=Failure.TRUNCATED)])
    settle_ready(store)
    asked = ["digest-0-0", "digest-5-0", "x"]
    assert list(store.settled(asked, keep_failed_since=NOW)) == ["digest-0-0"]
    assert list(store.settled(asked, keep_failed_since=NOW + timedelta(seconds=1))) == asked
    assert list(store.settled(asked)) == asked


def test_a_broken_association_leaves_its_studies_partial(store: Store) -> None:
    """Flagged is a study whose last instance it brought; more of it, or the same again, takes the flag away."""
    store.register([instance(0), instance(1, received_at=NOW - timedelta(hours=1)), instance(1, 1, received_at=NOW)])
    assert set(store.mark_partial(["digest-0-0", "digest-1-0", "not-yet"])) == {"digest-0-0", "digest-1-0"}
    assert store.status(now=NOW).studies.partial == 1
    assert {s.key: s.partial for s in store.claim(Quiet(), at=NOW, limit=9)} == {"study-0": True, "study-1": False}
    store.register([instance(0)])
    assert store.status(now=NOW).studies.partial == 0
    store.mark_partial(["digest-0-0"])
    store.register([instance(0, 1)])
    assert store.status(now=NOW).studies.partial == 0


def test_failed_attempts_are_kept_until_the_object_is_registered(store: Store) -> None:
    """The latest attempt at an object is known, zone and reason included, and forgotten once it is in."""
    first = Attempt(digest="digest-0-0", attempts=1, not_before=NOW, reason=Failure.PARSER_CRASHED)
    second = replace(first, attempts=2, reason=Failure.PARSER_TIMED_OUT)
    store.note_attempts([first])
    store.note_attempts([second, replace(first, digest="other")])
    assert store.attempts() == {"digest-0-0": second, "other": replace(first, digest="other")}
    store.register([instance(0)])
    assert list(store.attempts()) == ["other"]


def test_what_was_unreadable_becomes_a_study_once_it_can_be_read(store: Store) -> None:
    """The same bytes, parsed at last, take the place of the failed study that they were."""
    store.register([Unreadable(digest="digest-0-0", received_at=NOW, reason=Failure.UNREADABLE)])
    store.register([instance(0)])
    status = store.status(now=NOW).studies
    assert (status.received, status.pending, dict(status.failed)) == (1, 1, {})


def test_studies_are_found_by_what_became_of_them(database: Database) -> None:
    """Each filter holds alone and with others, and the beginning of a key is enough."""
    store = SqlStore(database)
    store.register([instance(n) for n in range(6)])
    settle_ready(store)
    store.register([instance(0, 1, patient="another"), instance(1, digest="other", sop="sop-1-0")])
    store.mark_partial(["digest-2-0"])

    def found(**wanted: object) -> set[str]:
        return {study.key for study in store.find_studies(Wanted(**wanted))}  # type: ignore[arg-type]

    assert found() == {f"study-{n}" for n in range(6)}
    assert found(state="failed") == {"study-0", "study-5"}
    assert found(reason="mixed_patients") == {"study-0"}
    assert found(state="excluded", reason="mixed_patients") == set()
    assert (found(partial=True), found(conflicts=True), found(dead=True)) == ({"study-2"}, {"study-1"}, set())
    assert found(key="study-3") == {"study-3"}
    assert found(key="%") == set()
    assert store.digests_of(["study-1", "alone"]) == {"study-1": ["digest-1-0"], "alone": ["alone"]}


ARRIVALS: Sequence[Instance] = [
    *(instance(number, part) for number in (0, 1, 2, 4, 5) for part in range(3)),
    instance(1, 0, digest="conflict", sop="sop-1-1"),
    instance(2, 1, digest="foreign", sop="foreign", patient="another"),
    instance(4, 1, digest="unnamed", sop="unnamed", patient=None),
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrivals=st.lists(st.sampled_from(ARRIVALS), min_size=1, max_size=14),
    order=st.randoms(use_true_random=False),
    work=st.lists(st.booleans(), min_size=14, max_size=14),
)
def test_whatever_the_order_the_end_is_the_same(
    rivals: list[SqlStore], arrivals: list[Instance], order: object, work: list[bool]
) -> None:
    """Duplicates, late and foreign instances in any order, with work in between or not: the accounts hold and agree."""
    shuffled = list(arrivals)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    ends = []
    for store, given_ in [(MemoryStore(), arrivals), (MemoryStore(), shuffled), *((r, shuffled) for r in rivals)]:
        if isinstance(store, SqlStore):
            empty(store)
        for number in (0, 1, 2):
            store.add_read(read(f"r{number}", number))
        for arrived, worked in zip(given_, work, strict=False):
            store.register([arrived])
            if worked:
                settle_again(store)
                store.match_due(match, limit=9)
                store.pair_due(pairs_of, limit=9, at=NOW)
            assert store.status(now=NOW).studies.balanced
        while settle_again(store):
            pass
        drain(store)
        ends.append((store.status(now=NOW).as_json(), sorted(map(repr, store.counts(daily=True)))))
    assert all(end == ends[0] for end in ends)


def settle_again(store: Store) -> int:
    """Settle what is pending as the worker would: an answer that is there is kept."""
    claimed = store.claim(Quiet(), at=NOW, limit=9)
    seen = store.looked_at([study.key for study in claimed])
    ended = [
        Settlement(study=study.key, state=StudyState.SCORED, kept=((MODEL, VERSION),))
        if (study.key, (MODEL, VERSION)) in seen
        else settlement(study.key)
        for study in claimed
    ]
    return store.settle(ended, at=NOW)


def test_an_exclusion_is_not_a_failure_to_be_kept(store: Store) -> None:
    """A study that is excluded after a late instance loses the answers it had."""
    begin(store)
    store.register([instance(0, 1)])
    store.settle([Settlement(study=KEY, state=StudyState.EXCLUDED, reason=Exclusion.UNDECODABLE)], at=NOW)
    drain(store)
    assert store.status(now=NOW).pairs.counted == 0
    assert list(store.model_versions()) == []
