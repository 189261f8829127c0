"""What every test shares."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import schema
from monitor.store.database import Database

from .postgres import Postgres, why_absent

os.environ.setdefault("DO_NOT_TRACK", "1")  # evidently and streamlit phone home otherwise


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real Postgres server with one database at this version's tables."""
    missing = why_absent()
    if missing:
        pytest.skip(missing)
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store at this version's tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "store.sqlite"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database at this version's tables, of either kind."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").emptied()
    else:
        path = tmp_path / "store.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    opened = Database(url)
    yield opened
    opened.close()
