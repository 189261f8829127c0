"""Scored studies become samples that compare, whatever some of them lack."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from monitor.core.ports import FeatureRow
from monitor.core.verdict import DriftVerdict
from monitor.drift.compare import compare
from monitor.drift.rows import columns_of, sample_of


def rows(n: int, seed: int, *, kvp: float = 0.6, thickness: bool = False) -> Sequence[FeatureRow]:
    """Studies of which a share states its tube voltage; slice thickness is stated by all or none."""
    rng = np.random.default_rng(seed)
    return [
        FeatureRow(
            study=f"s{index}",
            day=date(2026, 3, 1),
            patient=None,
            acquisition={},
            statistics={"mean": float(rng.normal())}
            | ({"kvp": float(rng.choice([90, 120]))} if rng.random() < kvp else {})
            | ({"slice_thickness_mm": 1.0} if thickness else {}),
            histogram=(),
            scores={"nodule": float(rng.random())},
            embedding=(),
            chosen="",
        )
        for index in range(n)
    ]


def test_a_column_that_some_studies_lack_is_compared() -> None:
    """What a part of the studies states, or one window only, is no drift by itself; a change of the part is."""
    reference = rows(300, 1)
    groups = columns_of(reference)
    assert groups["inputs"] == ("kvp", "mean")
    verdicts = [
        compare(sample_of(reference, groups), sample_of(current, groups), alpha=0.001, groups=groups).verdict
        for current in (rows(120, 2), rows(120, 3, thickness=True), rows(120, 4, kvp=0.0), rows(120, 5, kvp=1.0))
    ]
    assert verdicts == [DriftVerdict.NO_DRIFT, DriftVerdict.NO_DRIFT, DriftVerdict.DRIFT, DriftVerdict.DRIFT]
