import json
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboard import charts
from dashboard.records import Segment
from dashboard.trend import Point
from monitor.agreement.fourfold import fourfold
from monitor.agreement.proportion import Proportion, wilson
from monitor.core.counts import Counts

from . import seed


def points(shares: list[tuple[int, int]]) -> list[Point]:
    """A trend of these (agreeing, disagreeing) counts."""
    known: list[Proportion] = [share for good, bad in shares if (share := wilson(good, good + bad + 1)) is not None]
    return [Point(day=date(2026, 1, 1) + timedelta(days=i), share=share) for i, share in enumerate(known)]


@example([1.0])
@example([0.0])
@given(st.lists(st.floats(0, 1), min_size=1))
def test_an_axis_holds_the_data_on_few_round_ticks(values: list[float]) -> None:
    """At most five ticks, all within 0 and 1, from at or below the least value to at or above the greatest."""
    ticks = charts._ticks(values)
    assert 2 <= len(ticks) <= 5
    assert 0 <= ticks[0] <= min(values) + 1e-9
    assert max(values) - 1e-9 <= ticks[-1] <= 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=20))
def test_every_layer_of_a_trend_has_the_same_scale(shares: list[tuple[int, int]]) -> None:
    """No layer may fall back to an axis that begins at zero."""
    spec = charts.trend(points(shares), "ppa", lines={"target 90 %": 0.9}, marks={date(2026, 1, 1): "alarm"}).to_dict()
    scales = [layer["encoding"]["y"]["scale"] for layer in spec["layer"] if "y" in layer["encoding"]]
    assert len(scales) == 5
    assert all(scale == scales[0] and scale["zero"] is False for scale in scales)


def test_names_of_neighbouring_alarms_do_not_meet() -> None:
    """Alarms a few days apart are named at different heights, one far from both at the foot again."""
    days = [date(2026, 1, 2), date(2026, 1, 4), date(2026, 1, 28)]
    spec = charts.trend(points([(9, 1)] * 30), "ppa", lines={}, marks=dict.fromkeys(days, "inputs alarm")).to_dict()
    heights = [layer["mark"]["dy"] for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert heights[0] == heights[2] != heights[1]


def test_a_forest_marks_the_suspect_by_shape_and_colour() -> None:
    """The subgroup an alarm points to has the alert's colour and a triangle before its name."""
    shares = fourfold(Counts(tp=40, fn=10, fp=5, tn=100))
    segments = [Segment(group="site", name=name, shares=shares, chosen=False) for name in ("North", "South")]
    spec = charts.forest(segments, "ppa", target=None, suspects={("site", "North")}).to_dict()
    rows = spec["data"]["values"] if "data" in spec else spec["layer"][0]["data"]["values"]
    marked = {row["key"].split("\x1f")[1]: row["series"] for row in rows if row["low"] is not None}
    assert marked == {"▲ North": "alert", "South": "agreement"}


def test_a_hostile_name_is_only_text_in_a_chart() -> None:
    """No chart turns a name into an image or a link."""
    segments = [Segment(group="site", name=seed.HOSTILE_TEXT, shares=fourfold(Counts(tp=9, tn=9)), chosen=True)]
    spec = json.dumps(charts.forest(segments, "ppa", target=0.9).to_dict())
    assert '"href"' not in spec
    assert '"image"' not in spec
    assert '"url"' not in spec
