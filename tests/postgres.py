"""A throwaway Postgres server for tests: Debian's own binaries, a unix socket in a temporary folder, nothing synced."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from sqlmodel import SQLModel

from monitor.store import schema
from monitor.store.database import Database

START_SECONDS = 30
SHARED = "overread"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def why_absent() -> str | None:
    """Why no server can be started here, or None."""
    return None if _binaries() else "no Postgres server here: apt-get install postgresql"


class Postgres:
    """A running server; `emptied()` gives its one database without rows."""

    def __init__(self) -> None:
        self._count = 0
        self._folder = Path(tempfile.mkdtemp(prefix="overread-pg-"))  # not pytest's: postgres cannot enter that one
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        binaries = _binaries()
        assert binaries is not None
        cluster = self._folder / "cluster"
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        init = [binaries / "initdb", "-D", cluster, "-A", "trust", "-U", "overread", "-E", "UTF8", "--no-sync"]
        subprocess.run([*_as_postgres(), *init], check=True, capture_output=True, cwd=self._folder)
        quick = (
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "listen_addresses=",
            "timezone=Asia/Tokyo",
        )
        options = [part for option in quick for part in ("-c", option)]
        self._server = subprocess.Popen(
            [*_as_postgres(), binaries / "postgres", "-D", cluster, "-k", self._folder, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        self._await()
        self._run(f"CREATE DATABASE {SHARED}")
        database = Database(self.url(SHARED))
        schema.upgrade(database)
        database.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # at once, without a last checkpoint
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://overread@/{name}?host={self._folder}"

    def emptied(self) -> str:
        """The URL of the database at this version's tables, without rows: much quicker than a new one."""
        tables = ", ".join(f'"{table}"' for table in SQLModel.metadata.tables)
        self._run(f"TRUNCATE {tables}", SHARED)
        return self.url(SHARED)

    def bare(self) -> str:
        """The URL of a new database without tables."""
        self._count += 1
        self._run(f"CREATE DATABASE bare{self._count}")
        return self.url(f"bare{self._count}")

    def _run(self, statement: str, name: str = "postgres") -> None:
        with psycopg.connect(f"host={self._folder} user=overread dbname={name}", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _await(self) -> None:
        assert self._server is not None
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._run("SELECT 1")
            except psycopg.OperationalError:
                assert self._server.poll() is None, "postgres ended by itself"
                assert time.monotonic() < deadline, "postgres did not start"
                time.sleep(0.05)
            else:
                return


def _as_postgres() -> list[str]:
    """Root may not run Postgres; anyone else runs it as themselves."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
