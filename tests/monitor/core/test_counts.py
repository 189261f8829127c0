from hypothesis import given
from hypothesis import strategies as st

from monitor.core.counts import Counts, cell

pairs = st.lists(st.tuples(st.booleans(), st.none() | st.booleans()))


@given(pairs)
def test_the_table_holds_every_pair_once(given_pairs: list[tuple[bool, bool | None]]) -> None:
    """Cells add up to the pairs, definite and uncertain, each in its own place."""
    whole = sum((cell(call=call, label=label) for call, label in given_pairs), Counts())
    assert whole.n + whole.uncertain == len(given_pairs)
    assert whole.tp == given_pairs.count((True, True))
    assert whole.fp == given_pairs.count((True, False))
    assert whole.fn == given_pairs.count((False, True))
    assert whole.tn == given_pairs.count((False, False))


@given(pairs, pairs)
def test_tables_add(one: list[tuple[bool, bool | None]], other: list[tuple[bool, bool | None]]) -> None:
    """The table of all pairs is the sum of the tables of its parts."""
    tables = [sum((cell(call=c, label=t) for c, t in part), Counts()) for part in (one, other, one + other)]
    assert tables[0] + tables[1] == tables[2]
