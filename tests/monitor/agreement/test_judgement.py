"""The judgement: all figures together, and the verdict."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.agreement.judgement import MINIMUM, judge
from monitor.core.counts import Counts
from monitor.core.verdict import Verdict

cells = st.integers(0, 200)
FIELDS = {"n", "tp", "fp", "fn", "tn", "agreement", "ppa", "npa", "ppv", "npv", "kappa", "ac1", "pabak", "prevalence"}


@given(st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells, uncertain=cells))
def test_row_is_valid_json_with_every_field(counts: Counts) -> None:
    """Whatever the table, the row has every field of the interface and no NaN or infinity."""
    row = judge(counts, ([0.9] * (counts.tp + counts.fn), [0.1] * (counts.fp + counts.tn))).as_json()
    assert row.keys() >= FIELDS | {"auroc", "verdict"}
    assert json.loads(json.dumps(row, allow_nan=False)) == row


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        (Counts(tp=10, tn=40), Verdict.OK),
        (Counts(tp=40, tn=10), Verdict.OK),
        (Counts(tp=9, tn=91), Verdict.INSUFFICIENT_DATA),
        (Counts(tp=91, tn=9), Verdict.INSUFFICIENT_DATA),
        (Counts(tp=20, tn=29), Verdict.INSUFFICIENT_DATA),
        (Counts(), Verdict.INSUFFICIENT_DATA),
        (Counts(tp=9, tn=91, uncertain=100), Verdict.INSUFFICIENT_DATA),
    ],
)
def test_too_little_is_a_verdict(counts: Counts, verdict: Verdict) -> None:
    """The verdict needs the minimum on all three counts at once; uncertain labels add nothing to it."""
    assert judge(counts).verdict is verdict


def test_an_empty_table_is_undefined_throughout() -> None:
    """No pairs: every figure is null, none is 0."""
    row = judge(Counts()).as_json()
    undefined = {"value": None, "low": None, "high": None}
    assert [row[name] for name in ("agreement", "ppa", "npa", "ppv", "npv", "kappa")] == [undefined] * 6
    assert [row[name] for name in ("ac1", "pabak", "prevalence", "always_negative", "auroc")] == [None] * 5


def test_the_stated_minimum_is_the_stated_width() -> None:
    """At the minimum of one side the widest interval is the .24 to .76 the docstring gives."""
    row = judge(Counts(tp=5, fn=5, tn=90)).as_json()
    assert MINIMUM.positives == 10
    assert (row["ppa"]["low"], row["ppa"]["high"]) == pytest.approx((0.24, 0.76), abs=0.005)
