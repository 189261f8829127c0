import logging
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.identity import Pseudonyms
from monitor.ingest.spool import DiskSpool
from monitor.labels import labeler_for
from monitor.reads.intake import Desk, ReadIntake, Received
from monitor.results.answer import Door
from monitor.results.jsonl import parse
from monitor.service.clocks import SystemClock
from monitor.service.snapshot import snapshot_source
from monitor.store.database import Database
from monitor.store.sql import SqlStore

CANARIES = ("CANARYNAME", "CANARYNUM", "CANARYTEXT", "CANARYACC", "CANARYDOC", "1.2.840.99.777")
MESSAGE = (
    "MSH|^~\\&|RIS|HOSP|OV|HOSP|20260103000000||{kind}|{control}|P|2.5\r"
    "PID|1||CANARYNUM^^^HOSP||CANARYNAME^X\rMRG|CANARYNUMOLD\r"
    "OBR|1|P1|CANARYACC^RIS|CXR||||||||||||||CANARYACC||||20260102030405||DX|{status}|||||||CANARYDOC&X&Y\r"
    "OBX|1|TX|x||There is an effusion. CANARYTEXT||||||{status}\rZDS|1.2.840.99.777\r"
)
RESULT = '{"study_uid": "1.2.840.99.777", "patient_id": "CANARYNUM", "model": "m", "version": "1", "status": "failed"}'


def test_nobody_is_named_anywhere(tmp_path: Path, sqlite_template: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No name, number or text of a patient is in the database, the metrics, the answers or the logs."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "store.sqlite"
    shutil.copy(sqlite_template, path)
    store = SqlStore(Database(f"sqlite:///{path}"))
    names = Pseudonyms(key=b"k" * 32)
    desk = Desk(pseudonyms=names, labeler_for=lambda _: labeler_for("chest-radiograph"), clock=SystemClock())
    intake = ReadIntake(store=store, desk=desk)
    sent = [("ORU^R01", "C1", "F"), ("ORU^R01", "C2", "?"), ("ADT^A40", "C3", ""), ("ADT^A01", "C4", "")]
    raws = [MESSAGE.format(kind=kind, control=control, status=status).encode() for kind, control, status in sent]
    answers = intake.receive([Received(raw=raw) for raw in raws])
    door = Door(pseudonyms=names, source="file", zone=UTC, received_at=datetime(2026, 2, 1, tzinfo=UTC))
    store.add_results(list(parse([RESULT], name="r.jsonl", door=door)))
    assert store.status(now=datetime.now(UTC)).reads.received == 3
    metrics = repr(snapshot_source(store, DiskSpool(tmp_path / "spool"), SystemClock())())
    store.close()
    with sqlite3.connect(path) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    seen = [dump, metrics, caplog.text, repr(answers), repr(store)]
    assert "effusion" in dump
    assert [canary for canary in CANARIES for text in seen if canary in text] == []
