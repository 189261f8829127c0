import sys
import tomllib
from pathlib import Path

from dashboard.launch import APP, command
from monitor.settings import DashboardSettings, Settings


def test_the_command_listens_where_the_settings_say() -> None:
    """Address and port are the settings', no statistics go out, and loopback answers to its own names only."""
    given = command(Settings(dashboard=DashboardSettings(port=8555)))
    assert given[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert given[4] == str(APP)
    assert APP.is_file()
    assert {"--server.address=127.0.0.1", "--server.port=8555", "--browser.gatherUsageStats=false"} <= set(given)
    assert "--server.allowedHosts=localhost" in given
    wide = command(Settings(dashboard=DashboardSettings(host="0.0.0.0")))  # noqa: S104  said, not bound
    assert not any(flag.startswith("--server.allowedHosts") for flag in wide)


def test_the_theme_lies_where_streamlit_looks_for_it() -> None:
    """The settings file beside the app gives light and dark the same keys."""
    theme = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())["theme"]
    assert set(theme["dark"]) | {"blueColor"} == set(theme["light"]) | {"blueColor"}
