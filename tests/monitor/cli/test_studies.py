"""`overread studies`: what is listed, shown and put back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.errors import UsageError
from monitor.core.ports import Unreadable
from monitor.core.study import Failure
from monitor.ingest.spool import DiskSpool
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.conformance.cases import NOW, drain, instance


@pytest.fixture
def store(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """A store in a data folder of its own: two scored, one failed, one dead letter, one of mixed patients."""
    (tmp_path / "overread.sqlite").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("OVERREAD_DATA_DIR", str(tmp_path))
    opened = SqlStore(Database(f"sqlite:///{tmp_path / 'overread.sqlite'}"))
    opened.register([instance(n) for n in (0, 1, 2, 5)])
    opened.register([Unreadable(digest="dead", received_at=NOW, reason=Failure.PARSER_CRASHED, attempts=MOST_ATTEMPTS)])
    drain(opened)
    opened.register([instance(2, 1, patient="another"), instance(0, digest="other", sop="sop-0-0")])
    yield opened
    opened.close()


def run(*arguments: str) -> Any:
    """A command's JSON."""
    done = CliRunner().invoke(app, ["studies", *arguments, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


@pytest.mark.usefixtures("store")
def test_a_list_shows_what_was_asked_for() -> None:
    """Filters choose; a dead letter has its reason, tries and age."""
    assert {row["study"] for row in run("list")} == {"study-0", "study-1", "study-2", "study-5", "dead"}
    (dead,) = run("list", "--dead")
    assert (dead["study"], dead["reason"], dead["attempts"], dead["dead"]) == ("dead", "parser_crashed", 5, True)
    assert dead["age_seconds"] > 0
    assert [row["study"] for row in run("list", "--state", "failed", "--reason", "mixed_patients")] == ["study-2"]
    assert [row["study"] for row in run("list", "--conflicts")] == ["study-0"]
    with pytest.raises(UsageError, match="--reason nonsense: accepted are"):
        run("list", "--reason", "nonsense")


@pytest.mark.usefixtures("store")
def test_a_study_is_shown_whole() -> None:
    """Instances with their conflicts, answers in force and before; a key's beginning is enough if it is one's alone."""
    case = run("show", "study-0")
    assert (case["conflicts"], len(case["instances"]), len(case["predictions"])) == (1, 2, 2)
    case = run("show", "study-2")
    assert (case["state"], case["predictions"], len(case["superseded"])) == ("failed", [], 2)
    text = CliRunner().invoke(app, ["studies", "show", "study-2"]).stdout
    assert "mixed_patients" in text
    assert "superseded" in text
    with pytest.raises(UsageError, match="more than one study"):
        run("show", "study")
    with pytest.raises(UsageError, match="no study has a key"):
        run("show", "never")


def test_what_is_put_back_still_has_its_bytes(store: SqlStore, tmp_path: Path) -> None:
    """Studies go back where their bytes are; the others are named by number, and the act is in the audit chain."""
    spool = DiskSpool(tmp_path / "spool")
    (spool.held / "digest-5-0").write_bytes(b"pixels")
    assert run("reprocess", "--dead") == {"reopened": 0, "bytes_gone": 1, "quarantined": 0}
    assert run("reprocess", "--reason", "mixed_patients") == {"reopened": 0, "bytes_gone": 0, "quarantined": 1}
    assert run("reprocess", "--study", "study-5") == {"reopened": 1, "bytes_gone": 0, "quarantined": 0}
    assert store.status(now=NOW).studies.pending == 1
    (spool.held / "dead").write_bytes(b"bytes")
    assert run("reprocess", "--dead")["reopened"] == 1
    assert [arrival.digest for arrival in spool.arrivals(9)] == ["dead"]
    assert [event.subject for event in store.audit_events()] == [
        "dead=True: 0",
        "reason=mixed_patients: 0",
        "key=study-5: 1",
        "dead=True: 1",
    ]
    with pytest.raises(UsageError, match="which studies"):
        run("reprocess")
