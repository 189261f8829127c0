"""The sample for human coding, and its counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.read import Label
from monitor.labels.audit import Cell, Stratum, draw, tabulated

populations = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=6),
    st.builds(Stratum, st.sampled_from(Label), st.sampled_from(["", "north"])),
    min_size=1,
    max_size=60,
)


@settings(max_examples=50, deadline=None)
@given(populations, st.integers(1, 80), st.integers(0, 5))
def test_every_stratum_has_its_even_share(reports: dict[str, Stratum], n: int, seed: int) -> None:
    """The sample has n reports, or all; none twice; and a stratum has fewer than another only where it is used up."""
    drawn = draw(reports, n=n, seed=seed)
    assert len(drawn) == len(set(drawn)) == min(n, len(reports))
    sizes = {s: list(reports.values()).count(s) for s in set(reports.values())}
    taken = {s: sum(reports[report] == s for report in drawn) for s in sizes}
    for stratum, count in taken.items():
        assert count == sizes[stratum] or count >= max(taken.values()) - 1


@settings(max_examples=50, deadline=None)
@given(populations, st.integers(1, 20), st.randoms())
def test_a_draw_can_be_repeated(reports: dict[str, Stratum], n: int, random: object) -> None:
    """The same reports and seed give the same sample in whatever order the reports come."""
    rows = list(reports.items())
    random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis's Random
    assert draw(dict(rows), n=n, seed=3) == draw(reports, n=n, seed=3)


def test_every_report_of_a_stratum_is_as_likely() -> None:
    """Over 2000 seeds each of ten reports is drawn about as often as the others."""
    reports = {str(i): Stratum(Label.ABSENT) for i in range(10)}
    times = dict.fromkeys(reports, 0)
    for seed in range(2000):
        for report in draw(reports, n=3, seed=seed):
            times[report] += 1
    assert all(abs(count - 600) < 5 * (2000 * 0.3 * 0.7) ** 0.5 for count in times.values())


def test_no_sample_of_none() -> None:
    """A sample of fewer than one report is refused."""
    with pytest.raises(ValueError, match="n: 0"):
        draw({"a": Stratum(Label.ABSENT)}, n=0, seed=1)


def test_counts_of_a_coding() -> None:
    """Coded reports are counted by stratum; doubt of the labeler leaves the table, doubt of the coder is undecided."""
    present, silent, doubt = Stratum(Label.PRESENT), Stratum(Label.NOT_MENTIONED), Stratum(Label.UNCERTAIN)
    coded = [
        (present, Label.PRESENT),
        (present, Label.ABSENT),
        (present, Label.UNCERTAIN),
        (silent, Label.NOT_MENTIONED),
        (doubt, Label.PRESENT),
    ]
    assert tabulated({present: 30, silent: 900, doubt: 10}, coded) == [
        Cell(silent, called=False, size=900, positive=0, negative=1, undecided=0),
        Cell(present, called=True, size=30, positive=1, negative=1, undecided=1),
    ]


def test_a_stratum_without_a_size_is_refused() -> None:
    """A coded report of a stratum whose size nobody gave is an error that names it."""
    with pytest.raises(ValueError, match="north"):
        tabulated({}, [(Stratum(Label.ABSENT, "north"), Label.ABSENT)])
