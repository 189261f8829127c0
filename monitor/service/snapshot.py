"""The numbers behind `/metrics`, read from the store at each scrape."""

from collections.abc import Callable, Mapping
from datetime import datetime

from monitor import __version__
from monitor.agreement.judgement import Judgement, judge
from monitor.core.counts import Counts
from monitor.core.ports import Clock, Spool
from monitor.core.study import LATENCY_BOUNDS_SECONDS
from monitor.core.verdict import Alarm, AlarmKind, DriftGroup
from monitor.core.windows import trailing
from monitor.metrics.snapshot import Histogram, Snapshot
from monitor.store.sql import SqlStore
from monitor.store.tally import LATENCY_BUCKET, LATENCY_SUM

WINDOW_DAYS = 28
Series = dict[tuple[str, ...], float]
Values = dict[str, Series]
_COUNTERS = (
    "studies_received",
    "studies_excluded",
    "studies_failed",
    "instances_conflicting",
    "predictions",
    "reads_received",
    "pairs",
)


def snapshot_source(store: SqlStore, spool: Spool, clock: Clock) -> Callable[[], Snapshot]:
    """A function that reads everything exported, now."""

    def read() -> Snapshot:
        totals = store.totals()
        return Snapshot(
            version=__version__,
            values={
                "overread_build_info": {(__version__,): 1.0},
                **_counters(totals),
                **_agreement(store, clock.now()),
                **_drift(store),
                **_flow(store, spool, clock.now()),
            },
            histograms={"overread_inference_seconds": _latencies(totals)},
            known=_known(store, totals),
        )

    return read


def _counters(totals: Mapping[str, Mapping[tuple[str, ...], float]]) -> Values:
    found = {f"overread_{name}_total": dict(totals.get(name, {})) for name in _COUNTERS}
    for unlabelled in ("overread_studies_received_total", "overread_instances_conflicting_total"):
        found[unlabelled].setdefault((), 0.0)
    return found


def _latencies(totals: Mapping[str, Mapping[tuple[str, ...], float]]) -> Histogram:
    buckets = totals.get(LATENCY_BUCKET, {})
    bounds = (*(str(bound) for bound in LATENCY_BOUNDS_SECONDS), "+Inf")
    return Histogram(
        counts=tuple(int(buckets.get((bound,), 0)) for bound in bounds),
        total=totals.get(LATENCY_SUM, {}).get((), 0.0),
    )


def _agreement(store: SqlStore, now: datetime) -> Values:
    """Agreement over the trailing window, beside what was promised and whether an alarm is open."""
    cards = {(card.model, card.version): card for card in store.models()}
    alarms = {_about(alarm) for alarm in store.alarms(open_only=True) if alarm.kind is AlarmKind.AGREEMENT}
    ratio: Series = {}
    floor: Series = {}
    pairs: Series = {}
    alarm: Series = {}
    coverage: Series = {}
    definite: dict[str, Counts] = {}
    for row in store.counts(trailing(now.date(), WINDOW_DAYS)):
        key = (row.model, row.version, row.finding)
        definite[row.model] = definite.get(row.model, Counts()) + row.counts
        alarm[key] = float(key in alarms)
        for statistic, (value, n) in _shares(judge(row.counts)).items():
            ratio[(*key, statistic)], pairs[(*key, statistic)] = value, float(n)
        card = cards.get((row.model, row.version))
        for target in card.targets_of(row.finding) if card else ():
            floor[(*key, target.statistic)] = target.at_least
    for model, counts in definite.items():
        coverage[(model,)] = counts.n / (counts.n + counts.uncertain)
    return {
        "overread_agreement_ratio": ratio,
        "overread_agreement_ratio_threshold": floor,
        "overread_agreement_pairs": pairs,
        "overread_agreement_alarm": alarm,
        "overread_label_coverage_ratio": coverage,
    }


def _shares(judgement: Judgement) -> dict[str, tuple[float, int]]:
    shares = judgement.proportions
    named = {"ppa": shares.ppa, "npa": shares.npa, "agreement": shares.agreement}
    return {name: (share.value, share.n) for name, share in named.items() if share is not None}


def _about(alarm: Alarm) -> tuple[str, str, str]:
    return alarm.model, alarm.version, alarm.subject


def _drift(store: SqlStore) -> Values:
    day = store.last_evaluated()
    latest = () if day is None else store.drifts(trailing(day, 1))
    alarms = {_about(alarm) for alarm in store.alarms(open_only=True) if alarm.kind is AlarmKind.DRIFT}
    versions = store.model_versions()
    return {
        "overread_drift_effect": {
            (drift.model, drift.version, drift.group): drift.effect for drift in latest if drift.p_adjusted is not None
        },
        "overread_drift_alarm": {
            (model, version, group): float((model, version, group) in alarms)
            for model, version in versions
            for group in DriftGroup
        },
    }


def _flow(store: SqlStore, spool: Spool, now: datetime) -> Values:
    """How far behind each stage is, when it last succeeded, and whether reads find their studies."""
    status = store.status(now=now)
    arrivals = spool.arrivals(1)
    intake = max(0.0, (now - arrivals[0].received_at).total_seconds()) if arrivals else 0.0
    return {
        "overread_dead_letters": {(): float(status.studies.dead_letters)},
        "overread_studies_partial": {(): float(status.studies.partial)},
        "overread_reads_unmatched": {(): float(status.reads.unmatched)},
        "overread_match_yield_ratio": {(source,): share for source, share in store.match_yields().items()},
        "overread_pending_oldest_age_seconds": {
            ("intake",): intake,
            ("scoring",): status.oldest_pending_seconds or 0.0,
        },
        "overread_last_success_timestamp_seconds": {
            (stage,): at.timestamp() for stage, at in store.heartbeats().items()
        },
    }


def _known(store: SqlStore, totals: Mapping[str, Mapping[tuple[str, ...], float]]) -> dict[str, frozenset[str]]:
    cards = store.models()
    return {
        "model": frozenset(card.model for card in cards),
        "version": frozenset({*(card.version for card in cards), __version__}),
        "finding": frozenset(finding for card in cards for finding in card.findings),
        "source": frozenset(labels[0] for labels in totals.get("reads_received", {})),
    }
