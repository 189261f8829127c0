"""Every metric Overread exports: name, kind, help, labels and the values a label may take. Names are an interface."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.read import ReadStatus
from monitor.core.study import LATENCY_BOUNDS_SECONDS, Exclusion, Failure
from monitor.core.verdict import DriftGroup

OTHER = "other"
"""Stands for every label value that is not on its allow-list, and for every series above the cap."""


class Kind(StrEnum):
    """The Prometheus metric types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Fold(StrEnum):
    """How series that share the label value `other` become one number."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"


Allowed = frozenset[str] | None
"""The values a label may take; `None` where only the store knows them (`Snapshot.known`)."""

BUILD_INFO = "overread_build_info"
QUARANTINED = "quarantined"
"""The status of a message that could not become a read."""
OUTCOMES = ("positive", "negative", "invalid_output", "scoring_error")
"""What came of asking a model: a call, or why there is none."""
CELLS = ("tp", "fp", "fn", "tn", "uncertain")
STATISTICS = ("ppa", "npa", "agreement")
BACKLOG_STAGES = ("intake", "scoring", "pairing")
SUCCESS_STAGES = ("receive", "score", "read", "result", "pair", "evaluate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One family. `bounds` are a histogram's upper bucket bounds; `fold` is what happens to series named `other`."""

    name: str
    kind: Kind
    help: str
    labels: Mapping[str, Allowed] = field(default_factory=dict)
    fold: Fold = Fold.SUM
    bounds: tuple[float, ...] = ()


def _counter(name: str, text: str, **labels: Allowed) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=text, labels=labels)


def _gauge(name: str, text: str, fold: Fold, **labels: Allowed) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=text, labels=labels, fold=fold)


_PER_STATISTIC: Mapping[str, Allowed] = {
    "model": None,
    "version": None,
    "finding": None,
    "statistic": frozenset(STATISTICS),
}
_PER_GROUP: Mapping[str, Allowed] = {"model": None, "version": None, "group": frozenset(DriftGroup)}

METRICS = (
    _counter("overread_studies_received_total", "Studies received, whatever became of them."),
    _counter(
        "overread_studies_excluded_total",
        "Studies that were for no model here, by reason.",
        reason=frozenset(Exclusion),
    ),
    _counter(
        "overread_studies_failed_total", "Studies that could not be worked on, by reason.", reason=frozenset(Failure)
    ),
    _counter(
        "overread_instances_conflicting_total",
        "Instances whose SOP Instance UID came before with other bytes: kept, never scored.",
    ),
    _gauge("overread_dead_letters", "Failed studies that were tried as often as allowed.", Fold.SUM),
    _gauge("overread_studies_partial", "Studies whose last association broke off.", Fold.SUM),
    _counter(
        "overread_predictions_total",
        "Answers asked of a model version, one a study and finding, by outcome.",
        model=None,
        version=None,
        outcome=frozenset(OUTCOMES),
    ),
    Metric(
        name="overread_inference_seconds",
        kind=Kind.HISTOGRAM,
        help="Time a model took for one study, in seconds.",
        bounds=LATENCY_BOUNDS_SECONDS,
    ),
    _counter(
        "overread_reads_received_total",
        "Report versions received, by source and status.",
        source=None,
        status=frozenset({*ReadStatus, QUARANTINED}),
    ),
    _gauge("overread_reads_unmatched", "Report versions that belong to no known study.", Fold.SUM),
    _counter(
        "overread_pairs_total",
        "AI calls beside a final read, by cell of the fourfold table; uncertain reads stand apart.",
        model=None,
        version=None,
        finding=None,
        outcome=frozenset(CELLS),
    ),
    # Folded, the three agreement gauges lean towards silence: a rule must not accuse a version that has no name.
    _gauge(
        "overread_agreement_ratio",
        "Agreement of AI and final read over the current window: positive (ppa), negative (npa) and overall.",
        Fold.MAX,
        **_PER_STATISTIC,
    ),
    _gauge(
        "overread_agreement_ratio_threshold",
        "The least agreement this site accepts; an alert needs the whole interval below it.",
        Fold.MIN,
        **_PER_STATISTIC,
    ),
    _gauge(
        "overread_agreement_pairs",
        "Pairs an agreement ratio rests on: its denominator.",
        Fold.MIN,
        **_PER_STATISTIC,
    ),
    _gauge(
        "overread_agreement_alarm",
        "1 while the sequential detector holds that agreement has fallen, else 0.",
        Fold.MAX,
        model=None,
        version=None,
        finding=None,
    ),
    _gauge(
        "overread_drift_effect",
        "Distance between reference and current window, 0 to 1, by group of features.",
        Fold.MAX,
        **_PER_GROUP,
    ),
    _gauge(
        "overread_drift_alarm",
        "1 while drift is held to be real in a group of features, else 0.",
        Fold.MAX,
        **_PER_GROUP,
    ),
    _gauge(
        "overread_label_coverage_ratio", "Share of a model's pairs whose read says yes or no.", Fold.MIN, model=None
    ),
    _gauge(
        "overread_match_yield_ratio", "Share of a source's final reads that found their study.", Fold.MIN, source=None
    ),
    _gauge(
        "overread_pending_oldest_age_seconds",
        "Age of the oldest work not done, by stage; 0 where nothing waits.",
        Fold.MAX,
        stage=frozenset(BACKLOG_STAGES),
    ),
    _gauge(
        "overread_last_success_timestamp_seconds",
        "When a stage last succeeded, in seconds since 1970.",
        Fold.MIN,
        stage=frozenset(SUCCESS_STAGES),
    ),
    _gauge(BUILD_INFO, "1, labelled with the version of Overread that runs.", Fold.MAX, version=None),
)

CATALOGUE: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
