from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlmodel import select

from monitor.core.errors import SettingError, UnreachableError
from monitor.core.pairing import match, pairs_of
from monitor.core.quiet import Quiet
from monitor.core.windows import Window
from monitor.store.database import Database
from monitor.store.instants import UtcDateTime
from monitor.store.sql import SqlStore
from monitor.store.tables import HeartbeatRow
from tests.conformance.cases import NOW, drain, instance, read

PASSWORD = "hunter2"  # noqa: S105  # what must never be shown


@pytest.mark.parametrize(
    "url",
    [
        PASSWORD,
        "",
        f"mysql://u:{PASSWORD}@h/db",
        f"postgresql://u@h:{PASSWORD}/db",
        f"nothing+known://u:{PASSWORD}@h/db",
    ],
)
def test_a_wrong_url_is_not_echoed(url: str) -> None:
    """A URL that cannot be used is an error that says what is accepted, and shows no password."""
    with pytest.raises(SettingError, match="OVERREAD_STORE__URL: accepted are sqlite:///PATH") as caught:
        Database(url)
    assert PASSWORD not in str(caught.value)


def test_no_server_is_said_plainly() -> None:
    """A store that does not answer is unreachable, in one line, without its password."""
    store = SqlStore(Database(f"postgresql://overread:{PASSWORD}@127.0.0.1:9/overread"))
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9") as caught:
        store.counts()
    assert PASSWORD not in str(caught.value)
    assert "\n" not in str(caught.value)
    store.close()


def test_a_naive_time_is_refused(database: Database) -> None:
    """A time without a zone never reaches the database."""
    with database.writing() as session:
        session.add(HeartbeatRow(stage="x", at=datetime(2026, 1, 1)))  # noqa: DTZ001  # the point of the test
        with pytest.raises(StatementError, match="every time needs its zone"):
            session.flush()
        session.rollback()


def test_a_time_comes_back_as_the_same_instant(database: Database) -> None:
    """A time in any zone is stored as its instant, to the microsecond, whatever zone the server is in."""
    moment = datetime(2026, 3, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with database.writing() as session:
        session.add(HeartbeatRow(stage="x", at=moment))
    with database.reading() as session:
        found = session.exec(select(HeartbeatRow)).one().at
    assert found == moment
    assert found.tzinfo is UTC


def test_no_time_is_no_time() -> None:
    """None passes both ways."""
    dialect = sqlite.dialect()
    assert UtcDateTime().process_bind_param(None, dialect) is None
    assert UtcDateTime().process_result_value(None, dialect) is None


def test_an_error_in_a_transaction_leaves_nothing(database: Database) -> None:
    """What was written before an error is rolled back, and the writer's place is free again."""

    def fail() -> None:
        with database.writing() as session:
            session.add(HeartbeatRow(stage="x", at=NOW))
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.writing() as session:
        assert session.exec(select(HeartbeatRow)).all() == []


def test_sqlite_is_ours_alone_and_survives_a_power_cut(tmp_path: Path) -> None:
    """The folder that is made is closed to others, and every commit is synced to the write-ahead log."""
    database = Database(f"sqlite:///{tmp_path / 'made' / 'store.sqlite'}")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    with database.reading() as session:
        pragma = {
            p: session.connection().exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def plans(database: Database, monkeypatch: pytest.MonkeyPatch, ask: object) -> list[str]:
    """How SQLite goes about every query that `ask` makes."""
    seen: list[tuple[str, object]] = []
    original = type(database.engine.dialect).do_execute

    def spy(self: object, cursor: object, statement: str, parameters: object, context: object = None) -> None:
        seen.append((statement, parameters))
        original(self, cursor, statement, parameters, context)

    with monkeypatch.context() as patch:
        patch.setattr(type(database.engine.dialect), "do_execute", spy)
        ask()  # type: ignore[operator]
    with database.reading() as session:
        raw = session.connection().connection
        return [
            f"{row[3]} <- {statement}"
            for statement, parameters in seen
            for row in raw.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        ]


@pytest.fixture
def sqlite_store(tmp_path: Path, sqlite_template: Path) -> SqlStore:
    """A SQLite store with a few pairs."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    store = SqlStore(Database(f"sqlite:///{path}"))
    store.register([instance(n) for n in range(6)])
    for n in range(6):
        store.add_read(read(f"r{n}", n))
    drain(store)
    return store


def test_counts_are_read_from_the_cube_alone(sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No question to the cube looks at a study, a read or a pair."""
    window = Window(first=date(2026, 3, 1), last=date(2026, 3, 7))

    def ask() -> None:
        for by in ((), ("site",), ("site", "manufacturer", "visibility")):
            sqlite_store.counts(window, by=by, daily=True)
            sqlite_store.counts(by=by)

    found = [plan for plan in plans(sqlite_store.database, monkeypatch, ask) if plan.startswith(("SCAN", "SEARCH"))]
    assert len(found) == 6
    assert all(plan.split()[1] == "cube" for plan in found)
    assert sum(plan.startswith("SEARCH") for plan in found) == 3, "a window is found by the day, not by looking at all"


def test_no_work_is_found_by_looking_at_everything(sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step of the worker goes by an index: its cost does not grow with the history."""

    def ask() -> None:
        sqlite_store.claim(Quiet(by_modality={"CT": timedelta(hours=1)}), at=NOW, limit=9)
        sqlite_store.claim(Quiet(), at=NOW, limit=1, again=True)
        sqlite_store.instances_of(["study-0"])
        sqlite_store.looked_at(["study-0"])
        sqlite_store.mark_partial(["digest-0-0"])
        sqlite_store.reopen(["study-0"])
        sqlite_store.settled(["digest-0-0"])
        sqlite_store.register([instance(7)])
        sqlite_store.add_read(read("late", 7))
        sqlite_store.match_due(match, limit=9)
        sqlite_store.pair_due(pairs_of, limit=9, at=NOW)
        sqlite_store.unsettled_before(NOW)

    found = plans(sqlite_store.database, monkeypatch, ask)
    assert [plan for plan in found if plan.startswith("SCAN") and "USING" not in plan.split(" <- ")[0]] == []
