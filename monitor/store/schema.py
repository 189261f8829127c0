"""Bringing a database to this version's tables, and saying where it differs from them."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

import monitor.store.tables  # noqa: F401  # fills SQLModel.metadata
from monitor.store.database import Database
from monitor.store.revision import MIGRATIONS, current


def upgrade(database: Database) -> str:
    """Apply what is missing, as one transaction of the only writer; returns the revision reached."""
    with database.engine.begin() as connection:
        command.upgrade(_config(connection), "head")
        return current(connection) or ""


def differences(database: Database) -> list[str]:
    """What in the database is not as this version's tables say; empty when all is well."""
    with database.reader.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
        return [str(difference) for difference in found]


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
