"""Everything said of one fourfold table, and whether there is enough of it to say so."""

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import ArrayLike

from monitor.agreement.auroc import Auroc, auroc
from monitor.agreement.fourfold import Fourfold, fourfold
from monitor.agreement.kappa import Kappa, cohen_kappa, gwet_ac1, pabak
from monitor.agreement.proportion import Proportion
from monitor.core.counts import Counts
from monitor.core.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Minimum:
    """How much data a verdict needs: pairs in all, and cases on either side of the reader's label.

    With 10 cases a side the widest 95 % interval of PPA or NPA is .24 to .76, half the scale; with fewer, no value
    worth an alarm can be told from one that is not. With 50 pairs that of the agreement is .37 to .63.
    """

    pairs: int = 50
    positives: int = 10
    negatives: int = 10

    def met_by(self, counts: Counts) -> bool:
        """Whether the table holds enough on every count."""
        positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
        return counts.n >= self.pairs and positives >= self.positives and negatives >= self.negatives


MINIMUM = Minimum()
_UNDEFINED = {"value": None, "low": None, "high": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """All figures of one table together, so that none is ever shown alone. Undefined ones are None."""

    counts: Counts
    proportions: Fourfold
    kappa: Kappa | None
    ac1: float | None
    pabak: float | None
    auroc: Auroc | None
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The figures as one row. What is undefined is null, inside the usual object where the figure has an interval."""
        shares = self.proportions
        return {
            "n": self.counts.n,
            "tp": self.counts.tp,
            "fp": self.counts.fp,
            "fn": self.counts.fn,
            "tn": self.counts.tn,
            "uncertain": self.counts.uncertain,
            "agreement": _interval(shares.agreement),
            "ppa": _interval(shares.ppa),
            "npa": _interval(shares.npa),
            "ppv": _interval(shares.ppv),
            "npv": _interval(shares.npv),
            "kappa": _interval(self.kappa),
            "ac1": self.ac1,
            "pabak": self.pabak,
            "prevalence": None if shares.prevalence is None else shares.prevalence.value,
            "always_negative": None if shares.always_negative is None else shares.always_negative.value,
            "auroc": None if self.auroc is None else asdict(self.auroc),
            "verdict": self.verdict.value,
        }


def judge(
    counts: Counts, scores: tuple[ArrayLike, ArrayLike] | None = None, *, minimum: Minimum = MINIMUM
) -> Judgement:
    """Say everything a fourfold table says.

    Args:
        counts: the table.
        scores: the scores of the reader's positives and of their negatives, shapes (m,) and (n,), for the AUROC.
        minimum: what a verdict needs; below it the verdict is `insufficient_data` and the figures still stand.
    """
    return Judgement(
        counts=counts,
        proportions=fourfold(counts),
        kappa=cohen_kappa(counts),
        ac1=gwet_ac1(counts),
        pabak=pabak(counts),
        auroc=None if scores is None else auroc(*scores),
        verdict=Verdict.OK if minimum.met_by(counts) else Verdict.INSUFFICIENT_DATA,
    )


def _interval(figure: Proportion | Kappa | None) -> dict[str, float | None]:
    return dict(_UNDEFINED) if figure is None else {"value": figure.value, "low": figure.low, "high": figure.high}
