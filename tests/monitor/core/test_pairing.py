from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.pairing import Match, MatchMethod, Unmatched, match, pairs_of
from monitor.core.read import Label, Read, ReadStatus, Visibility
from monitor.core.study import Acquisition, Prediction, Study

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STUDY = Study(
    key="uid",
    patient="patient",
    accession="number",
    issuer_accession="issued",
    acquisition=Acquisition(modality="DX"),
    studied_at=AT,
    received_at=AT,
    last_instance_at=AT,
)
READ = Read(
    key="read",
    source="hl7",
    status=ReadStatus.FINAL,
    study_uid=None,
    accession=None,
    issuer_accession=None,
    patient="patient",
    reader=None,
    modality=None,
    signed_at=AT + timedelta(hours=1),
    received_at=AT + timedelta(hours=1),
    language="en",
    labeler="labeler",
    labels={"effusion": Label.PRESENT},
)
OTHER = replace(STUDY, key="other", patient="another patient")
BARE = replace(STUDY, issuer_accession=None)
NAMED = replace(READ, study_uid="uid")
ISSUED = replace(READ, issuer_accession="issued", accession="number")
NUMBERED = replace(READ, accession="number")
BY_UID = Match(study="uid", method=MatchMethod.STUDY_UID)
BY_ISSUER = Match(study="uid", method=MatchMethod.ISSUER_ACCESSION)
BY_NUMBER = Match(study="uid", method=MatchMethod.ACCESSION)

TABLE: dict[str, tuple[Read, Sequence[Study], Match | Unmatched]] = {
    "1 study UID": (NAMED, [STUDY], BY_UID),
    "1 outranks the patient": (replace(NAMED, patient="someone"), [STUDY], BY_UID),
    "1 outranks 2": (replace(ISSUED, study_uid="uid"), [OTHER, STUDY], BY_UID),
    "1 has no time limit": (replace(NAMED, signed_at=AT + timedelta(days=400)), [STUDY], BY_UID),
    "1 unknown UID falls back to 2": (replace(ISSUED, study_uid="elsewhere"), [STUDY], BY_ISSUER),
    "1 unknown UID and nothing else": (replace(READ, study_uid="elsewhere"), [STUDY], Unmatched.NO_CANDIDATE),
    "2 issuer and accession": (ISSUED, [STUDY], BY_ISSUER),
    "2 patient differs": (replace(ISSUED, patient="someone"), [STUDY], Unmatched.PATIENT_DIFFERS),
    "2 patient not said": (replace(ISSUED, patient=None), [STUDY], Unmatched.PATIENT_DIFFERS),
    "2 patient not known": (ISSUED, [replace(STUDY, patient=None)], Unmatched.PATIENT_DIFFERS),
    "2 neither patient known": (
        replace(ISSUED, patient=None),
        [replace(STUDY, patient=None)],
        Unmatched.PATIENT_DIFFERS,
    ),
    "2 the patient tells two apart": (ISSUED, [OTHER, STUDY], BY_ISSUER),
    "2 one order, two studies": (ISSUED, [STUDY, replace(STUDY, key="twin")], Unmatched.AMBIGUOUS),
    "2 has no time limit": (replace(ISSUED, signed_at=AT + timedelta(days=30)), [STUDY], BY_ISSUER),
    "2 differing patient never falls to 3": (
        replace(ISSUED, patient="someone"),
        [STUDY, OTHER],
        Unmatched.PATIENT_DIFFERS,
    ),
    "3 accession alone": (NUMBERED, [BARE], BY_NUMBER),
    "3 where the study names no issuer": (ISSUED, [BARE], BY_NUMBER),
    "3 two candidates, though the patient tells them apart": (NUMBERED, [BARE, OTHER], Unmatched.AMBIGUOUS),
    "3 patient differs": (NUMBERED, [OTHER], Unmatched.PATIENT_DIFFERS),
    "3 patient not said": (replace(NUMBERED, patient=None), [BARE], Unmatched.PATIENT_DIFFERS),
    "3 same modality": (replace(NUMBERED, modality="DX"), [BARE], BY_NUMBER),
    "3 other modality": (replace(NUMBERED, modality="CT"), [BARE], Unmatched.NO_CANDIDATE),
    "3 modality unknown": (replace(NUMBERED, modality="CT"), [replace(BARE, acquisition=Acquisition())], BY_NUMBER),
    "3 seven days to the second": (replace(NUMBERED, signed_at=AT + timedelta(days=7)), [BARE], BY_NUMBER),
    "3 beyond seven days": (
        replace(NUMBERED, signed_at=AT + timedelta(days=7, seconds=1)),
        [BARE],
        Unmatched.NO_CANDIDATE,
    ),
    "3 seven days before": (replace(NUMBERED, signed_at=AT - timedelta(days=8)), [BARE], Unmatched.NO_CANDIDATE),
    "nothing given": (READ, [STUDY, OTHER], Unmatched.NO_CANDIDATE),
    "nothing there": (replace(ISSUED, study_uid="uid"), [], Unmatched.NO_CANDIDATE),
    "None is not an identifier": (
        READ,
        [replace(STUDY, accession=None, issuer_accession=None)],
        Unmatched.NO_CANDIDATE,
    ),
}


@pytest.mark.parametrize(("read", "candidates", "expected"), TABLE.values(), ids=TABLE)
def test_match(read: Read, candidates: Sequence[Study], expected: Match | Unmatched) -> None:
    """Each row of the matching table holds, whichever order the candidates come in."""
    assert match(read, candidates) == expected
    assert match(read, list(reversed(candidates))) == expected


@given(st.permutations([STUDY, OTHER, replace(STUDY, key="twin")]), st.sampled_from([NAMED, ISSUED, NUMBERED]))
def test_match_never_depends_on_order(candidates: list[Study], read: Read) -> None:
    """The same candidates in another order give the same answer."""
    assert match(read, candidates) == match(read, [STUDY, OTHER, replace(STUDY, key="twin")])


def prediction(finding: str, *, call: bool = True, version: str = "1") -> Prediction:
    """One answer."""
    return Prediction(
        study="uid",
        model="m",
        version=version,
        finding=finding,
        score=0.9,
        operating_point=0.5,
        call=call,
        scored_at=AT,
    )


@pytest.mark.parametrize(
    ("label", "truth"),
    [(Label.PRESENT, True), (Label.ABSENT, False), (Label.NOT_MENTIONED, False), (Label.UNCERTAIN, None)],
)
def test_what_a_label_counts_as(label: Label, truth: bool | None) -> None:  # noqa: FBT001  # a row of the table
    """Silence is absence; uncertainty is neither."""
    (pair,) = pairs_of(
        STUDY, [prediction("effusion")], [(replace(READ, labels={"effusion": label}), MatchMethod.STUDY_UID)]
    )
    assert pair.label is truth
    assert (pair.read, pair.method, pair.day) == ("read", MatchMethod.STUDY_UID, AT.date())


def test_no_pair_without_a_label_for_the_finding() -> None:
    """A finding the labeler does not know, a language it cannot read, or a preliminary report gives no pair."""
    answers = [prediction("nodule")]
    assert pairs_of(STUDY, answers, [(READ, MatchMethod.STUDY_UID)]) == ()
    assert pairs_of(STUDY, [prediction("effusion")], [(replace(READ, labels={}), MatchMethod.STUDY_UID)]) == ()
    assert pairs_of(STUDY, [prediction("effusion")], []) == ()
    early = replace(READ, status=ReadStatus.PRELIMINARY)
    assert pairs_of(STUDY, [prediction("effusion")], [(early, MatchMethod.STUDY_UID)]) == ()


def test_a_pair_says_what_the_reader_could_see() -> None:
    """Visibility and method are those of the version in force, not of an earlier one."""
    later = replace(READ, key="later", signed_at=AT + timedelta(days=1), visibility=Visibility.OPENED)
    reads = [(later, MatchMethod.ISSUER_ACCESSION), (READ, MatchMethod.STUDY_UID)]
    (pair,) = pairs_of(STUDY, [prediction("effusion")], reads)
    assert (pair.read, pair.visibility, pair.method) == ("later", Visibility.OPENED, MatchMethod.ISSUER_ACCESSION)


def test_every_version_of_a_model_has_its_own_pair() -> None:
    """Two versions that scored a study give two pairs."""
    pairs = pairs_of(
        STUDY, [prediction("effusion"), prediction("effusion", version="2")], [(READ, MatchMethod.STUDY_UID)]
    )
    assert [pair.version for pair in pairs] == ["1", "2"]
