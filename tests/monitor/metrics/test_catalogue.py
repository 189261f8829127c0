from monitor.core.read import ReadStatus
from monitor.core.study import Exclusion, Failure
from monitor.metrics.catalogue import CATALOGUE, METRICS, Fold, Kind

NAMES = {
    "overread_studies_received_total": (),
    "overread_studies_excluded_total": ("reason",),
    "overread_studies_failed_total": ("reason",),
    "overread_instances_conflicting_total": (),
    "overread_dead_letters": (),
    "overread_studies_partial": (),
    "overread_predictions_total": ("model", "version", "outcome"),
    "overread_inference_seconds": (),
    "overread_reads_received_total": ("source", "status"),
    "overread_reads_unmatched": (),
    "overread_pairs_total": ("model", "version", "finding", "outcome"),
    "overread_agreement_ratio": ("model", "version", "finding", "statistic"),
    "overread_agreement_ratio_threshold": ("model", "version", "finding", "statistic"),
    "overread_agreement_pairs": ("model", "version", "finding", "statistic"),
    "overread_agreement_alarm": ("model", "version", "finding"),
    "overread_drift_effect": ("model", "version", "group"),
    "overread_drift_alarm": ("model", "version", "group"),
    "overread_label_coverage_ratio": ("model",),
    "overread_match_yield_ratio": ("source",),
    "overread_pending_oldest_age_seconds": ("stage",),
    "overread_last_success_timestamp_seconds": ("stage",),
    "overread_build_info": ("version",),
}


def test_names_and_labels_are_the_interface() -> None:
    """No name and no label has been added, dropped or renamed without this list knowing."""
    assert {metric.name: tuple(metric.labels) for metric in METRICS} == NAMES


def test_names_are_unique() -> None:
    """No name stands in the table twice."""
    assert len(CATALOGUE) == len(METRICS)


def test_no_label_can_hold_an_identity() -> None:
    """A study, patient, accession, UID or station name is never a label."""
    assert {label for metric in METRICS for label in metric.labels} <= {
        *("model", "version", "finding", "statistic", "group", "reason", "outcome", "source", "status", "stage")
    }


def test_counters_end_in_total_and_add_up() -> None:
    """Counters, and only they, end in `_total`; folded together they are summed."""
    assert all(metric.name.endswith("_total") is (metric.kind is Kind.COUNTER) for metric in METRICS)
    assert all(metric.fold is Fold.SUM for metric in METRICS if metric.kind is Kind.COUNTER)


def test_reasons_are_those_of_the_core() -> None:
    """Every reason the core can give is an allowed label value."""
    assert CATALOGUE["overread_studies_excluded_total"].labels["reason"] == set(Exclusion)
    assert CATALOGUE["overread_studies_failed_total"].labels["reason"] == set(Failure)
    assert CATALOGUE["overread_reads_received_total"].labels["status"] == {*ReadStatus, "quarantined"}
