"""The proportions of a fourfold table."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from monitor.agreement.fourfold import fourfold
from monitor.core.counts import Counts

cells = st.integers(0, 500)
counts = st.builds(Counts, tp=cells, fp=cells, fn=cells, tn=cells)


def test_an_always_negative_ai_agrees_often_and_finds_nothing() -> None:
    """At 3 % prevalence it agrees in 97 % with a PPA of 0 and no PPV, and the baseline says so."""
    table = fourfold(Counts(fn=30, tn=970))
    assert table.agreement is not None
    assert table.ppa is not None
    assert table.agreement.value == 0.97
    assert table.ppa.value == 0.0
    assert table.ppv is None
    assert table.always_negative == table.agreement


@given(counts)
def test_is_none_exactly_where_the_denominator_is_zero(table: Counts) -> None:
    """Every proportion is defined if and only if it has cases, and carries how many."""
    shares = fourfold(table)
    expected = {
        "agreement": table.n,
        "ppa": table.tp + table.fn,
        "npa": table.fp + table.tn,
        "ppv": table.tp + table.fp,
        "npv": table.tn + table.fn,
        "prevalence": table.n,
        "always_negative": table.n,
    }
    for field in fields(shares):
        share = getattr(shares, field.name)
        assert (0 if share is None else share.n) == expected[field.name]


@given(counts)
def test_swapping_the_classes_swaps_the_sides(table: Counts) -> None:
    """Calling positive what was negative turns PPA into NPA and PPV into NPV, and leaves the agreement."""
    swapped = fourfold(Counts(tp=table.tn, fp=table.fn, fn=table.fp, tn=table.tp))
    shares = fourfold(table)
    assert (swapped.ppa, swapped.ppv, swapped.agreement) == (shares.npa, shares.npv, shares.agreement)
