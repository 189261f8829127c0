"""The engine and its transactions: the same rules on SQLite and on Postgres."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session, SQLModel

from monitor.core.errors import SettingError, UnreachableError

BUSY_SECONDS = 30
MOST_PARAMETERS = 10_000
"""Values asked about in one query: SQLite takes 32 766 parameters and Postgres 65 535."""
_READ_ONLY = "overread_read_only"
_WRITER = 0x6F766572  # "over": the advisory lock that stands for SQLite's write lock on Postgres
_INSERTS: Mapping[str, Callable[[Any], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

Row = Mapping[str, Any]


def columns_of(table: type[SQLModel]) -> Any:
    """A query for every column of a table. Its rows hold plain values: a third of the cost of mapped objects."""
    return select(table.__table__)  # type: ignore[attr-defined]  # SQLModel sets it on table classes


def among(session: Session, query: Any, column: Any, values: Sequence[str]) -> Iterator[Any]:
    """The rows of a query where `column` is one of these values, however many they are."""
    for first in range(0, len(values), MOST_PARAMETERS):
        yield from session.connection().execute(query.where(column.in_(values[first : first + MOST_PARAMETERS])))


class Database:
    """One database: `reading()` and `writing()` sessions over its engine."""

    def __init__(self, url: str) -> None:
        """Open `url`; the folder of a SQLite file is made.

        Raises:
            SettingError: the URL is not a SQLite or Postgres one. It is not echoed: it may hold a password.
        """
        self.engine = _engine(url)
        isolation = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self.reader = self.engine.execution_options(**{_READ_ONLY: True}, **isolation)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction of the only writer, from its first statement on; committed on leaving, durably.

        With one writer at a time, whoever decides on what is there never overlooks what is just being written.
        """
        with Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view that never waits for a writer."""
        with Session(self.reader) as session:
            yield session

    def insert(self, session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
        """Insert rows, each with every column, in one statement."""
        if rows:
            session.connection().execute(insert(table), list(rows))

    def insert_new(self, session: Session, table: type[SQLModel], row: Row) -> bool:
        """Insert a row unless its key is there; whether it was inserted."""
        statement = _INSERTS[self.engine.dialect.name](table).on_conflict_do_nothing()
        counted = statement.execution_options(preserve_rowcount=True)  # Postgres forgets it after an INSERT otherwise
        return bool(session.connection().execute(counted, dict(row)).rowcount)

    def add(self, session: Session, table: type[SQLModel], rows: Sequence[Row], *sums: str) -> None:
        """Insert rows into a table of counts; where the key is there, add the columns named in `sums` instead."""
        if rows:
            session.connection().execute(_upsert(self.engine.dialect.name, table, sums), list(rows))

    def put(self, session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
        """Insert rows, overwriting those whose key is there."""
        if rows:
            session.connection().execute(_upsert(self.engine.dialect.name, table, None), list(rows))

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


@cache
def _upsert(dialect: str, table: type[SQLModel], sums: tuple[str, ...] | None) -> Any:
    """Insert, or where the key is there add the columns `sums`; with None, overwrite. Made once: often asked for."""
    target = table.__table__  # type: ignore[attr-defined]  # SQLModel sets it on table classes
    statement = _INSERTS[dialect](target)
    keys = [column.name for column in target.primary_key.columns]
    new = statement.excluded
    others = {column.name: column for column in new if column.name not in keys}
    changes = others if sums is None else {name: target.c[name] + new[name] for name in sums}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _engine(url: str) -> Engine:
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        driver = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(driver, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "begin", _begin_postgres)
    else:
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _unreachable)
    return engine


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in _INSERTS:
            return parsed
    except (ArgumentError, ValueError):  # ValueError: a port that is no number, as a stray "/" in a password makes it
        pass
    message = "OVERREAD_STORE__URL: accepted are sqlite:///PATH and postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    raise SettingError(message)


def _unreachable(context: ExceptionContext) -> None:
    """A lost or refused connection is said in our own words, without the URL's password."""
    if context.connection is None or context.is_disconnect:
        where = context.engine.url.render_as_string(hide_password=True) if context.engine is not None else "the store"
        reason = str(context.original_exception).strip().partition("\n")[0]
        message = f"{where}: {reason}"
        raise UnreachableError(message) from None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Write-ahead log, so that readers never block; synchronous=FULL, so that a commit survives a power cut."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    if not connection.get_execution_options().get(_READ_ONLY, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
