"""Which series of a study is scored follows from the package's rule alone, and the choice says why."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.series import Pick, SeriesRule, pick
from monitor.core.study import Acquisition, Exclusion, Instance, Technique

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = SeriesRule(orientation="axial", kernels=("B3?F", "SOFT*"), min_slices=16, prefer="thinnest")


def slice_of(series: int, number: int, **changes: object) -> Instance:
    """One slice of a series: axial, soft kernel, 5 mm, unless changed."""
    stated = {"orientation": "axial", "kernel": "B30f"} | {
        name: str(changes.pop(name)) for name in ("orientation", "kernel") if name in changes
    }
    plain = Instance(
        digest=f"{series}-{number}",
        sop=f"{series}-{number}",
        series=f"series-{series}",
        study="study",
        patient=None,
        accession=None,
        issuer_accession=None,
        sop_class="",
        transfer_syntax="",
        rows=512,
        columns=512,
        frames=1,
        series_number=series,
        instance_number=number,
        acquisition=Acquisition(modality="CT", **stated),
        technique=Technique(slice_thickness_mm=5.0),
        studied_at=NOW,
        received_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def stack(series: int, count: int, *, mm: float | None = 5.0, **changes: object) -> list[Instance]:
    """A series of slices."""
    technique = Technique(slice_thickness_mm=mm)
    return [slice_of(series, number, technique=technique, **changes) for number in range(count)]


def usable(instance: Instance) -> Exclusion | None:
    """A package that takes whatever is usable."""
    return instance.unusable


CASES = {
    "the only one that fits": ([stack(1, 2, localizer=True), stack(2, 20)], "2-9", "B30f, 5 mm, 20"),
    "thin before thick": ([stack(1, 20), stack(2, 40, mm=1.25)], "2-19", "B30f, 1.25 mm, 40"),
    "of equals the longer": ([stack(1, 20), stack(2, 24)], "2-11", "B30f, 5 mm, 24"),
    "of equals the first": ([stack(1, 20), stack(2, 20)], "1-9", "B30f, 5 mm, 20"),
    "known thickness first": ([stack(1, 30, mm=None), stack(2, 20)], "2-9", "B30f, 5 mm, 20"),
    "a kernel by its pattern": ([stack(1, 20, kernel="B70s"), stack(2, 16, kernel="Soft")], "2-7", "Soft, 5 mm, 16"),
    "one object of many frames": ([[slice_of(1, 1, frames=64)]], "1-1", "B30f, 5 mm, 64"),
}
REFUSED = {
    "bone kernel": ([stack(1, 20, kernel="B70s")], Exclusion.WRONG_VIEW),
    "coronal": ([stack(1, 20, orientation="coronal")], Exclusion.WRONG_VIEW),
    "localizer": ([stack(1, 20, localizer=True)], Exclusion.WRONG_VIEW),
    "too few": ([stack(1, 15)], Exclusion.INVALID_GEOMETRY),
    "two halves": ([stack(1, 10), stack(2, 10)], Exclusion.INVALID_GEOMETRY),
    "unusable": ([stack(1, 20, unusable=Exclusion.SECONDARY_CAPTURE)], Exclusion.SECONDARY_CAPTURE),
    "nothing": ([], Exclusion.UNSUPPORTED_SOP_CLASS),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rule_picks_a_series_and_its_middle(name: str) -> None:
    """Of the series that fit, the preferred one's middle slice is chosen, with its reason in words."""
    series, digest, reason = CASES[name]
    chosen = pick(RULE, [one for members in series for one in members], usable)
    assert isinstance(chosen, Pick)
    assert (chosen.instance.digest, chosen.reason) == (digest, f"axial, kernel {reason} images")


@pytest.mark.parametrize("name", REFUSED)
def test_a_study_without_such_a_series_says_what_came_nearest(name: str) -> None:
    """Where nothing fits, the reason is that of what came nearest."""
    series, reason = REFUSED[name]
    assert pick(RULE, [one for members in series for one in members], usable) is reason


@given(st.permutations([stack(1, 20), stack(2, 18, mm=2.0), stack(3, 40, kernel="B70s")]))
def test_the_choice_does_not_hang_on_the_order_of_series(order: list[list[Instance]]) -> None:
    """Whichever series comes first, the same slice is chosen."""
    chosen = pick(RULE, [one for members in order for one in members], usable)
    assert isinstance(chosen, Pick)
    assert chosen.instance.digest == "2-8"
