"""The verdict over all columns: its shape, its errors, and how often it is wrong."""

import json
from collections.abc import Mapping
from math import nan

import numpy as np
import pytest

from monitor.core.verdict import DriftVerdict
from monitor.drift.columns import EMBEDDING
from monitor.drift.compare import MIN_CURRENT, MIN_REFERENCE, compare
from monitor.drift.ks import ks
from monitor.drift.sample import Sample

WORDS = np.array(["AP", "PA", "LL"])
GROUPS: Mapping[str, list[str]] = {"inputs": ["x0", "x1", "x2", "x3", "view"], "scores": ["s0", "s1"]}


def hospital(rng: np.random.Generator, n: int, *, shift: float = 0.0) -> Sample:
    """Four correlated numbers, a view, two scores, an embedding of eight; `shift` moves a number and the embedding."""
    base = rng.normal(size=(n, 1))
    rows = 0.6 * base + 0.8 * rng.normal(size=(n, 4))
    rows[:, 0] += shift
    scores = rng.beta(2, 8, size=(n, 2))
    return Sample(
        numeric={**{f"x{i}": rows[:, i] for i in range(4)}, **{f"s{i}": scores[:, i] for i in range(2)}},
        categorical={"view": list(WORDS[rng.choice(3, n, p=[0.7, 0.25, 0.05])])},
        embedding=np.c_[rows, rng.normal(size=(n, 4))],
    )


def test_a_shift_is_found_and_named() -> None:
    """A shift of one number by one standard deviation is drift, and that column leads its group."""
    rng = np.random.default_rng(1)
    result = compare(hospital(rng, 300), hospital(rng, 100, shift=1.0), groups=GROUPS)
    assert result.verdict is DriftVerdict.DRIFT
    assert [column.column for column in result.columns if column.drifted] == ["x0"]
    assert result.embedding is not None
    assert result.embedding.drifted
    verdicts = {group.group: (group.verdict, group.leading) for group in result.groups}
    assert verdicts["inputs"] == (DriftVerdict.DRIFT, "x0")
    assert verdicts["scores"][0] is DriftVerdict.NO_DRIFT
    assert verdicts[EMBEDDING] == (DriftVerdict.DRIFT, EMBEDDING)


def test_the_same_windows_give_the_same_answer() -> None:
    """Two runs on the same windows agree to the last digit."""
    windows = hospital(np.random.default_rng(1), 120), hospital(np.random.default_rng(2), 60)
    assert compare(*windows) == compare(*windows)


def test_too_few_is_a_verdict() -> None:
    """One study fewer than the minimum in either window is insufficient data, whatever the shift."""
    rng = np.random.default_rng(1)
    for sizes in [(MIN_REFERENCE - 1, 500), (500, MIN_CURRENT - 1), (500, 1), (1, 1)]:
        result = compare(hospital(rng, sizes[0]), hospital(rng, sizes[1], shift=9.0))
        assert result.verdict is DriftVerdict.INSUFFICIENT_DATA
        assert not any(column.drifted for column in result.columns)
    assert compare(Sample(), Sample()).verdict is DriftVerdict.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("before", "after", "test", "drifted"),
    [
        (np.arange(100.0), np.full(60, nan), "missing_rate", True),
        (np.full(100, nan), np.full(60, nan), "none", False),
        (np.full(100, 3.0), np.full(60, 3.0), "ks", False),
        (np.full(100, 3.0), np.full(60, 4.0), "ks", True),
        (np.arange(100.0), np.full(60, np.inf), "missing_rate", True),
        (np.r_[np.arange(95.0), [nan] * 5], np.r_[np.arange(0, 95, 2.0), [nan] * 3], "ks", False),
    ],
)
def test_bad_columns_have_a_named_verdict(before: np.ndarray, after: np.ndarray, test: str, *, drifted: bool) -> None:
    """All-missing, infinite and constant columns are tested for what they are, and the answer is valid JSON."""
    result = compare(Sample(numeric={"x": before}), Sample(numeric={"x": after}))
    (column,) = result.columns
    assert (column.test, column.drifted) == (test, drifted)
    assert (result.verdict is DriftVerdict.INSUFFICIENT_DATA) == (test == "none")
    json.dumps(result.as_json(), allow_nan=False)


def test_all_tests_of_a_column_are_paid_for() -> None:
    """Where values are missing the p-value is three times the smallest of the three tests'."""
    before, after = np.arange(100.0), np.r_[np.arange(20.0, 79.0), nan]
    (column,) = compare(Sample(numeric={"x": before}), Sample(numeric={"x": after})).columns
    assert column.test == "ks"
    assert column.p_value == pytest.approx(3 * ks(before, after[:-1]).p_value)


def test_an_unseen_category_is_drift() -> None:
    """A view that the reference never saw, in every current study, has distance 1."""
    result = compare(Sample(categorical={"v": ["PA"] * 100}), Sample(categorical={"v": ["AP"] * 60}))
    assert (result.columns[0].effect, result.columns[0].drifted) == (1.0, True)


def test_windows_must_hold_the_same_columns() -> None:
    """A renamed column, a column of another kind, a lone embedding and a wrong share-out are errors."""
    numbers = np.arange(60.0)
    one = Sample(numeric={"x": numbers})
    for other in (
        Sample(numeric={"y": numbers}),
        Sample(categorical={"x": ["a"] * 60}),
        Sample(numeric={"x": numbers}, embedding=np.zeros((60, 2))),
    ):
        with pytest.raises(ValueError, match="accepted"):
            compare(one, other)
    with pytest.raises(ValueError, match="exactly once"):
        compare(one, one, groups={"inputs": ["x", "y"]})
    with pytest.raises(ValueError, match="one length"):
        Sample(numeric={"x": numbers, "y": numbers[1:]})


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(60, 30), (200, 40)])
def test_the_whole_verdict_errs_at_most_at_alpha(sizes: tuple[int, int]) -> None:
    """Without drift, columns dependent, at most .1 of 60 comparisons say `drift`, within four Monte-Carlo errors."""
    rng = np.random.default_rng(sizes)
    pairs = ((hospital(rng, sizes[0]), hospital(rng, sizes[1])) for _ in range(60))
    wrong = sum(compare(*pair, alpha=0.1).verdict is DriftVerdict.DRIFT for pair in pairs)
    assert wrong / 60 <= 0.1 + 4 * (0.1 * 0.9 / 60) ** 0.5


@pytest.mark.slow
def test_daily_looks_at_overlapping_windows_stay_within_their_budget() -> None:
    """Twenty sites, twenty daily looks at overlapping windows: false looks per look at most alpha, within chance."""
    # The bound is linear in the looks whatever their dependence; a site's looks clump, so the error is over sites.
    rng = np.random.default_rng(3)
    alpha, per_day, looks = 0.02, 8, 20
    shares = []
    for _ in range(20):
        x = rng.normal(size=((28 + 7 + looks) * per_day, 3))
        reference = Sample(numeric={f"x{i}": x[: 28 * per_day, i] for i in range(3)})
        wrong = 0
        for day in range(looks):
            window = x[(28 + day) * per_day : (35 + day) * per_day]
            current = Sample(numeric={f"x{i}": window[:, i] for i in range(3)})
            wrong += compare(reference, current, alpha=alpha).verdict is DriftVerdict.DRIFT
        shares.append(wrong / looks)
    assert np.mean(shares) <= alpha + 4 * np.std(shares, ddof=1) / 20**0.5
