import shutil
import subprocess
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[2] / "alerts" / "alertmanager.yaml"

pytestmark = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not here: apt-get install prometheus-alertmanager"
)


def amtool(*arguments: str) -> str:
    """Run amtool on the configuration; what it printed."""
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=True).stdout


def test_configuration_is_valid() -> None:
    """Alertmanager accepts the configuration."""
    said = amtool("check-config", str(CONFIGURATION))
    assert "SUCCESS" in said
    assert "2 inhibit rules" in said


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_severity_decides_who_is_told(severity: str) -> None:
    """An alert goes to the receiver that is named as its severity."""
    routed = amtool("config", "routes", "test", f"--config.file={CONFIGURATION}", f"severity={severity}", "area=drift")
    assert routed.strip() == severity


def test_watchdog_has_its_own_receiver() -> None:
    """The alert that always fires wakes nobody."""
    routed = amtool("config", "routes", "test", f"--config.file={CONFIGURATION}", "severity=none", "area=sidecar")
    assert routed.strip() == "watchdog"
