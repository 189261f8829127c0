"""From a snapshot to Prometheus families: strictly from the catalogue, with bounded label values and series."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family

from monitor.core.errors import OverreadError
from monitor.metrics.catalogue import BUILD_INFO, CATALOGUE, METRICS, OTHER, Fold, Kind, Metric
from monitor.metrics.snapshot import Histogram, Snapshot

SERIES_CAP = 2000
"""Most series one family may have: 20 model versions of 20 findings in five cells."""

_FOLDS: Mapping[Fold, Callable[[Iterable[float]], float]] = {Fold.SUM: sum, Fold.MAX: max, Fold.MIN: min}
_Labels = tuple[str, ...]
_Series = Mapping[_Labels, float]


class CatalogueError(OverreadError):
    """A snapshot does not fit the catalogue of metrics."""


def families(snapshot: Snapshot, *, cap: int = SERIES_CAP) -> Iterator[Family]:
    """The snapshot as Prometheus families, in the order of the catalogue.

    A counter shows every value of its listed labels from the start, at 0: a rule must see the first of a kind.

    Raises:
        CatalogueError: the snapshot names a metric the catalogue does not have, or has the wrong number of labels
            or buckets.
    """
    for name in (*snapshot.values, *snapshot.histograms):
        if name not in CATALOGUE:
            message = f"snapshot: no metric {name!r} in the catalogue"
            raise CatalogueError(message)
    running: Mapping[str, _Series] = {BUILD_INFO: {(snapshot.version,): 1.0}}
    for metric in METRICS:
        if metric.kind is Kind.HISTOGRAM:
            if metric.name in snapshot.histograms:
                yield _histogram(metric, snapshot.histograms[metric.name])
        elif metric.name in running:
            yield family(metric, running[metric.name])
        elif metric.name in snapshot.values:
            yield family(metric, _capped(metric, _admitted(metric, snapshot), cap))


def family(metric: Metric, series: _Series) -> Family:
    """One counter or gauge family with these series, by label values."""
    build = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    built = build(metric.name, metric.help, labels=tuple(metric.labels))
    for labels, value in sorted(series.items()):
        built.add_metric(labels, value)
    return built


def _histogram(metric: Metric, observed: Histogram) -> Family:
    bounds = [*map(str, metric.bounds), "+Inf"]
    if len(observed.counts) != len(bounds):
        message = f"{metric.name}: {len(observed.counts)} buckets given; the catalogue has {len(bounds)}"
        raise CatalogueError(message)
    buckets = list(zip(bounds, accumulate(observed.counts), strict=True))
    return HistogramMetricFamily(metric.name, metric.help, buckets=buckets, sum_value=observed.total)


def _admitted(metric: Metric, snapshot: Snapshot) -> _Series:
    """The series with label values off their allow-list renamed `other`, and a counter's missing ones at 0."""
    allowed = [listed or snapshot.known.get(label, frozenset()) for label, listed in metric.labels.items()]
    series = _folded(
        metric, ((_renamed(metric, labels, allowed), value) for labels, value in snapshot.values[metric.name].items())
    )
    zeros = _zeros(metric, series) if metric.kind is Kind.COUNTER else {}
    return {**zeros, **series}


def _renamed(metric: Metric, labels: _Labels, allowed: list[frozenset[str]]) -> _Labels:
    if len(labels) != len(allowed):
        message = f"{metric.name}: {len(labels)} label values given; the catalogue has {len(allowed)}"
        raise CatalogueError(message)
    return tuple(value if value in listed else OTHER for value, listed in zip(labels, allowed, strict=True))


def _zeros(metric: Metric, series: _Series) -> _Series:
    """Zero for every value of the listed labels, beside each combination seen of the labels only the store knows."""
    listed = list(metric.labels.values())
    unseen = [] if None in listed else [("",) * len(listed)]
    return {
        labels: 0.0
        for seen in [*series, *unseen]
        for labels in product(
            *([value] if allowed is None else allowed for value, allowed in zip(seen, listed, strict=True))
        )
    }


def _capped(metric: Metric, series: _Series, cap: int) -> _Series:
    if len(series) <= cap:
        return series
    rest = (OTHER,) * len(metric.labels)
    kept = set(sorted(series)[: cap - 1])
    return _folded(metric, ((labels if labels in kept else rest, value) for labels, value in series.items()))


def _folded(metric: Metric, pairs: Iterable[tuple[_Labels, float]]) -> _Series:
    gathered: defaultdict[_Labels, list[float]] = defaultdict(list)
    for labels, value in pairs:
        gathered[labels].append(value)
    return {labels: float(_FOLDS[metric.fold](values)) for labels, values in gathered.items()}
