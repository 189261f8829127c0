"""How often each interval holds what it should. `python -m monitor.agreement.coverage` prints the tables."""

from collections.abc import Callable, Mapping
from functools import partial
from math import sqrt
from statistics import NormalDist
from typing import Protocol

import numpy as np
from scipy.stats import binom

from monitor.agreement.auroc import auroc
from monitor.agreement.brier import brier
from monitor.agreement.case_mix import standardised
from monitor.agreement.chance_corrected import ac1_interval, pabak_interval
from monitor.agreement.clopper_pearson import clopper_pearson
from monitor.agreement.f1 import f1
from monitor.agreement.kappa import cohen_kappa
from monitor.agreement.paired import Pairing, paired_difference
from monitor.agreement.proportion import Proportion, wilson
from monitor.agreement.sequence import confidence_sequence
from monitor.agreement.weighted import weighted_share
from monitor.core.counts import Counts

SIZES = (20, 100, 1000)
SHARES = (0.01, 0.1, 0.5)
REPLICATES = 2000
SEED = 1
PPA, NPA = 0.8, 0.95  # of the simulated AI
SEPARATION = 1.5  # of its scores, in standard deviations


class Interval(Protocol):
    """Anything with two bounds."""

    @property
    def low(self) -> float:
        """The lower bound."""

    @property
    def high(self) -> float:
        """The upper bound."""


Draw = Callable[[np.random.Generator, int, float], tuple[Interval | None, float]]
"""A sample of n cases at share p: its interval, None where the figure is undefined, and the truth."""

EXACT: Mapping[str, Callable[[int, int], Proportion | None]] = {
    "Wilson": wilson,
    "Clopper-Pearson": clopper_pearson,
    "confidence sequence, one look": confidence_sequence,
}


def exact_coverage(interval: Callable[[int, int], Proportion | None], n: int, p: float) -> float:
    """Probability that the 95 % interval of Binomial(n, p) successes holds p: a sum over all n + 1 outcomes."""
    shares = [interval(successes, n) for successes in range(n + 1)]
    held = np.array([share is not None and share.low <= p <= share.high for share in shares])
    return float(binom.pmf(np.arange(n + 1), n, p)[held].sum())


def simulated_coverage(draw: Draw, n: int, p: float, *, replicates: int = REPLICATES) -> float:
    """The share of samples whose 95 % interval holds the truth, of those in which the figure is defined."""
    rng = np.random.default_rng(SEED)
    drawn = (draw(rng, n, p) for _ in range(replicates))
    held = [interval.low <= truth <= interval.high for interval, truth in drawn if interval is not None]
    return float(np.mean(held)) if held else float("nan")


def coverage_table() -> str:
    """The exact coverages as a Markdown table, one row an interval and size and one column a true share."""
    return _table({name: partial(exact_coverage, one) for name, one in EXACT.items()})


def simulated_table(*, replicates: int = REPLICATES) -> str:
    """The simulated coverages as a Markdown table."""
    return _table({name: partial(simulated_coverage, draw, replicates=replicates) for name, draw in SIMULATED.items()})


def _table(rows: Mapping[str, Callable[[int, float], float]]) -> str:
    lines = ["| interval | n | " + " | ".join(f"p = {p}" for p in SHARES) + " |", "|" + "---|" * (len(SHARES) + 2)]
    for name, coverage in rows.items():
        lines += [f"| {name} | {n} | " + " | ".join(f"{coverage(n, p):.3f}" for p in SHARES) + " |" for n in SIZES]
    return "\n".join(lines)


def _shares(p: float) -> tuple[float, float, float, float]:
    """Of tp, fp, fn and tn at prevalence p."""
    return p * PPA, (1 - p) * (1 - NPA), p * (1 - PPA), (1 - p) * NPA


def _fourfold(rng: np.random.Generator, n: int, p: float) -> Counts:
    tp, fp, fn, tn = (int(count) for count in rng.multinomial(n, _shares(p)))
    return Counts(tp=tp, fp=fp, fn=fn, tn=tn)


def _kappa(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    tp, fp, fn, tn = _shares(p)
    chance = (tp + fp) * p + (fn + tn) * (1 - p)
    return cohen_kappa(_fourfold(rng, n, p)), (tp + tn - chance) / (1 - chance)


def _ac1(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    tp, fp, fn, tn = _shares(p)
    mean = tp + (fp + fn) / 2
    chance = 2 * mean * (1 - mean)
    return ac1_interval(_fourfold(rng, n, p)), (tp + tn - chance) / (1 - chance)


def _pabak(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    tp, _, _, tn = _shares(p)
    return pabak_interval(_fourfold(rng, n, p)), 2 * (tp + tn) - 1


def _f1(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    tp, fp, fn, _ = _shares(p)
    return f1(_fourfold(rng, n, p)), 2 * tp / (2 * tp + fp + fn)


def _difference(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    """The share p is that of discordant cases, three in five of them the first's."""
    both, first, second = (int(count) for count in rng.multinomial(n, [1 - p, 0.6 * p, 0.4 * p]))
    return paired_difference(Pairing(both=both, only_first=first, only_second=second, neither=0)), 0.2 * p


def _auroc(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    positives = int(rng.binomial(n, p))
    found = auroc(rng.normal(SEPARATION, 1, positives), rng.normal(0, 1, n - positives))
    return found, NormalDist().cdf(SEPARATION / sqrt(2))


def _brier(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    """Calibrated scores, Beta of mean p and two cases' worth of information."""
    scores = rng.beta(2 * p, 2 * (1 - p), n)
    truth = p - (p * (1 - p) / 3 + p * p)
    return brier(scores, rng.random(n) < scores), truth


def _sampled(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    """Adjudicated cases of a stream in which half the errors are in a tenth of cases, sampled five times as often."""
    often = rng.random(n) < 0.5 / (0.5 + 0.9)
    rate = np.where(often, min(5 * p, 0.9), (p - 0.1 * min(5 * p, 0.9)) / 0.9)
    return weighted_share(rng.random(n) < rate, np.where(often, 1.0, 0.2)), p


def _standardised(rng: np.random.Generator, n: int, p: float) -> tuple[Interval | None, float]:
    """Two strata, of a quarter and three quarters here and of equal weight in the standard."""
    sizes = (n // 4, n - n // 4)
    rates = (1.5 * p, 0.5 * p)
    return standardised([int(rng.binomial(m, r)) for m, r in zip(sizes, rates, strict=True)], sizes, (1, 1)), p


SIMULATED: Mapping[str, Draw] = {
    "kappa": _kappa,
    "AC1": _ac1,
    "PABAK": _pabak,
    "F1": _f1,
    "paired difference (Tango)": _difference,
    "AUROC (DeLong, logit)": _auroc,
    "Brier": _brier,
    "adjudicated sample (Hájek)": _sampled,
    "standardised": _standardised,
}

if __name__ == "__main__":
    print(coverage_table(), simulated_table(), sep="\n\n")  # noqa: T201  to be pasted into the documentation
