import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric as Family

from monitor.core.study import Failure
from monitor.metrics.catalogue import OTHER
from monitor.metrics.families import CatalogueError, families
from monitor.metrics.snapshot import Histogram, Snapshot

PAIRS = "overread_pairs_total"
FAILED = "overread_studies_failed_total"


def samples(snapshot: Snapshot, name: str, *, cap: int = 2000) -> dict[tuple[str, ...], float]:
    """The samples of one family, by label values."""
    found = [family for family in families(snapshot, cap=cap) if family.name == name.removesuffix("_total")]
    return {tuple(sample.labels.values()): sample.value for family in found for sample in family.samples}


def only(name: str, series: dict[tuple[str, ...], float], **known: frozenset[str]) -> Snapshot:
    """A snapshot of one metric."""
    return Snapshot(version="0", values={name: series}, known=known)


def test_unlisted_reason_is_other() -> None:
    """A label value outside its allow-list is exported as `other`, added up."""
    shown = samples(only(FAILED, {("JOHN^DOE",): 2, ("1.2.840",): 3, ("truncated",): 1}), FAILED)
    assert shown[OTHER,] == 5
    assert shown["truncated",] == 1
    assert not {("JOHN^DOE",), ("1.2.840",)} & shown.keys()


def test_model_unknown_to_the_store_is_other() -> None:
    """A model the store does not know is exported as `other`."""
    name = "overread_label_coverage_ratio"
    assert samples(only(name, {("a",): 0.9, ("b",): 0.8, ("c",): 0.7}, model=frozenset({"a"})), name) == {
        ("a",): 0.9,
        (OTHER,): 0.7,
    }


def test_listed_reasons_start_at_zero() -> None:
    """Every listed reason is there before it first happens, so that `increase` sees the first one."""
    shown = samples(only(FAILED, {}), FAILED)
    assert shown["invalid_output",] == 0
    assert len(shown) == len(Failure)


def test_open_labels_complete_only_what_was_seen() -> None:
    """A model and finding seen once shows all five cells; one never seen shows none."""
    known = {label: frozenset({"m", "v", "f"}) for label in ("model", "version", "finding")}
    shown = samples(only(PAIRS, {("m", "v", "f", "tp"): 4}, **known), PAIRS)
    assert shown == {("m", "v", "f", cell): 4 * (cell == "tp") for cell in ("tp", "fp", "fn", "tn", "uncertain")}
    assert samples(only(PAIRS, {}, **known), PAIRS) == {}


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from("abcdefgh"), st.text(max_size=3), st.sampled_from("fg"), st.sampled_from(["tp", "x"])
        ),
        st.integers(0, 1000),
    ),
    st.integers(2, 9),
)
def test_cap_holds_and_loses_nothing(series: dict[tuple[str, ...], int], cap: int) -> None:
    """However many series come in, at most the cap goes out, and a counter's sum is unchanged."""
    known = {"model": frozenset("abcdefgh"), "version": frozenset("12"), "finding": frozenset("f")}
    shown = samples(only(PAIRS, dict(series), **known), PAIRS, cap=cap)
    assert len(shown) <= cap
    assert sum(shown.values()) == sum(series.values())


def test_absent_metric_is_not_exported() -> None:
    """What the store did not say is left out: an invented 0 would be a lie."""
    assert [family.name for family in families(Snapshot(version="0"))] == ["overread_build_info"]


@pytest.mark.parametrize(
    ("snapshot", "says"),
    [
        (only("overread_patients_total", {(): 1}), "overread_patients_total"),
        (only(PAIRS, {("m",): 1}), "1 label values given; the catalogue has 4"),
        (
            Snapshot(version="0", histograms={"overread_inference_seconds": Histogram(counts=(1,), total=1.0)}),
            "1 buckets given; the catalogue has 14",
        ),
    ],
)
def test_misfit_is_named(snapshot: Snapshot, says: str) -> None:
    """A snapshot that does not fit the catalogue is an error that says where."""
    with pytest.raises(CatalogueError, match=says):
        list(families(snapshot))


@given(st.lists(st.integers(0, 1000), min_size=14, max_size=14))
def test_buckets_cumulate(counts: list[int]) -> None:
    """Buckets rise to `+Inf`, which equals the count."""
    histogram = Histogram(counts=tuple(counts), total=1.5)
    family = next(families(Snapshot(version="0", histograms={"overread_inference_seconds": histogram})))
    buckets = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == sum(counts) == by_name(family, "_count")
    assert by_name(family, "_sum") == 1.5


def by_name(family: Family, suffix: str) -> float:
    """The value of the one sample with this suffix."""
    return next(sample.value for sample in family.samples if sample.name == family.name + suffix)


@pytest.mark.parametrize("broken", [{"counts": (1, -1)}, {"total": math.nan}])
def test_histogram_refuses_the_impossible(broken: dict[str, object]) -> None:
    """A negative bucket or a sum that is no number cannot be said."""
    with pytest.raises(ValueError, match="histogram"):
        replace(Histogram(counts=(1, 2), total=1.0), **broken)  # type: ignore[arg-type]
