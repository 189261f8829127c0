"""The charts: axes begin where the data is, bands are intervals, colours come from the theme in a fixed order.

A chart names its series (`SERIES`) and the theme colours them, so that light and dark need no second drawing. Every
layer carries the same explicit scales; without them a layered chart falls back to one that begins at zero.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor
from typing import Any

import altair as alt

from dashboard.records import Segment
from dashboard.trend import Point
from dashboard.words import between, count, day, percent
from monitor.agreement.proportion import Proportion

SERIES = ("agreement", "annotation", "target", "alert")
STATISTIC_NAMES = {"ppa": "Positive agreement", "npa": "Negative agreement"}
_GROUP_NAMES = {
    "finding": "By finding",
    "site": "By site",
    "manufacturer": "By manufacturer",
    "visibility": "By reader's view",
}
_SEPARATOR = "\x1f"
_LABEL_LIMIT = 150
_NAME_SHARE = 0.2
"""The share of a plot's width that the name of a marked day may take."""
_NAME_STEP = 14

Chart = alt.Chart | alt.LayerChart
Rows = list[dict[str, Any]]


def sparkline(points: Sequence[Point], *, reference: float | None, marks: Sequence[date]) -> Any:
    """A small trend: the band, the line, the reference dashed, a rule where an alarm was raised."""
    ticks = _ticks(_values_of(points, (reference,)))
    low, high = ticks[0], ticks[-1]
    axis = alt.Axis(values=[low, high], format="%", title=None, domain=False, ticks=False, labelPadding=6)
    x = alt.X("day:T", axis=None, scale=_x_scale(points))
    scale = _scale(low, high)
    layers = [*_annotated(marks, x), *_target(reference, axis, scale), *_band_and_line(points, x, axis, scale)]
    return _finished(layers, height=64)


def trend(points: Sequence[Point], statistic: str, *, lines: Mapping[str, float], marks: Mapping[date, str]) -> Any:
    """A trend with named axes; `lines` are dashed and named at their right end, `marks` name days."""
    ticks = _ticks(_values_of(points, tuple(lines.values())))
    scale, title = _scale(ticks[0], ticks[-1]), STATISTIC_NAMES[statistic]
    axis = alt.Axis(values=ticks, format="%", title=title, domain=False, ticks=False, labelPadding=6, titlePadding=10)
    dates = alt.Axis(format="%-d %b", tickCount=5, title=None, grid=False, ticks=False, domain=False, labelPadding=8)
    x = alt.X("day:T", axis=dates, scale=_x_scale(points))
    layers = [
        *_annotated(list(marks), x),
        *(layer for value in lines.values() for layer in _target(value, axis, scale)),
        *_band_and_line(points, x, axis, scale),
        *_line_names(lines, scale),
        *_mark_names(marks, points, x, ticks[0], scale),
    ]
    return _finished(layers, height=192)


def forest(
    segments: Sequence[Segment], statistic: str, *, target: float | None, suspects: Collection[tuple[str, str]] = ()
) -> Any:
    """Subgroups with their intervals, group by group, n on the right; those an alarm points to are marked."""
    rows = _forest_rows(segments, statistic, suspects)
    lows = [row["low"] for row in rows if row["low"] is not None]
    ticks = _ticks([*lows, 1.0 if target is None else target, 1.0])
    scale, order = _scale(ticks[0], ticks[-1]), [row["key"] for row in rows]
    axis = alt.Axis(values=ticks, format="%", title=None, ticks=False, domain=False, labelPadding=6)
    base = alt.Chart(_values(rows)).transform_filter("datum.low !== null")
    tooltip = [alt.Tooltip("what:N", title="Agreement"), alt.Tooltip("interval:N", title="95 % interval")]
    thickness = alt.StrokeWidth("thickness:Q", scale=None)
    bars = base.mark_rule().encode(
        x=alt.X("low:Q", scale=scale, axis=axis),
        x2="high:Q",
        y=_names(order, part=1),
        strokeWidth=thickness,
        color=_color(),
        tooltip=tooltip,
    )
    dots = base.mark_circle(size=62, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis), y=_names(order, part=2), color=_color(), tooltip=tooltip
    )
    lines = [] if target is None else [_vertical(target, scale, axis)]
    return _finished([*lines, bars, dots], height=23 * len(order), independent_y=True)


def _names(order: Sequence[str], *, part: int) -> alt.Y:
    """The same rows labelled on the left by name (part 1) and on the right by n (part 2); a heading has no n."""
    axis = alt.Axis(
        labelExpr=f"split(datum.label, '{_SEPARATOR}')[{part}]",
        labelFontWeight=alt.expr(f"split(datum.label, '{_SEPARATOR}')[2] == '' ? 'bold' : 'normal'"),
        orient="left" if part == 1 else "right",
        labelLimit=_LABEL_LIMIT,
        labelOverlap=False,
        labelFlush=False,
        labelBound=False,
        labelPadding=8,
        title=None,
        ticks=False,
        domain=False,
    )
    return alt.Y("key:N", sort=list(order), scale=alt.Scale(domain=list(order)), axis=axis)


def _forest_rows(segments: Sequence[Segment], statistic: str, suspects: Collection[tuple[str, str]]) -> Rows:
    rows: Rows = []
    for group in dict.fromkeys(segment.group for segment in segments):
        rows.append({"key": _SEPARATOR.join((group, _GROUP_NAMES[group], "")), "low": None})
        rows += [
            _forest_row(segment, getattr(segment.shares, statistic), (group, segment.name) in suspects)
            for segment in segments
            if segment.group == group
        ]
    return rows


def _forest_row(segment: Segment, share: Proportion | None, suspect: bool) -> dict[str, Any]:  # noqa: FBT001  one call
    own = segment.group in {"finding", "visibility"}
    name = segment.name.replace("_", " ").capitalize() if own else segment.name
    name = "".join(letter for letter in name[:80] if letter.isprintable())
    size = f"n {0 if share is None else count(share.n)}"
    key = _SEPARATOR.join((f"{segment.group} {segment.name[:80]}", f"▲ {name}" if suspect else name, size))
    if share is None:
        return {"key": key, "low": None}
    return {
        "key": key,
        "low": share.low,
        "high": share.high,
        "value": share.value,
        "series": "alert" if suspect else "agreement",
        "thickness": 4 if segment.chosen else 2,
        "what": percent(share.value),
        "interval": between(share),
    }


def _band_and_line(points: Sequence[Point], x: alt.X, axis: alt.Axis, scale: alt.Scale) -> list[Chart]:
    rows = [
        {
            "day": _at(point.day),
            "value": point.share.value,
            "low": point.share.low,
            "high": point.share.high,
            "series": "agreement",
            "when": f"7 days to {day(point.day)}",
            "what": percent(point.share.value),
            "interval": between(point.share),
            "n": count(point.share.n),
        }
        for point in points
    ]
    named = {"when": "Days", "what": "Agreement", "interval": "95 % interval", "n": "n"}
    tooltip = [alt.Tooltip(f"{field}:N", title=title) for field, title in named.items()]
    base = alt.Chart(_values(rows)).encode(x=x, color=_color(), tooltip=tooltip)
    return [
        base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=alt.Y("value:Q", scale=scale, axis=axis)),
    ]


def _annotated(marks: Sequence[date], x: alt.X) -> list[Chart]:
    rows = [{"day": _at(mark), "series": "annotation", "when": day(mark)} for mark in marks]
    tooltip = [alt.Tooltip("when:N", title="Alarm raised")]
    rule = alt.Chart(_values(rows)).mark_rule(strokeWidth=1.5)
    return [rule.encode(x=x, color=_color(), tooltip=tooltip)] if rows else []


def _target(value: float | None, axis: alt.Axis, scale: alt.Scale) -> list[Chart]:
    if value is None:
        return []
    rule = alt.Chart(_values([{"at": value, "series": "target"}])).mark_rule(strokeDash=[4, 3], strokeWidth=1)
    return [rule.encode(y=alt.Y("at:Q", scale=scale, axis=axis), color=_color())]


def _vertical(value: float, scale: alt.Scale, axis: alt.Axis) -> Any:
    rule = alt.Chart(_values([{"at": value, "series": "target"}])).mark_rule(strokeDash=[4, 3], strokeWidth=1)
    return rule.encode(x=alt.X("at:Q", scale=scale, axis=axis), color=_color())


def _line_names(lines: Mapping[str, float], scale: alt.Scale) -> list[Chart]:
    rows = [{"at": at, "name": name, "series": "target"} for name, at in lines.items()]
    # Inside the plot: beside it, charts that stand under one another would differ in width by their names.
    text = alt.Chart(_values(rows)).mark_text(align="right", baseline="bottom", dx=-4, dy=-2, fontSize=11)
    named = text.encode(x=alt.value("width"), y=alt.Y("at:Q", scale=scale), text="name:N", color=_color())
    return [named] if rows else []


def _mark_names(
    marks: Mapping[date, str], points: Sequence[Point], x: alt.X, low: float, scale: alt.Scale
) -> list[Chart]:
    """The name of each marked day, left of its rule at the foot of the plot; close neighbours stand in steps."""
    apart = (points[-1].day - points[0].day) * _NAME_SHARE
    layers: list[Chart] = []
    previous, step = date.min, 0
    for mark, name in sorted(marks.items()):
        step = step + 1 if previous != date.min and mark - previous < apart else 0
        previous = mark
        row = {"day": _at(mark), "at": low, "name": name, "series": "annotation"}
        text = alt.Chart(_values([row])).mark_text(
            align="right", baseline="bottom", dx=-5, dy=-3 - step * _NAME_STEP, fontSize=11
        )
        layers.append(text.encode(x=x, y=alt.Y("at:Q", scale=scale), text="name:N", color=_color()))
    return layers


def _values_of(points: Sequence[Point], others: Sequence[float | None]) -> list[float]:
    bounds = [bound for point in points for bound in (point.share.low, point.share.high)]
    return bounds + [value for value in others if value is not None]


def _ticks(values: Sequence[float]) -> list[float]:
    """At most five ticks on round percents that hold all values between the first and the last."""
    lowest, highest = min(values, default=0.0) * 100 + 1e-9, max(values, default=1.0) * 100 - 1e-9
    for step in (1, 2, 5, 10, 20, 25):
        first = min(floor(lowest / step), 100 // step - 1)  # where all is at 100 %, the axis still ends there
        last = max(ceil(highest / step), first + 1)
        if last - first <= 4:
            return [part * step / 100 for part in range(first, last + 1)]
    return [0.0, 0.25, 0.5, 0.75, 1.0]


def _scale(low: float, high: float) -> alt.Scale:
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def _x_scale(points: Sequence[Point]) -> alt.Scale:
    last = max(points[-1].day, points[0].day + timedelta(days=1))
    return alt.Scale(domain=[_at(points[0].day), _at(last)], nice=False)


def _color() -> alt.Color:
    return alt.Color("series:N", scale=alt.Scale(domain=list(SERIES)), legend=None)


def _values(rows: Rows) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]  # Altair leaves its constructors untyped


def _at(value: date) -> str:
    """A day without a zone: read as local midnight, it is the same day for every reader."""
    return f"{value:%Y-%m-%d}T00:00:00"


def _finished(layers: Sequence[Chart], *, height: int, independent_y: bool = False) -> Any:
    chart = alt.layer(*layers)
    if independent_y:
        chart = chart.resolve_scale(y="independent")
    padding = {"left": 0, "right": 8, "top": 8, "bottom": 4}
    return chart.properties(height=height, padding=padding).configure_view(strokeWidth=0)
