"""What a person looks into: reads without a study, what was set aside, what changed after it was said."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from monitor.core.counts import Counts
from monitor.core.errors import UsageError
from monitor.core.pairing import HEADLINE_METHODS, MatchMethod
from monitor.core.read import Change, Read, ReadStatus, changes
from monitor.store.audit import append
from monitor.store.database import Database
from monitor.store.pairs import CUBE_COUNTS
from monitor.store.records import read_of
from monitor.store.tables import CubeMoveRow, EvaluationRow, QuarantineRow, ReadRow, StudyRow

PAGE = 1000


class UnknownReadError(UsageError):
    """There is no such read, or no such study."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A read without a study: why, and the studies that it could be of."""

    read: Read
    reason: str | None
    candidates: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Restatement:
    """By how much a day's headline counts moved on `learnt`, after that day had been judged."""

    day: date
    learnt: date
    model: str
    version: str
    finding: str
    moved: Counts


class SqlResolution:
    """Questions about single reads and about the past."""

    database: Database

    def unmatched_reads(self, limit: int) -> Sequence[Waiting]:
        """Reads without a study, the latest first."""
        query = select(ReadRow).where(col(ReadRow.study).is_(None)).order_by(col(ReadRow.received_at).desc())
        with self.database.reading() as session:
            return [
                Waiting(read=read_of(row), reason=row.unmatched, candidates=_candidates(session, row))
                for row in session.exec(query.limit(limit))
            ]

    def recent_reads(self, limit: int) -> Sequence[tuple[Read, str | None]]:
        """The reads received last, the latest first, each with its study."""
        query = select(ReadRow).order_by(col(ReadRow.received_at).desc(), col(ReadRow.key)).limit(limit)
        with self.database.reading() as session:
            return [(read_of(row), row.study) for row in session.exec(query)]

    def quarantined(self) -> Mapping[tuple[str, str], int]:
        """How many messages were set aside, by source and reason."""
        query = select(QuarantineRow.source, QuarantineRow.reason, func.count())
        with self.database.reading() as session:
            rows = session.exec(query.group_by(col(QuarantineRow.source), col(QuarantineRow.reason)))
            return {(source, reason): n for source, reason, n in rows}

    def match_yields(self) -> Mapping[str, float]:
        """The share of each source's reads that found their study."""
        query = select(ReadRow.source, func.count(), func.count(col(ReadRow.study))).group_by(ReadRow.source)
        with self.database.reading() as session:
            return {source: found / n for source, n, found in session.exec(query)}

    def link_read(self, read: str, study: str, *, actor: str, at: datetime) -> None:
        """Say which study a read is of; no rule moves it again. Audited in the same transaction.

        Raises:
            UnknownReadError: there is no such read or no such study.
        """
        with self.database.writing() as session:
            row = session.get(ReadRow, read)
            if row is None or session.get(StudyRow, study) is None:
                what = f"read {read!r}" if row is None else f"study {study!r}"
                message = f"{what} is not known; accepted: a key that `overread reads list` or `studies list` shows"
                raise UnknownReadError(message)
            touched = [key for key in (row.study, study) if key is not None]
            row.study, row.method, row.unmatched, row.to_match = study, MatchMethod.LINKED, None, False
            session.add(row)
            session.flush()
            again = update(StudyRow).where(col(StudyRow.key).in_(touched))
            session.connection().execute(again.values(revision=StudyRow.revision + 1))
            append(session, actor, "read_linked", f"{read} {study}", at=at)

    def preliminary_changes(self) -> Mapping[Change, int]:
        """How often each finding went from what to what between the preliminary and the final report."""
        begun = select(ReadRow.study).where(ReadRow.status == ReadStatus.PRELIMINARY, col(ReadRow.study).is_not(None))
        query = select(ReadRow).where(col(ReadRow.study).in_(begun)).order_by(col(ReadRow.study))
        counted: Counter[Change] = Counter()
        with self.database.reading() as session:
            rows = session.exec(query.execution_options(yield_per=PAGE))
            for _, versions in groupby(rows, key=lambda row: row.study):
                counted.update(changes([read_of(row) for row in versions]))
        return counted

    def restatements(self) -> Sequence[Restatement]:
        """Headline counts of judged days that moved after they were judged, oldest first."""
        keys = (CubeMoveRow.day, CubeMoveRow.learnt, CubeMoveRow.model, CubeMoveRow.version, CubeMoveRow.finding)
        sums = [func.sum(col(getattr(CubeMoveRow, name))) for name in CUBE_COUNTS]
        query = (
            select(*keys, *sums)  # type: ignore[call-overload]  # more columns than its overloads know
            .join(EvaluationRow, col(EvaluationRow.day) == CubeMoveRow.day)
            .where(col(CubeMoveRow.method).in_(HEADLINE_METHODS), CubeMoveRow.learnt > func.date(EvaluationRow.at))
            .group_by(*keys)
            .order_by(*keys)
        )
        with self.database.reading() as session:
            found = [
                Restatement(
                    day=day,
                    learnt=learnt,
                    model=model,
                    version=version,
                    finding=finding,
                    moved=Counts(**dict(zip(CUBE_COUNTS, map(int, moved), strict=True))),
                )
                for day, learnt, model, version, finding, *moved in session.exec(query)
            ]
        return [one for one in found if one.moved != Counts()]


def _candidates(session: Session, row: ReadRow) -> tuple[str, ...]:
    """Studies that share an accession with a read."""
    shared = [
        (col(StudyRow.accession), row.accession),
        (col(StudyRow.issuer_accession), row.issuer_accession),
    ]
    found: dict[str, None] = {}
    for column, value in shared:
        if value is not None:
            found |= dict.fromkeys(session.exec(select(StudyRow.key).where(column == value).limit(20)))
    return tuple(found)
