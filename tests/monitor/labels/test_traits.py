"""The labeler's own drift, told apart from the AI's by the tests of drift."""

from collections.abc import Callable

import numpy as np
import pytest

from monitor.core.verdict import DriftVerdict
from monitor.drift.compare import compare
from monitor.drift.sample import Sample
from monitor.labels import labeler_for
from monitor.labels.traits import trait_groups, traits

LABELER = labeler_for("chest-radiograph")
SAYINGS = ["No pleural effusion.", "Small left pleural effusion.", "No pneumothorax.", "Cardiomegaly.", "Lungs clear."]


def _window(n: int, seed: int, worded: Callable[[str], str]) -> Sample:
    rng = np.random.default_rng(seed)
    reports = [worded(" ".join(rng.choice(SAYINGS, 2, replace=False))) for _ in range(n)]
    return Sample(categorical=traits([LABELER.label(report) for report in reports], LABELER.findings))


def _house(text: str) -> str:
    return f"INDICATION: Cough.\nFINDINGS: {text}"


@pytest.mark.parametrize(
    ("worded", "drifted"),
    [
        (_house, set()),
        (lambda text: f"COMPARISON: None.\nFINDINGS: {text}", {"template"}),
        (lambda text: f"INDICATION: Cough.\nFINDINGS: {text.replace('pleural effusion', 'meniscus')}", {"values"}),
        (lambda _: "INDICATION: Husten.\nFINDINGS: Kein Erguss, keine Stauung, das Herz ist normal.", {"coverage"}),
    ],
)
def test_each_kind_of_labeler_drift_is_told_apart(worded: Callable[[str], str], drifted: set[str]) -> None:
    """A new template, a new wording and a new language show in their own group; the same house shows in none."""
    found = compare(_window(600, 1, _house), _window(300, 2, worded), alpha=0.01, groups=trait_groups(LABELER.findings))
    judged = {group.group for group in found.groups if group.verdict is DriftVerdict.DRIFT}
    assert judged >= drifted
    assert drifted or not judged
    assert "values" not in judged or "template" not in drifted


def test_no_word_of_a_report_is_a_trait() -> None:
    """Whatever a report says, its traits hold labels and known headings only."""
    columns = traits([LABELER.label("FINDINGS: SECRET nodule.\nSECRET: The heart is SECRET.")], LABELER.findings)
    assert columns["template"] == ["findings"]
    assert columns["coverage"] == ["labelled"]
    assert "secret" not in repr(columns).lower()
