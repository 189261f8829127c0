"""What every Store must do with report versions and the production AI's results."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.counts import Counts
from monitor.core.pairing import match, pairs_of
from monitor.core.ports import Store
from monitor.core.read import PatientMerge, QuarantineReason, ReadStatus, SetAside, Visibility
from monitor.core.result import ResultStatus

from .cases import FINDINGS, MODEL, NOW, drain, instance, read, result

PRODUCTION = (MODEL, "1.0+production")


def _of_production(store: Store) -> Counts:
    rows = [row.counts for row in store.counts() if (row.model, row.version) == PRODUCTION]
    return sum(rows, Counts())


def test_messages_are_taken_together(store: Store) -> None:
    """Reads, what was set aside and a repetition come in one go; each is counted once."""
    aside = SetAside(key="m", source="hl7", reason=QuarantineReason.NO_TEXT, at=NOW)
    assert store.take([read("a"), read("b"), read("a"), aside, aside]) == 2
    assert store.take([read("b"), read("c"), aside]) == 1
    assert store.take([]) == 0
    status = store.status(now=NOW).reads
    assert (status.received, status.final, status.quarantined) == (4, 3, 1)


def test_a_patient_merge_brings_read_and_study_together(store: Store) -> None:
    """A read held back because of another patient number is matched once the two are one person, over a chain too."""
    store.register([instance(0)])
    store.add_read(read("r", by="issued", patient="old"))
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 1
    store.take([PatientMerge(retired="old", surviving="older", at=NOW)])
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 1
    store.take([PatientMerge(retired="older", surviving="patient-0", at=NOW)])
    drain(store)
    assert store.status(now=NOW).pairs.by_match == {"issuer_accession": 2}


def test_a_merge_that_is_taken_back_makes_no_ring(store: Store) -> None:
    """Merged one way and then the other, two records are still one person."""
    store.register([instance(0)])
    store.take([PatientMerge(retired="patient-0", surviving="old", at=NOW)])
    store.take([PatientMerge(retired="old", surviving="patient-0", at=NOW)])
    store.add_read(read("r", by="issued", patient="old"))
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 0


def test_results_before_their_study_wait(store: Store) -> None:
    """An answer that comes first becomes a prediction of its own version once its study is there."""
    assert store.add_results([result("p"), result("p")]) == 1
    store.add_read(read("r"))
    drain(store)
    assert _of_production(store) == Counts()
    store.register([instance(0)])
    drain(store)
    assert _of_production(store) == Counts(tp=1)
    assert store.add_results([result("p")]) == 0
    assert [card.version for card in store.models()] == [PRODUCTION[1]]


@pytest.mark.parametrize("status", [status for status in ResultStatus if status is not ResultStatus.OK])
def test_no_answer_is_never_a_negative(store: Store, status: ResultStatus) -> None:
    """A study that the production AI gave no answer for has no prediction of it."""
    store.register([instance(0)])
    store.add_read(read("r"))
    store.add_results([result("p", status=status, score=None, call=None)])
    drain(store)
    assert _of_production(store) == Counts()


def test_the_latest_answer_stands_whatever_came_first(store: Store) -> None:
    """Of two answers for one finding the one produced last counts, in either order of arrival."""
    store.register([instance(0), instance(1)])
    early = {n: result(f"early-{n}", n) for n in (0, 1)}
    late = {n: replace(early[n], key=f"late-{n}", score=0.1, call=False, produced_at=NOW) for n in (0, 1)}
    for first, second in ((early[0], late[0]), (late[1], early[1])):
        store.add_results([first])
        drain(store)
        store.add_results([second])
        drain(store)
    store.take([read("a", 0), read("b", 1)])
    drain(store)
    assert _of_production(store) == Counts(fn=2)


def test_an_accession_alone_places_no_result(store: Store) -> None:
    """A result without study UID and issuer stays where it is: its pairs would not show how it was matched."""
    store.register([instance(2)])
    store.add_read(read("r", 2))
    store.add_results([result("p", 2, study_uid=None)])
    drain(store)
    assert _of_production(store) == Counts()


def test_visibility_is_told_by_the_times(store: Store) -> None:
    """A report signed after the result was shown had it available; one signed before was blind to it."""
    for number, hours in ((0, -2), (1, 2)):
        store.register([instance(number)])
        signed = instance(number).studied_at + timedelta(hours=1 + hours)
        store.add_read(read(f"r{number}", number, visibility=Visibility.UNKNOWN, signed_at=signed))
        store.add_results([result(f"p{number}", number)])
    drain(store)
    rows = [row for row in store.counts(by=["visibility"]) if row.finding == FINDINGS[0]]
    assert {row.stratum["visibility"] for row in rows} == {"blinded", "available"}
    assert all(row.counts.n == 1 for row in rows)


def test_what_was_said_on_an_earlier_day_can_be_said_again(store: Store) -> None:
    """Counts as of a day are those known at its end, whatever was corrected later."""
    store.register([instance(0)])
    store.add_read(read("final"))
    drain(store)
    before = {row.finding: row.counts for row in store.counts()}
    later = NOW + timedelta(days=3)
    signed = read("final").signed_at + timedelta(hours=1)
    store.add_read(read("corrected", present=False, status=ReadStatus.CORRECTED, signed_at=signed))
    store.match_due(match, limit=9)
    store.pair_due(pairs_of, limit=9, at=later)
    after = {row.finding: row.counts for row in store.counts()}
    assert before != after
    for day, expected in ((NOW.date(), before), (later.date() - timedelta(days=1), before), (later.date(), after)):
        said = {row.finding: row.counts for row in store.counts(as_of=day)}
        assert {finding: counts for finding, counts in said.items() if counts != Counts()} == expected
    assert sum((row.counts.n for row in store.counts(as_of=NOW.date() - timedelta(days=1))), 0) == 0
