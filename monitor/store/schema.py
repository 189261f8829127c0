"""Bringing a database to this version's tables, and saying whether it is there."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlmodel import SQLModel

import monitor.store.tables  # noqa: F401  # fills SQLModel.metadata
from monitor.store.database import Database


def upgrade(database: Database) -> str:
    """Apply what is missing, as one transaction of the only writer; returns the revision reached."""
    with database.engine.begin() as connection:
        command.upgrade(_config(connection), "head")
        return current(connection) or ""


def pending(database: Database) -> tuple[str | None, str]:
    """The revision the database has and the one this version needs."""
    with database.reader.connect() as connection:
        return current(connection), _head()


def differences(database: Database) -> list[str]:
    """What in the database is not as this version's tables say; empty when all is well."""
    with database.reader.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
        return [str(difference) for difference in found]


def current(connection: Connection) -> str | None:
    """The revision a database has."""
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
