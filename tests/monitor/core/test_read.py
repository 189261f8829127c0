from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read import Label, LabelSource, Read, ReadStatus, in_force, merged

AT = datetime(2026, 3, 1, tzinfo=UTC)
P, F, C, R = ReadStatus.PRELIMINARY, ReadStatus.FINAL, ReadStatus.CORRECTED, ReadStatus.RETRACTED


def version(status: ReadStatus, signed: int, received: int | None = None, key: str | None = None) -> Read:
    """A report version signed `signed` hours in and received `received` hours in."""
    return Read(
        key=key or f"{status}-{signed}",
        source="hl7",
        status=status,
        study_uid="uid",
        accession=None,
        issuer_accession=None,
        patient=None,
        reader=None,
        modality=None,
        signed_at=AT + timedelta(hours=signed),
        received_at=AT + timedelta(hours=signed if received is None else received),
        language="en",
        labeler="labeler",
        labels={},
    )


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        ([(P, 1)], None),
        ([(F, 1)], "final-1"),
        ([(P, 5), (F, 1)], "final-1"),
        ([(F, 1), (C, 2)], "corrected-2"),
        ([(F, 2), (C, 1)], "final-2"),
        ([(F, 1), (R, 2)], None),
        ([(F, 1), (R, 2), (C, 3)], "corrected-3"),
        ([(F, 1), (C, 2), (R, 3)], None),
        ([(R, 1)], None),
        ([(R, 1), (F, 2)], "final-2"),
        ([(F, 1), (F, 2)], "final-2"),
    ],
)
def test_version_in_force(versions: Sequence[tuple[ReadStatus, int]], expected: str | None) -> None:
    """The latest final or corrected version counts, unless a later retraction took it back."""
    chosen = in_force(version(status, signed) for status, signed in versions)
    assert (chosen and chosen.key) == expected


def test_receipt_then_key_break_a_tie() -> None:
    """Of versions signed at the same moment the one received later counts, and then the greater key."""
    assert in_force([version(F, 1, 5, "late"), version(C, 1, 4, "early")]).key == "late"  # type: ignore[union-attr]
    assert in_force([version(F, 1, 4, "a"), version(C, 1, 4, "b")]).key == "b"  # type: ignore[union-attr]


versions = st.lists(
    st.builds(version, st.sampled_from(ReadStatus), st.integers(0, 4), st.integers(0, 4), st.uuids().map(str)),
    max_size=8,
)


@given(versions, st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(reads: list[Read], order: object) -> None:
    """However versions come in, the same one is in force."""
    expected = in_force(reads)
    order.shuffle(reads)  # type: ignore[attr-defined]
    assert in_force(reads) == expected


@given(versions)
def test_what_is_in_force_is_final_and_not_taken_back(reads: list[Read]) -> None:
    """The version in force is never preliminary, never retracted, and no retraction was signed after it."""
    chosen = in_force(reads)
    if chosen is not None:
        assert chosen.status in {F, C}
        assert not any(read.status is R and read.signed_at > chosen.signed_at for read in reads)


said = st.dictionaries(
    st.sampled_from(LabelSource), st.dictionaries(st.sampled_from(["nodule", "mass"]), st.sampled_from(Label))
)


@given(said)
def test_the_highest_source_that_speaks_decides(told: dict[LabelSource, dict[str, Label]]) -> None:
    """Feedback outranks a structured field, which outranks the text; where a source is silent the next one speaks."""
    decided = merged(told)
    assert set(decided) == {finding for labels in told.values() for finding in labels}
    for finding, (label, source) in decided.items():
        speaking = [s for s in LabelSource if told.get(s, {}).get(finding, "not_mentioned") != "not_mentioned"]
        assert label is (told[speaking[0]][finding] if speaking else Label.NOT_MENTIONED)
        assert source is speaking[0] if speaking else finding in told[source]


def test_feedback_comes_first() -> None:
    """A reader's denial stands against a structured field and a text that both affirm."""
    told = {
        LabelSource.TEXT: {"nodule": Label.PRESENT},
        LabelSource.STRUCTURED: {"nodule": Label.PRESENT, "mass": Label.UNCERTAIN},
        LabelSource.FEEDBACK: {"nodule": Label.ABSENT, "mass": Label.NOT_MENTIONED},
    }
    assert merged(told) == {
        "nodule": (Label.ABSENT, LabelSource.FEEDBACK),
        "mass": (Label.UNCERTAIN, LabelSource.STRUCTURED),
    }
