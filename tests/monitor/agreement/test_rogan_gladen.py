"""Correction for the label's error: it undoes that error, carries its uncertainty, and refuses what cannot be told."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.agreement.proportion import Proportion, wilson
from monitor.agreement.rogan_gladen import CorrectedAgreement, Unidentifiable, corrected_agreement, rogan_gladen
from monitor.core.counts import Counts

unit = st.floats(0.05, 0.95)


def _exactly(value: float) -> Proportion:
    return Proportion(value=value, low=value, high=value, n=10**9)


def _observed(n: int, prevalence: float, ppa: float, npa: float, label_ppa: float, label_npa: float) -> Counts:
    """The table an AI gives against a label that errs, in expectation."""
    error = np.array([[label_ppa, 1 - label_npa], [1 - label_ppa, label_npa]])  # labelled given true
    true = np.array(
        [[prevalence * ppa, prevalence * (1 - ppa)], [(1 - prevalence) * (1 - npa), (1 - prevalence) * npa]]
    )
    (tp, fn), (fp, tn) = np.rint(error @ true * n).astype(int).tolist()
    return Counts(tp=tp, fn=fn, fp=fp, tn=tn)


@settings(deadline=None)
@given(unit, unit, unit, st.floats(0.7, 1), st.floats(0.7, 1))
def test_undoes_the_error_of_the_label(
    prevalence: float, ppa: float, npa: float, label_ppa: float, label_npa: float
) -> None:
    """From the table a known error makes of the truth, every figure of the truth comes back."""
    counts = _observed(10**9, prevalence, ppa, npa, label_ppa, label_npa)
    found = corrected_agreement(counts, label_ppa=_exactly(label_ppa), label_npa=_exactly(label_npa))
    truth = {"prevalence": prevalence, "ppa": ppa, "npa": npa, "agreement": prevalence * ppa + (1 - prevalence) * npa}
    for name, value in truth.items():
        figure = getattr(found, name)
        assert isinstance(figure, Proportion), name
        assert figure.value == pytest.approx(value, abs=1e-6)
        assert figure.low <= figure.value <= figure.high


def test_the_error_that_halves_agreement() -> None:
    """A labeler right about 97 % of negatives turns a PPA of .90 at 3 % prevalence into .47; corrected, it is .90."""
    counts = _observed(100_000, 0.03, 0.9, 0.97, 1.0, 0.97)
    assert counts.tp / (counts.tp + counts.fn) == pytest.approx(0.47, abs=0.005)
    found = corrected_agreement(counts, label_ppa=_exactly(1.0), label_npa=_exactly(0.97))
    assert isinstance(found.ppa, Proportion)
    assert found.ppa.value == pytest.approx(0.9, abs=0.002)


def test_large_samples_have_the_delta_method_interval() -> None:
    """In large samples the interval of the share is Rogan and Gladen's, from their published variance."""
    n, n_ppa, n_npa = 200_000, 100_000, 100_000
    share, ppa, npa = (wilson(k, of) for k, of in ((30_000, n), (90_000, n_ppa), (95_000, n_npa)))
    assert share is not None
    assert ppa is not None
    assert npa is not None
    found = rogan_gladen(share, label_ppa=ppa, label_npa=npa)
    assert isinstance(found, Proportion)
    gain, true = 0.85, (0.15 - 0.05) / 0.85
    variance = (0.15 * 0.85 / n + true**2 * 0.9 * 0.1 / n_ppa + (1 - true) ** 2 * 0.95 * 0.05 / n_npa) / gain**2
    half = 1.959964 * sqrt(variance)
    assert (found.low, found.high) == pytest.approx((true - half, true + half), rel=5e-3)


def test_a_label_like_chance_is_refused() -> None:
    """Where PPA + NPA - 1 may be 0 nothing is corrected."""
    ppa, npa = wilson(6, 10), wilson(6, 10)
    assert ppa is not None
    assert npa is not None
    counts = Counts(tp=10, fp=10, fn=10, tn=70)
    refused = Unidentifiable.LABEL_LIKE_CHANCE
    found = corrected_agreement(counts, label_ppa=ppa, label_npa=npa)
    assert {found.prevalence, found.agreement, found.ppa, found.npa} == {refused}
    assert rogan_gladen(ppa, label_ppa=ppa, label_npa=npa) is refused


def test_positives_that_error_explains_are_refused() -> None:
    """Where the label's false positives account for all its positives, PPA is refused and NPA is told."""
    npa = wilson(970, 1000)
    assert npa is not None
    found = corrected_agreement(Counts(tp=15, fp=15, fn=15, tn=955), label_ppa=_exactly(0.9), label_npa=npa)
    assert found.ppa is Unidentifiable.NO_POSITIVES_BEYOND_ERROR
    assert isinstance(found.npa, Proportion)


def test_no_cases_are_refused() -> None:
    """An empty table has no figures."""
    assert corrected_agreement(Counts(), label_ppa=_exactly(1), label_npa=_exactly(1)).ppa is Unidentifiable.NO_CASES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "prevalence", "label_ppa", "label_npa", "audited"),
    [(2_000, 0.1, 0.9, 0.97, (100, 300)), (5_000, 0.05, 0.9, 0.995, (150, 600)), (500, 0.2, 0.95, 0.95, (60, 60))],
)
def test_the_intervals_cover(
    n: int, prevalence: float, label_ppa: float, label_npa: float, audited: tuple[int, int]
) -> None:
    """Of 500 simulated sites, labeler audits and all, at least 89 % of the 95 % intervals hold each true figure."""
    rng = np.random.default_rng(11)
    truth = {"prevalence": prevalence, "ppa": 0.9, "npa": 0.95, "agreement": prevalence * 0.9 + (1 - prevalence) * 0.95}
    told = dict.fromkeys(truth, 0)
    held = dict.fromkeys(truth, 0)
    for _ in range(500):
        found = _simulated(rng, n, prevalence, (label_ppa, label_npa), audited)
        for name, value in truth.items():
            figure = getattr(found, name)
            if isinstance(figure, Proportion):
                told[name] += 1
                held[name] += figure.low <= value <= figure.high
    assert min(told.values()) > 400
    assert min(held[name] / told[name] for name in truth) >= 0.89


def _simulated(
    rng: np.random.Generator, n: int, prevalence: float, label: tuple[float, float], audited: tuple[int, int]
) -> CorrectedAgreement:
    """One site: an AI of PPA .9 and NPA .95, a label that errs, and an audit of that label."""
    positive = rng.binomial(n, prevalence)
    hit, spared = rng.binomial(positive, 0.9), rng.binomial(n - positive, 0.95)
    missed, alarmed = positive - hit, n - positive - spared
    kept = [int(rng.binomial(k, label[0])) for k in (hit, missed)]
    turned = [int(rng.binomial(k, 1 - label[1])) for k in (alarmed, spared)]
    tp, fn = kept[0] + turned[0], kept[1] + turned[1]
    counts = Counts(tp=tp, fp=int(hit + alarmed) - tp, fn=fn, tn=int(missed + spared) - fn)
    ppa, npa = (wilson(int(rng.binomial(k, share)), k) for k, share in zip(audited, label, strict=True))
    assert ppa is not None
    assert npa is not None
    return corrected_agreement(counts, label_ppa=ppa, label_npa=npa)
