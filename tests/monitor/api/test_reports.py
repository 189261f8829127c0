import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from monitor.api.reports import report_routes
from monitor.reads.source import Source
from monitor.service import fhirdoor, reporting
from monitor.service.clocks import SystemClock
from monitor.settings import load
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.monitor.reads.test_fhir import report
from tests.monitor.results.test_documents import OBSERVATION


class Client:
    """Posts to an application as it stands, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def post(self, path: str, *, content: bytes | str | None = None, json: object = None) -> httpx.Response:
        """The answer to one request."""

        async def posted() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
                return await client.post(path, content=content, json=json)

        return asyncio.run(posted())


@pytest.fixture
def store(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlStore]:
    """An empty store."""
    shutil.copy(sqlite_template, tmp_path / "store.sqlite")
    opened = SqlStore(Database(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    yield opened
    opened.close()


@pytest.fixture
def client(tmp_path: Path, store: SqlStore) -> Client:
    """The doors over that store."""
    settings = load(data_dir=tmp_path)
    desk = reporting.desk(settings, SystemClock())
    app = FastAPI()
    taken = fhirdoor.reports_taken(store, desk, Source(name="fhir"))
    app.include_router(report_routes(taken, fhirdoor.results_taken(store, settings, SystemClock())))
    return Client(app)


def test_a_report_is_taken_once(client: Client, store: SqlStore) -> None:
    """A DiagnosticReport is stored and answered 201, the second time 200; another version is another read."""
    for version, code in (("1", 201), ("1", 200), ("2", 201)):
        answer = client.post("/fhir/DiagnosticReport", json=report(meta={"versionId": version}))
        assert (answer.status_code, answer.json()["resourceType"]) == (code, "OperationOutcome")
    assert [read.source for read, _ in store.recent_reads(9)] == ["fhir", "fhir"]


def test_a_wrong_report_is_said_to_be(client: Client, store: SqlStore) -> None:
    """What is not taken is an OperationOutcome that names the place, and is counted."""
    answer = client.post("/fhir/DiagnosticReport", json=report(status="bogus"))
    (issue,) = answer.json()["issue"]
    assert (answer.status_code, issue["expression"]) == (422, ["DiagnosticReport.status"])
    assert "bogus" not in answer.text
    assert client.post("/fhir", content=b"{").status_code == 400
    assert client.post("/fhir", content=b"x" * (9 << 20)).status_code == 413
    assert store.quarantined() == {("fhir", "invalid_field"): 2}


def test_a_result_is_taken(client: Client, store: SqlStore) -> None:
    """An Observation of the production AI is stored; one that is none is refused by its path."""
    assert client.post("/fhir/Observation", content=json.dumps(OBSERVATION)).status_code == 201
    assert client.post("/fhir/Observation", json={"resourceType": "Patient"}).status_code == 422
    assert store.results_by_status()["ok"] == 1
