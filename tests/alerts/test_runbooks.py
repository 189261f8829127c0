import re
from pathlib import Path

import pytest
import yaml

from monitor.metrics.catalogue import CATALOGUE

ALERTS = Path(__file__).parents[2] / "alerts"
RUNBOOKS = sorted((ALERTS / "runbooks").glob("*.md"))
RULES = [
    rule
    for file in (ALERTS / "rules").glob("*.rules.yaml")
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    """Runbooks and alerts are one to one, by name."""
    assert [path.stem for path in RUNBOOKS] == sorted({rule["alert"] for rule in RULES if "alert" in rule})


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_runbook_has_its_four_parts(runbook: Path) -> None:
    """A runbook says what the alert means, what it does, how to find the cause and how to mend it; none is empty."""
    title, *parts = re.split(r"^#+ (.*)$", runbook.read_text(), flags=re.MULTILINE)[1:]
    assert title == runbook.stem
    assert parts[1::2] == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert all(part.strip() for part in parts[2::2])


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_runbook_speaks_of_series_that_exist(runbook: Path) -> None:
    """Every series a runbook asks for is exported or recorded."""
    known = {*CATALOGUE, "overread_inference_seconds_bucket", *(rule["record"] for rule in RULES if "record" in rule)}
    assert set(re.findall(r"(?<![\w/])(?:job\w*:)?overread_[\w:]*\w", runbook.read_text())) <= known


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_runbook_names_runbooks_that_exist(runbook: Path) -> None:
    """A runbook that sends the reader on names one that is there."""
    names = set(re.findall(r"\bOverread[A-Z]\w+", runbook.read_text()))
    assert names <= {path.stem for path in RUNBOOKS}
