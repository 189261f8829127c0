"""The receivers that are compared: ours as `overread serve` runs it, and the two a hospital knows, each a process."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.core.errors import UnreachableError
from monitor.settings import PREFIX

READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A receiver: its command, called title and what to call for its start."""

    name: str
    title: str
    program: str | None
    command: Callable[[Path, int], tuple[list[str], Mapping[str, str]]]

    @property
    def installed(self) -> bool:
        """Whether it can be started here."""
        return self.program is None or shutil.which(self.program) is not None


def _ours(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
    given = {"DATA_DIR": str(folder), "DICOM__PORT": str(port), "MLLP__PORT": "0", "SPOOL__REFUSE_FREE_RATIO": "0"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {PREFIX + name: value for name, value in given.items()}
    return [sys.executable, "-m", "monitor.cli", "serve", "--role", "receiver"], environment


def _orthanc(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
    configuration = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "DicomPort": port,
        "DicomAet": "ORTHANC",
        "DicomAlwaysAllowStore": True,
        "HttpServerEnabled": False,
        "Plugins": [],
        "SyncStorageArea": True,
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    return ["Orthanc", str(path)], os.environ


def _storescp(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
    # Without Nagle's delay on its side too, or its answers wait for our acknowledgement of their first half.
    return ["storescp", "--fork", "-od", str(folder), str(port)], {**os.environ, "TCP_NODELAY": "1"}


OURS = Peer(name="overread", title="OVERREAD", program=None, command=_ours)
ORTHANC = Peer(name="orthanc", title="ORTHANC", program="Orthanc", command=_orthanc)
STORESCP = Peer(name="storescp", title="STORESCP", program="storescp", command=_storescp)


@contextmanager
def running(peer: Peer, folder: Path) -> Iterator[int]:
    """A receiver that listens on loopback and keeps what it gets below `folder`; yields its port.

    Raises:
        UnreachableError: it does not come up.
    """
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command, environment = peer.command(folder, port)
    process = subprocess.Popen(  # noqa: S603  # our own command, or a known one from the path
        command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(process, port, peer.name)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _await(process: "subprocess.Popen[bytes]", port: int, name: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"{name} does not listen on port {port}"
    raise UnreachableError(message)
