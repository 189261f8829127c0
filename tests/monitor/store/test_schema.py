import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from monitor.store import revision, schema
from monitor.store.database import Database


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
