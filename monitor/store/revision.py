"""Which revision a database has and which this version needs; without Alembic, whose import takes most of a second."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from monitor.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def pending(database: Database) -> tuple[str | None, str]:
    """The revision the database has and the one this version needs."""
    with database.reader.connect() as connection:
        return current(connection), needed()


def needed() -> str:
    """The latest migration: their files begin with their revision, and count up."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current(connection: Connection) -> str | None:
    """The revision a database has; None where it was never made."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar()  # noqa: S608  # our own name
    return None if found is None else str(found)
