"""Agreement from a stratified sample: against the whole, against Begg and Greenes, and its coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.agreement.stratified import CodedStratum, stratified_agreement

strata = st.lists(
    st.builds(
        lambda called, positive, negative, undecided: CodedStratum(
            called=called,
            size=positive + negative + undecided,
            positive=positive,
            negative=negative,
            undecided=undecided,
        ),
        st.booleans(),
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(strata)
def test_a_full_coding_gives_the_plain_ratio(coded: list[CodedStratum]) -> None:
    """With every case coded PPA and NPA are what counting all cases gives, inside their intervals."""
    agreed = stratified_agreement(coded)
    for figure, called in ((agreed.ppa, True), (agreed.npa, False)):
        kind = [(one.called is called, one.positive if called else one.negative) for one in coded]
        total = sum(count for _, count in kind)
        if figure is None:
            assert total == 0
        else:
            assert figure.value == pytest.approx(sum(count for hit, count in kind if hit) / total)
            assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_two_strata_are_begg_and_greenes() -> None:
    """For one stratum called and one not, PPA is Begg and Greenes' estimate by Bayes' theorem."""
    called = CodedStratum(called=True, size=300, positive=54, negative=6)
    others = CodedStratum(called=False, size=9_700, positive=3, negative=147)
    ppv, missed, share = 54 / 60, 3 / 150, 300 / 10_000
    expected = ppv * share / (ppv * share + missed * (1 - share))
    figure = stratified_agreement([called, others]).ppa
    assert figure is not None
    assert figure.value == pytest.approx(expected)


@pytest.mark.parametrize("coded", [0, 11])
def test_an_uncoded_stratum_is_refused(coded: int) -> None:
    """A stratum nobody coded, or coded beyond its size, is an error: it would silently count as nothing."""
    with pytest.raises(ValueError, match=f"{coded} of 10"):
        stratified_agreement([CodedStratum(called=True, size=10, positive=coded, negative=0)])


@pytest.mark.slow
@pytest.mark.parametrize(
    "design",
    [
        [(True, 300, 0.9, 150), (False, 3_000, 0.002, 150), (False, 6_000, 0.01, 150)],
        [(True, 2_000, 0.8, 100), (False, 8_000, 0.05, 100)],
        [(True, 300, 0.9, 50), (True, 200, 0.6, 50), (False, 9_000, 0.005, 200), (False, 500, 0.2, 50)],
    ],
)
def test_the_intervals_cover(design: list[tuple[bool, int, float, int]]) -> None:
    """Of 600 simulated audits at least 92 % of the 95 % intervals hold the true PPA, and as many the true NPA."""
    rng = np.random.default_rng(7)
    hits = sum(size * share for called, size, share, _ in design if called)
    spared = sum(size * (1 - share) for called, size, share, _ in design if not called)
    truth = (
        hits / sum(size * share for _, size, share, _ in design),
        spared / sum(size * (1 - share) for _, size, share, _ in design),
    )
    held = np.zeros(2)
    for _ in range(600):
        drawn = [(*one, int(rng.binomial(one[3], one[2]))) for one in design]
        found = stratified_agreement(
            [CodedStratum(called=c, size=size, positive=k, negative=n - k) for c, size, _, n, k in drawn]
        )
        for i, figure in enumerate((found.ppa, found.npa)):
            held[i] += figure is not None and figure.low <= truth[i] <= figure.high
    assert (held / 600 >= 0.92).all()
