"""A real `overread serve`, on ports of its own, started and stopped as a hospital would."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from monitor.store.database import Database
from monitor.store.sql import SqlStore

READY_SECONDS = 60.0
PORTS = ("DICOM", "MLLP", "API", "METRICS")


def free_port() -> int:
    """A port nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sidecar:
    """One sidecar and its data folder, which outlives a kill."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in PORTS}
        self.log = folder / "serve.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OVERREAD_")},
            "OVERREAD_DATA_DIR": str(folder / "data"),
            "OVERREAD_STUDY__QUIET_SECONDS": "0.3",
            **{f"OVERREAD_{name}__PORT": str(port) for name, port in self.ports.items()},
            **{f"OVERREAD_{name}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> "Sidecar":
        """Start it, with these options of `overread serve`, and wait for the line `ready`."""
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "monitor.cli", "serve", *options]
            self.process = subprocess.Popen(command, env=self.environment, stderr=log, stdout=log)
        deadline = time.monotonic() + READY_SECONDS
        while b"\nready\n" not in b"\n" + self.log.read_bytes()[before:]:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One `overread` command under the same settings."""
        command = [sys.executable, "-m", "monitor.cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=60)

    def status(self) -> dict[str, Any]:
        """`overread status --json`."""
        answer = self.run("status", "--json")
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def until(self, holds: Callable[[dict[str, Any]], bool], *, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until the status is as wanted."""
        deadline = time.monotonic() + seconds
        while not holds(found := self.status()):
            assert time.monotonic() < deadline, (found, self.log.read_text()[-4000:])
            time.sleep(0.2)
        return found

    def store(self) -> SqlStore:
        """The store, to look into."""
        return SqlStore(Database(f"sqlite:///{self.folder / 'data' / 'overread.sqlite'}"))

    def storescu(self, *paths: Path, called: str = "OVERREAD") -> "subprocess.CompletedProcess[str]":
        """Send files with dcmtk's storescu, in whatever transfer syntax they are in."""
        command = ["storescu", "-v", "-R", "+C", "-aec", called, "127.0.0.1", str(self.ports["DICOM"])]
        return subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False, timeout=120)

    def mllp(self, message: bytes) -> bytes:
        """Send one HL7 message over a raw socket; the answer without its frame."""
        with socket.create_connection(("127.0.0.1", self.ports["MLLP"]), timeout=30) as connection:
            connection.sendall(b"\x0b" + message + b"\x1c\x0d")
            answer = b""
            while not answer.endswith(b"\x1c\x0d"):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                answer += chunk
        return answer.strip(b"\x0b\x1c\x0d")


def balanced(status: Mapping[str, Any]) -> bool:
    """Whether received = scored + excluded + failed + pending."""
    studies = status["studies"]
    settled = studies["scored"] + sum(studies["excluded"].values()) + sum(studies["failed"].values())
    return bool(studies["received"] == settled + studies["pending"])
