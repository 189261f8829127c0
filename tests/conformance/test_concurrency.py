"""What holds when several processes write at once."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen

from monitor.core.pairing import Match, Unmatched, match
from monitor.core.read import Read
from monitor.core.study import Study
from monitor.store.database import Database
from monitor.store.sql import SqlStore

from .cases import MODEL, NOW, VERSION, drain, instance, read, settle_ready

STUDIES = 24
WRITER = """
import sys
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.conformance.cases import drain, instance, read

store = SqlStore(Database(sys.argv[1]))
for number in range(1000):
    store.register([instance(0, 0, digest=f"d{number}", sop=f"p{number}", study=f"study-x{number}", accession=None,
        issuer_accession=None)])
    store.add_read(read(f"r{number}", study_uid=f"study-x{number}", accession=None))
    drain(store)
    print(number, flush=True)
"""


def _both(*jobs: Callable[[], object]) -> None:
    """Run jobs at once, each from the same moment, and raise what any of them raised."""
    gate = threading.Barrier(len(jobs))

    def held(job: Callable[[], object]) -> None:
        gate.wait()
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(held, job) for job in jobs]:
            done.result()


def _numbered(number: int) -> dict[str, object]:
    return {"study": f"study-n{number}", "accession": None, "issuer_accession": None}


def test_everyone_at_once_loses_nothing(database: Database) -> None:
    """Studies, reads and two workers at the same time end as if they had come one by one."""
    store = SqlStore(database)

    def receive() -> None:
        for n in range(STUDIES):
            store.register([instance(0, n, **_numbered(n))])

    def listen() -> None:
        for n in range(STUDIES):
            store.add_read(read(f"r{n}", study_uid=f"study-n{n}", accession=None))

    _both(receive, listen, lambda: drain(store), lambda: drain(store))
    drain(store)
    status = store.status(now=NOW)
    assert (status.studies.scored, status.studies.pending) == (STUDIES, 0)
    assert (status.reads.final, status.reads.unmatched) == (STUDIES, 0)
    assert status.pairs.counted == 2 * STUDIES
    assert sum(row.counts.n for row in store.counts()) == 2 * STUDIES
    assert sum(store.totals()["pairs"].values()) == 2 * STUDIES


def test_a_study_that_comes_while_its_read_is_matched_is_seen(database: Database) -> None:
    """A read whose match found nothing is looked at again when its study was being written at that moment."""
    store = SqlStore(database)
    store.add_read(read("r"))
    deciding = threading.Event()

    def decide(given: Read, candidates: Sequence[Study]) -> Match | Unmatched:
        deciding.set()
        time.sleep(0.1)  # long enough for the other writer to get as far as it can
        return match(given, candidates)

    def register() -> None:
        deciding.wait(10)
        store.register([instance(0)])

    _both(lambda: store.match_due(decide, limit=9), register)
    drain(store)
    assert store.status(now=NOW).reads.unmatched == 0
    assert store.status(now=NOW).pairs.counted == 2


def test_two_workers_settle_a_study_once(database: Database) -> None:
    """Whoever comes second settles nothing, and no prediction is counted twice."""
    store = SqlStore(database)
    store.register([instance(n) for n in range(4)])
    settled: list[int] = []
    _both(*[lambda: settled.append(settle_ready(store))] * 3)
    assert sum(settled) == 4
    assert sum(store.totals()["predictions"].values()) == 8
    assert list(store.model_versions()) == [(MODEL, VERSION)]


def test_the_same_things_twice_at_once_are_there_once(database: Database) -> None:
    """Two senders of the same bytes, report and audit act make one study, one read, and two links of one chain."""
    store = SqlStore(database)
    added: list[bool] = []

    def send() -> None:
        store.register([instance(0)])
        added.append(store.add_read(read("r")))
        store.audit("someone", "adjudicate", "case", at=NOW)

    _both(*[send] * 4)
    assert sorted(added) == [False, False, False, True]
    assert store.status(now=NOW).studies.received == store.status(now=NOW).reads.received == 1
    assert [event.seq for event in store.audit_events()] == [1, 2, 3, 4]
    assert store.audit_break() is None


def test_a_reader_sees_one_moment_and_waits_for_no_writer(database: Database) -> None:
    """A status taken while a writer is busy comes at once, and its parts are of the same moment."""
    store = SqlStore(database)
    store.register([instance(0)])
    with database.reading() as session:
        before = session.connection().exec_driver_sql("SELECT count(*) FROM study").scalar()
        with database.writing() as writer:
            writer.connection().exec_driver_sql("DELETE FROM instance")
            writer.connection().exec_driver_sql("DELETE FROM study")
            started = time.monotonic()
            assert store.status(now=NOW).studies.received == 1
            assert time.monotonic() - started < 5
        assert session.connection().exec_driver_sql("SELECT count(*) FROM study").scalar() == before == 1
    assert store.status(now=NOW).studies.received == 0


def test_a_killed_writer_leaves_a_consistent_store(tmp_path: Path, sqlite_template: Path) -> None:
    """Killed without warning in the middle of its work, a writer leaves whole transactions and nothing else."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    for delay in (0.0, 0.007, 0.023):
        with Popen([sys.executable, "-c", WRITER, url], stdout=PIPE, env=environment) as writer:
            assert writer.stdout is not None
            last = [int(writer.stdout.readline()) for _ in range(4)][-1]
            time.sleep(delay)
            writer.send_signal(signal.SIGKILL)
        store = SqlStore(Database(url))
        status = store.status(now=NOW)
        assert status.studies.balanced
        assert status.studies.received > last
        drain(store)
        status = store.status(now=NOW)
        assert status.pairs.counted == 2 * status.reads.final - 2 * status.reads.unmatched
        assert sum(row.counts.n for row in store.counts()) == status.pairs.counted
        with store.database.reading() as session:
            assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").first() is None
        store.close()
