"""Matching, pairing and the cube that moves with them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import TypeVar

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from monitor.core.counts import cell
from monitor.core.pairing import Match, MatchMethod, Pair, Referring, Unmatched
from monitor.core.ports import Decide, Derive
from monitor.core.read import Read
from monitor.core.result import Result
from monitor.core.study import Prediction, Study
from monitor.store.database import MOST_PARAMETERS, Database
from monitor.store.reads import canonical
from monitor.store.records import pair_of, pair_row, prediction_of, read_of, study_of
from monitor.store.tables import CubeMoveRow, CubeRow, PairRow, PredictionRow, ReadRow, StudyRow
from monitor.store.tally import Tally, beat, move

ReferringT = TypeVar("ReferringT", Read, Result)
CUBE_KEY = ("day", "model", "version", "finding", "site", "manufacturer", "method", "visibility")
PAIR_KEY = ("study", "model", "version", "finding")
SHARED = (("key", "study_uid"), ("accession", "accession"), ("issuer_accession", "issuer_accession"))
"""The identifiers a study and a read may share, by their names in each."""
CUBE_COUNTS = ("tp", "fp", "fn", "tn", "uncertain")


class SqlPairs:
    """The `PairStore` port over a database."""

    database: Database

    def match_due(self, decide: Decide, *, limit: int) -> int:
        """See `PairStore.match_due`."""
        most = min(limit, MOST_PARAMETERS)
        due = select(ReadRow).where(col(ReadRow.to_match)).order_by(col(ReadRow.received_at)).limit(most)
        with self.database.reading() as session:
            if session.exec(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            rows = session.exec(due).all()
            reads = [read_of(row) for row in rows]
            candidates = candidates_of(session, reads)
            cases = [(read, candidates(read)) for read in reads]
            patients = [study.patient for _, found in cases for study in found]
            now = canonical(session, patients + [read.patient for read, _ in cases])
            places = [_place(read.key, decide(*as_known(read, found, now))) for read, found in cases]
            touched = {row.study for row in rows} | {place["at"] for place in places}
            if places:
                session.connection().execute(_PLACE, places)
                again = update(StudyRow).where(col(StudyRow.key).in_(touched - {None}))
                session.connection().execute(again.values(revision=StudyRow.revision + 1))
            return len(rows)

    def pair_due(self, derive: Derive, *, limit: int, at: datetime) -> int:
        """See `PairStore.pair_due`."""
        most = min(limit, MOST_PARAMETERS)
        due = select(StudyRow).where(col(StudyRow.revision) > col(StudyRow.paired)).limit(most)
        with self.database.reading() as session:
            if session.exec(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            studies = [study_of(row) for row in session.exec(due)]
            keys = [study.key for study in studies]
            old = {pair_of(row) for row in session.exec(select(PairRow).where(col(PairRow.study).in_(keys)))}
            opinions = _opinions(session, keys)
            new = {pair for study in studies for pair in derive(study, *opinions(study.key))}
            self._replace(session, old - new, new - old, learnt=at.astimezone(UTC).date())
            paired = update(StudyRow).where(col(StudyRow.key).in_(keys)).values(paired=StudyRow.revision)
            session.connection().execute(paired)
            if keys:
                beat(self.database, session, "pair", at)
            return len(keys)

    def _replace(self, session: Session, gone: AbstractSet[Pair], come: AbstractSet[Pair], *, learnt: date) -> None:
        """Store the difference, and move the cube and the running counts by it; a counter never falls."""
        if gone:
            session.connection().execute(_DELETE, [{name: getattr(pair, name) for name in PAIR_KEY} for pair in gone])
        self.database.insert(session, PairRow, [pair_row(pair) for pair in come])
        moves = _cube_rows(_moves(gone, come))
        self.database.add(session, CubeRow, moves, *CUBE_COUNTS)
        self.database.add(session, CubeMoveRow, [{"learnt": learnt, **row} for row in moves], *CUBE_COUNTS)
        tally: Tally = Counter(("pairs", (pair.model, pair.version, pair.finding, _outcome(pair))) for pair in come)
        move(self.database, session, tally)


_PLACE = (
    update(ReadRow)
    .where(col(ReadRow.key) == bindparam("of"))
    .values(study=bindparam("at"), method=bindparam("by"), unmatched=bindparam("why"), to_match=False)
)
_DELETE = delete(PairRow).where(*(col(getattr(PairRow, name)) == bindparam(name) for name in PAIR_KEY))


def _place(read: str, outcome: Match | Unmatched) -> dict[str, str | None]:
    """Where a read belongs; the study it left and the one it came to are due for pairing."""
    if isinstance(outcome, Match):
        return {"of": read, "at": outcome.study, "by": outcome.method, "why": None}
    return {"of": read, "at": None, "by": None, "why": outcome}


def as_known(
    read: ReferringT, candidates: Sequence[Study], now: Callable[[str | None], str | None]
) -> tuple[ReferringT, Sequence[Study]]:
    """A read or result and its candidates with the patients they are of after every merge."""
    return replace(read, patient=now(read.patient)), [replace(one, patient=now(one.patient)) for one in candidates]


def candidates_of(session: Session, reads: Sequence[Referring]) -> Callable[[Referring], Sequence[Study]]:
    """A lookup of the studies that share an identifier with a read, over one query for each identifier."""
    found: dict[tuple[str, str | None], dict[str, Study]] = {}
    for mine, theirs in SHARED:
        wanted = {getattr(read, theirs) for read in reads} - {None}
        sharing = select(StudyRow).where(col(getattr(StudyRow, mine)).in_(wanted))
        for row in session.exec(sharing) if wanted else ():
            found.setdefault((theirs, getattr(row, mine)), {})[row.key] = study_of(row)

    def lookup(read: Referring) -> Sequence[Study]:
        shared: dict[str, Study] = {}
        for _, theirs in SHARED:
            shared |= found.get((theirs, getattr(read, theirs)), {})
        return list(shared.values())

    return lookup


Opinions = tuple[Sequence[Prediction], Sequence[tuple[Read, MatchMethod]]]


def _opinions(session: Session, studies: Sequence[str]) -> Callable[[str], Opinions]:
    """A lookup of a study's predictions and reads, over one query for each."""
    predictions: dict[str, list[Prediction]] = defaultdict(list)
    reads: dict[str, list[tuple[Read, MatchMethod]]] = defaultdict(list)
    for answer in session.exec(select(PredictionRow).where(col(PredictionRow.study).in_(studies))):
        predictions[answer.study].append(prediction_of(answer))
    for row in session.exec(select(ReadRow).where(col(ReadRow.study).in_(studies))):
        if row.study is not None and row.method is not None:
            reads[row.study].append((read_of(row), MatchMethod(row.method)))
    return lambda study: (predictions[study], reads[study])


def _moves(gone: AbstractSet[Pair], come: AbstractSet[Pair]) -> Counter[tuple[object, ...]]:
    moves: Counter[tuple[object, ...]] = Counter()
    for sign, pairs in ((-1, gone), (1, come)):
        for pair in pairs:
            key = tuple(getattr(pair, name) for name in CUBE_KEY)
            for name, count in asdict(cell(call=pair.call, label=pair.label)).items():
                moves[(*key, name)] += sign * int(count)
    return moves


def _cube_rows(moves: Counter[tuple[object, ...]]) -> list[dict[str, object]]:
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for (*key, name), count in sorted(moves.items(), key=str):
        blank = dict(zip(CUBE_KEY, key, strict=True)) | dict.fromkeys(CUBE_COUNTS, 0)
        rows.setdefault(tuple(key), blank)[str(name)] = count
    return [row for row in rows.values() if any(row[name] for name in CUBE_COUNTS)]


def _outcome(pair: Pair) -> str:
    counts = cell(call=pair.call, label=pair.label)
    return next(name for name in CUBE_COUNTS if getattr(counts, name))
