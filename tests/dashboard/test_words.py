import re

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.words import LONGEST_NAME, between, listed, percent, plain, ratio
from monitor.agreement.proportion import wilson


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_a_plain_name_holds_nothing_but_words(text: str) -> None:
    """Whatever comes from outside, its plain form has no character that any mark-up could begin with."""
    found = plain(text)
    assert len(found) <= LONGEST_NAME
    assert all(letter.isalnum() or letter in " -." for letter in found)
    assert re.search(r"(?<!\d)\.|\.(?!\d|$)", found) is None
    assert not found.startswith(("-", " ", "."))


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_below_one_is_never_shown_as_certainty(share: float) -> None:
    """100 % and 0 % are kept for shares that are exactly so."""
    assert percent(share).split("\u202f")[0] not in {"100", "100.0", "0", "0.0"}


def test_figures_read_as_a_committee_reads_them() -> None:
    """Percents, intervals, coefficients and lists have one form each."""
    share = wilson(85, 100)
    assert share is not None
    assert percent(share.value) == "85\u202f%"
    assert between(share) == "77–91\u202f%"
    assert [ratio(value) for value in (0.714, -0.2, 1.0, None)] == [".71", "−.20", "1.00", "–"]
    assert [listed(names) for names in ([], ["a"], ["a", "b"], list("abcde"))] == [
        "none",
        "a",
        "a and b",
        "a, b, c and 2 more",
    ]
