"""A throwaway Orthanc for tests: Debian's own server and DICOMweb plugin, on loopback, with a folder of its own."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.acceptance.sidecar import free_port

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 30.0


def why_absent() -> str | None:
    """Why no server can be started here, or None."""
    if shutil.which("Orthanc") is None or not PLUGIN.exists():
        return "no Orthanc with DICOMweb here: apt-get install orthanc orthanc-dicomweb"
    return None


class Orthanc:
    """A running server; `http` speaks to its REST interface, `settings` add to its configuration."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.http_port, self.dicom_port = free_port(), free_port()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.http_port}", timeout=30, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        configuration = {
            "Name": "PACS",
            "DicomAet": "PACS",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "ConcurrentJobs": 2,
            **settings,
        }
        (folder / "orthanc.json").write_text(json.dumps(configuration))

    @property
    def dicomweb(self) -> str:
        """The root of its DICOMweb service."""
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        with (self.folder / "orthanc.log").open("ab") as log:
            self._process = subprocess.Popen(["Orthanc", str(self.folder / "orthanc.json")], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.http.get("/system").raise_for_status()
            except httpx.HTTPError:
                assert self._process.poll() is None, (self.folder / "orthanc.log").read_text()
                assert time.monotonic() < deadline, (self.folder / "orthanc.log").read_text()
                time.sleep(0.05)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.http.close()

    def add(self, content: bytes) -> dict[str, Any]:
        """Store one DICOM file; Orthanc's answer."""
        answer = self.http.post("/instances", content=content)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def jobs(self) -> list[dict[str, Any]]:
        """Its jobs."""
        found: list[dict[str, Any]] = self.http.get("/jobs", params={"expand": ""}).json()
        return found
