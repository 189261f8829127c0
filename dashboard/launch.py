"""How the dashboard is started."""

import sys
from pathlib import Path

from monitor.settings import LOOPBACK, Settings

APP = Path(__file__).with_name("app.py")


def command(settings: Settings) -> list[str]:
    """The command line that serves the dashboard in the foreground; the environment carries the other settings.

    What is fixed here rather than in `.streamlit/config.toml` must hold whatever a file in the working folder says.
    """
    host, port = settings.dashboard.host, settings.dashboard.port
    hosts = sorted(LOOPBACK) if host in LOOPBACK else []
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        f"--server.address={host}",
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--server.enableStaticServing=false",
        *(f"--server.allowedHosts={name}" for name in hosts),
        "--browser.gatherUsageStats=false",
        f"--browser.serverAddress={host}",
    ]
