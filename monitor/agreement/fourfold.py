"""The proportions of a fourfold table. A reader is no reference standard: they are agreements, not accuracy."""

from dataclasses import dataclass

from monitor.agreement.proportion import Proportion, wilson
from monitor.core.counts import Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class Fourfold:
    """Agreement of call and label, overall and from each side. None where the denominator is 0.

    `ppa` and `npa` are of the reader's positives and negatives, `ppv` and `npv` of the AI's; `prevalence` is the
    reader's. `always_negative` is the agreement an AI would reach that never calls the finding.
    """

    agreement: Proportion | None
    ppa: Proportion | None
    npa: Proportion | None
    ppv: Proportion | None
    npv: Proportion | None
    prevalence: Proportion | None
    always_negative: Proportion | None


def fourfold(counts: Counts) -> Fourfold:
    """All proportions of a table, each with its Wilson interval.

    Positive and negative percent agreement as in FDA, Statistical guidance on reporting results from studies evaluating
    diagnostic tests (2007), which keeps *sensitivity* and *specificity* for a reference standard.
    """
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    return Fourfold(
        agreement=wilson(counts.tp + counts.tn, counts.n),
        ppa=wilson(counts.tp, positives),
        npa=wilson(counts.tn, negatives),
        ppv=wilson(counts.tp, counts.tp + counts.fp),
        npv=wilson(counts.tn, counts.tn + counts.fn),
        prevalence=wilson(positives, counts.n),
        always_negative=wilson(negatives, counts.n),
    )
