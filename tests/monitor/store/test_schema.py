import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from monitor.core.study import Technique
from monitor.store import revision, schema
from monitor.store.database import Database
from monitor.store.sql import SqlStore

FACTS = dict.fromkeys(("body_part", "view_position", "manufacturer", "model_name", "software", "sex", "age_band"), "x")
TIMES = {"studied_at": datetime(2026, 3, 1), "received_at": datetime(2026, 3, 1)}  # noqa: DTZ001  # as they are stored
BEFORE: dict[str, dict[str, object]] = {
    "study": {"key": "s", "modality": "DX", "site": "home", "utc_offset_minutes": 0, "state": "pending"}
    | {"last_instance_at": TIMES["received_at"], "revision": 0, "paired": 0, **FACTS, **TIMES},
    "instance": {"digest": "d", "sop": "i", "study": "s", "sop_class": "", "transfer_syntax": "", "rows": 1}
    | {"columns": 1, "frames": 1, "series_number": 1, "instance_number": 1, "utc_offset_minutes": 0, "conflict": False}
    | {"acquisition": json.dumps({"modality": "DX", "site": "home", **FACTS}), **TIMES},
}
"""A study and its instance as the first version stored them."""


@pytest.fixture(params=["sqlite", "postgres"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "postgres":
        yield request.getfixturevalue("postgres").bare()
    else:
        yield f"sqlite:///{tmp_path / 'bare.sqlite'}"


def test_upgrade_makes_the_tables(bare: str) -> None:
    """From nothing, the migrations reach exactly this version's tables, and say which revision that is."""
    database = Database(bare)
    assert revision.pending(database)[0] is None
    assert schema.differences(database)
    head = schema.upgrade(database)
    assert revision.pending(database) == (head, head)
    assert schema.differences(database) == []
    database.close()


def test_upgrade_twice_is_harmless(bare: str) -> None:
    """A second upgrade changes nothing."""
    database = Database(bare)
    assert schema.upgrade(database) == schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()


def test_two_upgrades_at_once(bare: str) -> None:
    """Two processes that start together on an empty database both find it upgraded."""
    gate = threading.Barrier(3)

    def start(_: int) -> str:
        database = Database(bare)
        gate.wait()
        try:
            return schema.upgrade(database)
        finally:
            database.close()

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(start, range(3)))) == 1
    database = Database(bare)
    assert schema.differences(database) == []
    database.close()


def test_rows_from_before_keep_their_meaning(bare: str) -> None:
    """Studies and instances stored by the first version are read by this one: what was not asked then is unknown."""
    database = Database(bare)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), "0001")
        for table, values in BEFORE.items():
            columns = ", ".join(values)
            bound = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({bound})"), values)  # noqa: S608  # ours
    schema.upgrade(database)
    store = SqlStore(database)
    (study,) = store.ready(quiet_since=datetime(2027, 1, 1, tzinfo=UTC), limit=2)
    (instance,) = store.instances("s")
    assert (study.acquisition.site, study.acquisition.kernel) == ("home", "unknown")
    assert (instance.technique, instance.localizer) == (Technique(), False)
    assert instance.acquisition == study.acquisition
    database.close()


def test_downgrade_leaves_nothing(bare: str) -> None:
    """Taking the first migration back drops every table it made."""
    database = Database(bare)
    schema.upgrade(database)
    with database.engine.begin() as connection:
        command.downgrade(schema._config(connection), "base")
    assert revision.pending(database)[0] is None
    schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()


def test_needed_is_the_head() -> None:
    """The revision read off the files' names is the one Alembic finds by following the links between them."""
    assert revision.needed() == ScriptDirectory.from_config(schema._config(None)).get_current_head()


def test_looking_waits_for_no_writer(database: Database) -> None:
    """Asking for the revision answers while someone writes."""
    with database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM tally")
        assert revision.pending(database)[0] == revision.pending(database)[1]
