"""The demo tells the truth: what was injected is found, named and not foretold, and the same seed tells it again."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sidecar import balanced

pytestmark = pytest.mark.acceptance


def demo(*options: str) -> dict[str, Any]:
    """`overread demo --headless --json` with these options."""
    command = [sys.executable, "-m", "monitor.cli", "demo", "--headless", "--json", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OVERREAD_")}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=850, env=environment)
    assert answer.returncode == 0, answer.stderr[-4000:]
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.timeout(900)
def test_the_injected_detector_is_alarmed_after_its_day_and_named() -> None:
    """In sixty days all is accounted for, no alarm stands before day 45, one soon after names the site."""
    found = demo("--days", "60", "--seed", "7")
    assert balanced(found["status"])
    assert found["status"]["studies"]["pending"] == 0
    assert found["status"]["pairs"]["counted"] > 5000
    (injected,) = (event for event in found["events"] if event["kind"] == "injected")
    alarms = [event for event in found["events"] if event["kind"] == "alarm"]
    delays = [(datetime.fromisoformat(alarm["at"]) - datetime.fromisoformat(injected["at"])).days for alarm in alarms]
    assert min(delays) >= 1
    assert min(delays) <= 7
    named = {value for suspect in alarms[0]["suspects"] for value in suspect["segment"].values()}
    assert injected["site"] in named
    assert {row["finding"] for row in found["agreement"]} == {
        "pleural_effusion",
        "cardiomegaly",
        "consolidation",
        "pneumothorax",
        "nodule",
    }
    assert all(row["kappa"]["value"] > 0.5 for row in found["agreement"])


@pytest.mark.timeout(300)
def test_a_demo_never_touches_the_sites_own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a production store set in the environment or a YAML file, the demo uses its own and makes nothing there."""
    config = tmp_path / "overread.yaml"
    config.write_text(f"store: {{url: 'sqlite:///{tmp_path}/yaml.sqlite'}}")
    monkeypatch.setenv("OVERREAD_CONFIG", str(config))
    monkeypatch.setenv("OVERREAD_STORE__URL", f"sqlite:///{tmp_path}/production.sqlite")
    command = [sys.executable, "-m", "monitor.cli", "demo", "--headless", "--days", "1", "--shift", ""]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert answer.returncode == 0, answer.stderr[-4000:]
    assert [path.name for path in tmp_path.iterdir()] == ["overread.yaml"]


@pytest.mark.timeout(600)
def test_the_same_seed_gives_the_same_verdicts() -> None:
    """Two runs of one seed agree in every figure and event; another seed does not."""
    first, second, other = (demo("--days", "4", "--seed", seed, "--start", "2026-03-02") for seed in ("3", "3", "4"))
    for name in ("status", "agreement", "events"):
        assert first[name] == second[name]
    assert first["agreement"] != other["agreement"]
