"""One snapshot of an imagined Tuesday, for every test that needs numbers."""

from monitor.core.study import LATENCY_BOUNDS_SECONDS
from monitor.metrics.snapshot import Histogram, Snapshot

CHEST = ("chest-screen", "1.2.0")
EFFUSION = (*CHEST, "pleural_effusion")

SNAPSHOT = Snapshot(
    version="0.1.0",
    known={
        "model": frozenset({"chest-screen"}),
        "version": frozenset({"1.2.0"}),
        "finding": frozenset({"pleural_effusion"}),
        "source": frozenset({"mllp"}),
    },
    values={
        "overread_studies_received_total": {(): 412},
        "overread_studies_excluded_total": {("wrong_view",): 31, ("wrong_modality",): 8},
        "overread_studies_failed_total": {("unreadable",): 2},
        "overread_instances_conflicting_total": {(): 3},
        "overread_dead_letters": {(): 1},
        "overread_studies_partial": {(): 2},
        "overread_predictions_total": {(*CHEST, "positive"): 21, (*CHEST, "negative"): 347},
        "overread_reads_received_total": {("mllp", "final"): 340, ("mllp", "corrected"): 6},
        "overread_reads_unmatched": {(): 9},
        "overread_pairs_total": {(*EFFUSION, "tp"): 17, (*EFFUSION, "fp"): 4, (*EFFUSION, "tn"): 310},
        "overread_agreement_ratio": {
            (*EFFUSION, "ppa"): 0.85,
            (*EFFUSION, "npa"): 0.987,
            (*EFFUSION, "agreement"): 0.979,
        },
        "overread_agreement_ratio_threshold": {(*EFFUSION, "agreement"): 0.93},
        "overread_agreement_pairs": {(*EFFUSION, "ppa"): 20, (*EFFUSION, "npa"): 314, (*EFFUSION, "agreement"): 334},
        "overread_agreement_alarm": {EFFUSION: 0},
        "overread_drift_effect": {(*CHEST, "inputs"): 0.11, (*CHEST, "scores"): 0.04, (*CHEST, "embedding"): 0.07},
        "overread_drift_alarm": {(*CHEST, "inputs"): 1, (*CHEST, "scores"): 0, (*CHEST, "embedding"): 0},
        "overread_label_coverage_ratio": {("chest-screen",): 0.94},
        "overread_match_yield_ratio": {("mllp",): 0.974},
        "overread_pending_oldest_age_seconds": {("intake",): 0, ("scoring",): 35, ("pairing",): 12.5},
        "overread_last_success_timestamp_seconds": {
            ("receive",): 1794300000,
            ("score",): 1794300030,
            ("read",): 1794299000,
            ("pair",): 1794299020,
            ("evaluate",): 1794268800,
        },
    },
    histograms={
        "overread_inference_seconds": Histogram(
            counts=(0, 4, 220, 130, 12, 2, *(0,) * (len(LATENCY_BOUNDS_SECONDS) - 5)), total=112.5
        )
    },
)
