"""What arrives: instances begin studies, re-open them, or show that two patients share one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlmodel import Session, col

from monitor.core.pairing import FINAL_METHODS
from monitor.core.ports import Attempt, Unreadable
from monitor.core.study import Failure, Instance, StudyState
from monitor.store.database import Database, among, columns_of
from monitor.store.records import attempt_of, attempt_row, instance_row, study_row, unreadable_row
from monitor.store.superseded import in_force, supersede
from monitor.store.tables import AttemptRow, InstanceRow, ReadRow, ResultRow, StudyRow
from monitor.store.tally import Tally, beat, move


@dataclass(kw_only=True, slots=True)
class _Batch:
    """What a batch of new instances does to the studies; `known` are the studies that are there already."""

    known: Mapping[str, Any]
    begun: dict[str, Instance] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    patients: dict[str, str] = field(default_factory=dict)
    last: dict[str, datetime] = field(default_factory=dict)
    mixed: dict[str, None] = field(default_factory=dict)

    def add(self, instance: Instance, *, conflict: bool) -> None:
        """Take an instance in."""
        self.rows.append(instance_row(instance, conflict=conflict))
        key, there = instance.study, self.known.get(instance.study)
        if there is None:
            self.begun.setdefault(key, instance)
        if instance.patient is not None:
            stated = self.patients.setdefault(key, (there and there.patient) or instance.patient)
            if stated != instance.patient:
                self.mixed[key] = None
        if not conflict:
            before = self.last.get(key) or (there and there.last_instance_at) or instance.received_at
            self.last[key] = max(before, instance.received_at)

    def new_studies(self) -> list[dict[str, Any]]:
        """The rows of studies that begin here."""
        return [
            study_row(first)
            | {
                "patient": self.patients.get(key),
                "last_instance_at": max(first.received_at, self.last.get(key, first.received_at)),
            }
            for key, first in self.begun.items()
        ]

    def open(self) -> list[dict[str, Any]]:
        """Which known studies are pending from now on, and since when they are quiet; a mixed one never again."""
        return [
            {"of": key, "to": last}
            for key, last in self.last.items()
            if key in self.known and self.known[key].reason != Failure.MIXED_PATIENTS
        ]

    def named(self) -> list[dict[str, Any]]:
        """Known studies whose patient was not stated until now."""
        return [
            {"of": key, "who": patient}
            for key, patient in self.patients.items()
            if key in self.known and self.known[key].patient is None
        ]

    def newly_mixed(self) -> list[str]:
        """Studies to be set aside now."""
        return [key for key in self.mixed if key not in self.known or self.known[key].reason != Failure.MIXED_PATIENTS]


class SqlArrivals:
    """The part of the `StudyStore` port that takes things in."""

    database: Database

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """See `StudyStore.register`."""
        if not arrivals:
            return
        latest = max(arrival.received_at for arrival in arrivals)
        first = {arrival.digest: arrival for arrival in reversed(arrivals)}
        with self.database.writing() as session:
            objects, sops = _registered(session, arrivals)
            keys = {*first, *(a.study for a in arrivals if isinstance(a, Instance))}
            known = {row.key: row for row in among(session, _KNOWN, col(StudyRow.key), list(keys))}
            new = [first.pop(a.digest) for a in arrivals if a.digest in first and a.digest not in objects]
            broken = [a for a in new if isinstance(a, Unreadable) and a.digest not in known]
            fresh = [a for a in new if isinstance(a, Instance)]
            tally = self._keep_unreadable(session, broken) + self._keep_instances(session, fresh, sops, known, latest)
            _whole_again(session, arrivals, known)
            session.connection().execute(_FORGET, [{"which": arrival.digest} for arrival in arrivals])
            move(self.database, session, tally)
            beat(self.database, session, "receive", latest)

    def mark_partial(self, digests: Sequence[str]) -> Sequence[str]:
        """See `StudyStore.mark_partial`."""
        query = select(
            col(InstanceRow.digest),
            col(InstanceRow.study),
            col(InstanceRow.received_at),
            col(StudyRow.last_instance_at),
        )
        with self.database.writing() as session:
            found = list(among(session, query.join(StudyRow), col(InstanceRow.digest), digests))
            broken = list(among(session, select(col(StudyRow.key)), col(StudyRow.key), digests))
            cut = {study for _, study, received_at, last in found if received_at >= last}
            if cut:
                session.connection().execute(_PARTIAL, [{"of": study, "so": True} for study in sorted(cut)])
        return [digest for digest, *_ in found] + [key for (key,) in broken]

    def attempts(self) -> Mapping[str, Attempt]:
        """See `StudyStore.attempts`."""
        with self.database.reading() as session:
            return {row.digest: attempt_of(row) for row in session.connection().execute(columns_of(AttemptRow))}

    def note_attempts(self, attempts: Sequence[Attempt]) -> None:
        """See `StudyStore.note_attempts`."""
        with self.database.writing() as session:
            self.database.put(session, AttemptRow, [attempt_row(attempt) for attempt in attempts])

    def _keep_unreadable(self, session: Session, broken: Sequence[Unreadable]) -> Tally:
        self.database.insert(session, StudyRow, [unreadable_row(arrival) for arrival in broken])
        tally: Tally = Counter(("studies_failed", (str(arrival.reason),)) for arrival in broken)
        return tally + _received(len(broken))

    def _keep_instances(
        self,
        session: Session,
        fresh: Sequence[Instance],
        sops: set[str],
        known: Mapping[str, Any],
        at: datetime,
    ) -> Tally:
        """Add new instances; the same SOP with other bytes is kept, and never scored."""
        if not fresh:
            return Counter()
        batch = _Batch(known=known)
        for instance in fresh:
            batch.add(instance, conflict=instance.sop in sops)
            sops.add(instance.sop)
        self.database.insert(session, StudyRow, batch.new_studies())
        self.database.insert(session, InstanceRow, batch.rows)
        for statement, rows in ((_OPEN, batch.open()), (_NAME, batch.named())):
            if rows:
                session.connection().execute(statement, rows)
        candidates = [(i.study, i.accession, i.issuer_accession) for i in batch.begun.values()]
        candidates += [(known[row["of"]].key, *_accessions(known[row["of"]])) for row in batch.named()]
        _wake_reads(session, candidates)
        mixed = batch.newly_mixed()
        _set_aside(session, mixed, at)
        once_unreadable = [instance.digest for instance in fresh if instance.digest in known]
        if once_unreadable:
            session.connection().execute(delete(StudyRow).where(col(StudyRow.key).in_(once_unreadable)))
        tally = _received(len(batch.begun) - len(once_unreadable))
        tally["studies_failed", (str(Failure.MIXED_PATIENTS),)] += len(mixed)
        tally["instances_conflicting", ()] += sum(row["conflict"] for row in batch.rows)
        return +tally


_KNOWN = select(
    col(StudyRow.key),
    col(StudyRow.patient),
    col(StudyRow.accession),
    col(StudyRow.issuer_accession),
    col(StudyRow.reason),
    col(StudyRow.partial),
    col(StudyRow.last_instance_at),
)
_OF = col(StudyRow.key) == bindparam("of")
_OPEN = (
    update(StudyRow)
    .where(_OF)
    .values(state=StudyState.PENDING, last_instance_at=bindparam("to"), attempts=0, not_before=None)
)
_NAME = update(StudyRow).where(_OF).values(patient=bindparam("who"))
_PARTIAL = update(StudyRow).where(_OF).values(partial=bindparam("so"))
_FORGET = delete(AttemptRow).where(col(AttemptRow.digest) == bindparam("which"))


def _registered(session: Session, arrivals: Sequence[Instance | Unreadable]) -> tuple[set[str], set[str]]:
    """Which of these objects, and which of their SOP Instance UIDs, are here."""
    query = select(col(InstanceRow.digest), col(InstanceRow.sop))
    digests = [arrival.digest for arrival in arrivals]
    sops = [arrival.sop for arrival in arrivals if isinstance(arrival, Instance)]
    found = [
        *among(session, query, col(InstanceRow.digest), digests),
        *among(session, query, col(InstanceRow.sop), sops),
    ]
    return {digest for digest, _ in found}, {sop for _, sop in found}


def _received(count: int) -> Tally:
    return Counter({("studies_received", ()): count} if count > 0 else {})


def _accessions(study: Any) -> tuple[str | None, str | None]:
    return study.accession, study.issuer_accession


def _set_aside(session: Session, studies: Sequence[str], at: datetime) -> None:
    """End studies of mixed patients: no answer of theirs stays in force, and their pairs are due to go."""
    if studies:
        end = update(StudyRow).where(col(StudyRow.key).in_(studies))
        ended = {"state": StudyState.FAILED, "reason": Failure.MIXED_PATIENTS, "settled_at": at}
        session.connection().execute(end.values(**ended, revision=StudyRow.revision + 1))
        supersede(session, [(study, version) for study, version, _ in in_force(session, studies)], at=at)


def _whole_again(session: Session, arrivals: Iterable[Instance | Unreadable], known: Mapping[str, Any]) -> None:
    """A partial study of which anything comes, new or again, is taken to be on its way to whole."""
    given = {arrival.study for arrival in arrivals if isinstance(arrival, Instance)}
    flagged = [{"of": key, "so": False} for key in sorted(given) if key in known and known[key].partial]
    if flagged:
        session.connection().execute(_PARTIAL, flagged)


def _wake_reads(session: Session, candidates: Sequence[tuple[str, str | None, str | None]]) -> None:
    """Reads and results these studies are candidates of get another look, unless a surer match has placed them.

    One that came before its images now finds them; one placed by its accession may no longer have a single candidate.
    """
    if not candidates:
        return
    studies, accessions, issued = (sorted(set(values) - {None}) for values in zip(*candidates, strict=True))
    named = [
        col(column).in_(values)
        for column, values in zip(
            (ReadRow.study_uid, ReadRow.accession, ReadRow.issuer_accession), (studies, accessions, issued), strict=True
        )
        if values
    ]
    unplaced = col(ReadRow.method).is_(None) | col(ReadRow.method).not_in(FINAL_METHODS)
    session.connection().execute(update(ReadRow).where(or_(*named), unplaced).values(to_match=True))
    theirs: Any = col(ResultRow.study_uid).in_(studies)
    if issued:
        theirs |= col(ResultRow.issuer_accession).in_(issued)
    waiting = update(ResultRow).where(theirs, col(ResultRow.study).is_(None))
    session.connection().execute(waiting.values(to_match=True))
