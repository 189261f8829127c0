"""Every implementer of the Store port, by name."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.ports import Store
from monitor.store.database import Database
from monitor.store.memory import MemoryStore
from monitor.store.sql import SqlStore

IMPLEMENTERS = ("memory", "sqlite", "postgres")


@pytest.fixture(params=IMPLEMENTERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    if request.param == "memory":
        yield MemoryStore()
        return
    sql = _sql(request, request.param, tmp_path)
    yield sql
    sql.close()


@pytest.fixture
def rivals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[SqlStore]]:
    """Both databases, to be held against the one in memory."""
    stores = [_sql(request, kind, tmp_path) for kind in IMPLEMENTERS[1:]]
    yield stores
    for sql in stores:
        sql.close()


def _sql(request: pytest.FixtureRequest, kind: str, folder: Path) -> SqlStore:
    if kind == "postgres":
        return SqlStore(Database(request.getfixturevalue("postgres").emptied()))
    path = folder / "store.sqlite"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return SqlStore(Database(f"sqlite:///{path}"))
