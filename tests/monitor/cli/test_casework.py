"""Reads and results by the command line, on a store of their own."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.core.errors import OverreadError
from monitor.core.read import ReadStatus
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.conformance.cases import NOW, drain, instance, read


@pytest.fixture
def store(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """The store that the settings name."""
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "overread.sqlite")
    monkeypatch.setenv("OVERREAD_DATA_DIR", str(tmp_path / "data"))
    opened = SqlStore(Database(f"sqlite:///{tmp_path / 'data' / 'overread.sqlite'}"))
    yield opened
    opened.close()


def run(*arguments: object) -> Any:
    """A command's JSON."""
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=True)
    if isinstance(result.exception, OverreadError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_reports_of_a_table_come_in_once(store: SqlStore, tmp_path: Path) -> None:
    """Rows become reads, what cannot be placed is excluded and counted, and a second time nothing is new."""
    table = tmp_path / "reads.csv"
    table.write_text(
        "study_uid,accession,status,signed_at,text\n"
        "1.2.3,A1,final,2026-01-02T03:04:05+01:00,There is an effusion.\n"
        ",A2,prelim,2026-01-02,No effusion.\n"
        ",A3,bogus,2026-01-02,No effusion.\n"
        ",,final,2026-01-02,No effusion.\n",
        encoding="utf-8",
    )
    excluded = {"unknown_status": 1, "no_study_reference": 1}
    assert run("reads", "import", table, "--json") == {
        "received": 4,
        "stored": 2,
        "duplicates": 0,
        "excluded": excluded,
    }
    assert run("reads", "import", table, "--json")["stored"] == 0
    assert store.status(now=NOW).reads.received == 4
    waiting = run("reads", "list", "--unmatched", "--json")
    assert {row["status"] for row in waiting} == {"final", "preliminary"}
    assert {row["reason"] for row in run("reads", "list", "--quarantined", "--json")} == set(excluded)


@pytest.mark.usefixtures("store")
def test_a_wrong_cell_names_its_row_and_column(tmp_path: Path) -> None:
    """A cell of the wrong kind is one error, with file, row and column, and without the cell."""
    lines = tmp_path / "reads.jsonl"
    lines.write_text('{"accession": "A1", "status": "final", "signed_at": "SECRET", "text": "x"}\n', encoding="utf-8")
    with pytest.raises(OverreadError, match=r"reads\.jsonl: row 1: column 'signed_at': .*accepted") as caught:
        run("reads", "import", lines)
    assert "SECRET" not in str(caught.value)
    with pytest.raises(OverreadError, match="no such file"):
        run("reads", "import", tmp_path / "nowhere.csv")


def test_a_person_links_a_read(store: SqlStore) -> None:
    """A read that the rules leave open is linked by a person; it stays linked, and the act is audited."""
    store.register([instance(2), instance(3)])
    store.add_read(read("bare", 2, by="bare"))
    drain(store)
    (waiting,) = run("reads", "list", "--unmatched", "--json")
    assert (waiting["reason"], set(waiting["candidates"])) == ("ambiguous", {"study-2", "study-3"})
    run("reads", "link", "bare", "study-3", "--actor", "dr-x")
    drain(store)
    assert store.status(now=NOW).pairs.by_match == {"linked": 2}
    store.register([instance(2, study="study-2b", digest="d", sop="p")])
    drain(store)
    assert store.status(now=NOW).pairs.by_match == {"linked": 2}
    (event,) = store.audit_events()
    assert (event.actor, event.action, event.subject) == ("dr-x", "read_linked", "bare study-3")
    assert store.audit_break() is None
    with pytest.raises(OverreadError, match="study 'nowhere' is not known"):
        run("reads", "link", "bare", "nowhere")


def test_changes_from_preliminary_to_final(store: SqlStore) -> None:
    """Each finding is counted by what it was called at first and at last."""
    store.register([instance(0)])
    store.add_read(read("first", present=False, status=ReadStatus.PRELIMINARY))
    store.add_read(read("last", present=True, signed_at=read("x").signed_at + timedelta(hours=1)))
    drain(store)
    rows = {(r["finding"], r["preliminary"], r["final"]): r["n"] for r in run("reads", "changes", "--json")}
    assert rows == {("effusion", "absent", "present"): 1, ("nodule", "not_mentioned", "not_mentioned"): 1}


def test_a_judged_day_that_moves_is_restated(store: SqlStore) -> None:
    """What is learnt of a day after it was judged is listed with the day it was learnt."""
    store.register([instance(0)])
    drain(store)
    store.record_evaluation(instance(0).studied_at.date(), at=read("x").received_at, drifts=[], alarms=[])
    assert run("reads", "restated", "--json") == []
    store.add_read(read("late"))
    drain(store)
    rows = run("reads", "restated", "--json")
    assert {(row["day"], row["learnt"]) for row in rows} == {("2026-03-01", "2026-04-01")}
    assert sum(row[name] for row in rows for name in ("tp", "fp", "fn", "tn")) == 2


def test_production_results_come_in(store: SqlStore, tmp_path: Path) -> None:
    """Results are counted by status, once, and wait for their studies."""
    lines = tmp_path / "sent" / "results.jsonl"
    lines.parent.mkdir()
    row = {"study_uid": "1.2.3", "model": "vendor", "version": "2.1"}
    rows = [row | {"finding": "nodule", "score": 0.7}, row | {"status": "timeout"}]
    lines.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    found = run("results", "import", lines.parent, "--json")
    assert (found["received"], found["stored"], found["by_status"]) == (2, 2, {"ok": 1, "timeout": 1})
    assert run("results", "import", lines, "--json")["duplicates"] == 2
    assert run("results", "status", "--json")["waiting"] == 2
    assert store.models()[0].version == "2.1+production"


def test_the_labeler_is_audited(store: SqlStore, tmp_path: Path) -> None:
    """A drawn sample, coded by hand, gives the labeler's own agreement, and the models' raw and corrected."""
    store.register([instance(0)])
    store.add_read(read("r"))
    drain(store)
    reports = tmp_path / "reports.jsonl"
    texts = ["There is a pleural effusion.", "No pleural effusion."] * 20
    reports.write_text("".join(json.dumps({"id": str(n), "text": t}) + "\n" for n, t in enumerate(texts)), "utf-8")
    given = ("reads", "audit", reports, "--finding", "pleural_effusion")
    drawn = [json.loads(line) for line in run(*given, "--sample", 20).splitlines()]
    assert len(drawn) == 20
    assert {row["label"] for row in drawn} == {None}
    coded = tmp_path / "coded.csv"
    rows = [f"{row['id']},{int(row['text'].startswith('There'))}" for row in drawn]
    coded.write_text("\n".join(["id,label", *rows]), encoding="utf-8")
    found = run(*given, "--coded", coded, "--json")
    assert found["labeler"]["ppa"]["value"] == found["labeler"]["npa"]["value"] == 1.0
    assert found["labeler"]["ppa"]["low"] < 1.0
    coded.write_text("id,label\n0,maybe\n", encoding="utf-8")
    with pytest.raises(OverreadError, match=r"coded\.csv: row 1: column 'label'"):
        run(*given, "--coded", coded)
