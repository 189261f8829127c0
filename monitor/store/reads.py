"""Report versions, and what could not become one."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from monitor.core.pairing import Unmatched
from monitor.core.read import PatientMerge, QuarantineReason, Read, SetAside, Taken
from monitor.store.database import Database
from monitor.store.records import read_row
from monitor.store.tables import PatientAliasRow, QuarantineRow, ReadRow
from monitor.store.tally import Tally, beat, move

_KeyedT = TypeVar("_KeyedT", Read, SetAside)


class SqlReads:
    """The `ReadStore` port over a database."""

    database: Database

    def take(self, taken: Sequence[Taken]) -> int:
        """See `ReadStore.take`."""
        if not taken:
            return 0
        with self.database.writing() as session:
            reads = _new(session, ReadRow, [one for one in taken if isinstance(one, Read)])
            aside = _new(session, QuarantineRow, [one for one in taken if isinstance(one, SetAside)])
            self.database.insert(session, ReadRow, [read_row(read) for read in reads])
            self.database.insert(session, QuarantineRow, [_aside_row(one) for one in aside])
            _merge(self.database, session, [one for one in taken if isinstance(one, PatientMerge)])
            tally: Tally = Counter(("reads_received", (read.source, str(read.status))) for read in reads)
            tally.update(("reads_received", (one.source, "quarantined")) for one in aside)
            move(self.database, session, tally)
            if reads:
                beat(self.database, session, "read", max(read.received_at for read in reads))
            return len(reads)

    def add_read(self, read: Read) -> bool:
        """See `ReadStore.add_read`."""
        return bool(self.take([read]))

    def quarantine(self, key: str, source: str, reason: QuarantineReason, *, at: datetime) -> None:
        """See `ReadStore.quarantine`."""
        self.take([SetAside(key=key, source=source, reason=reason, at=at)])


def canonical(session: Session, patients: Iterable[str | None]) -> Callable[[str | None], str | None]:
    """Who each of these patients is now, after every merge: the record that survived the last one.

    Merges in a chain are followed; there are no rings, since a record that is merged back is retired no more.
    """
    known: dict[str, str] = {}
    wanted = {patient for patient in patients if patient is not None}
    while wanted:
        found = select(PatientAliasRow).where(col(PatientAliasRow.patient).in_(wanted))
        steps = {row.patient: row.merged_into for row in session.exec(found)}
        known |= steps
        wanted = set(steps.values()) - set(known)

    def now(patient: str | None) -> str | None:
        while patient is not None and patient in known:
            patient = known[patient]
        return patient

    return now


def _new(session: Session, table: Any, taken: Sequence[_KeyedT]) -> list[_KeyedT]:
    """Those whose key is not there yet, each key once. This transaction is the only writer."""
    first = {one.key: one for one in reversed(taken)}
    if first:
        for key in session.exec(select(table.key).where(col(table.key).in_(list(first)))):
            del first[key]
    return list(reversed(first.values()))


def _aside_row(one: SetAside) -> dict[str, Any]:
    return {"key": one.key, "source": one.source, "reason": one.reason, "at": one.at}


def _merge(database: Database, session: Session, merges: Sequence[PatientMerge]) -> None:
    """Keep merges in order, and give reads another look whose patient seemed to be somebody else."""
    for merge in merges:
        if canonical(session, [merge.surviving])(merge.surviving) == merge.retired:  # merged back: no rings
            alive = delete(PatientAliasRow).where(col(PatientAliasRow.patient) == merge.surviving)
            session.connection().execute(alive)
        row = {"patient": merge.retired, "merged_into": merge.surviving, "at": merge.at}
        database.put(session, PatientAliasRow, [row])
    if merges:
        again = update(ReadRow).where(col(ReadRow.unmatched) == Unmatched.PATIENT_DIFFERS).values(to_match=True)
        session.connection().execute(again)
