"""Matching, pairing and the cube that moves with them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, or_, select, update
from sqlmodel import Session, col

from monitor.core.counts import cell
from monitor.core.pairing import Match, MatchMethod, Pair, Referring, Unmatched
from monitor.core.ports import Decide, Derive
from monitor.core.read import Read
from monitor.core.result import Result
from monitor.core.study import Prediction, Study
from monitor.store.database import MOST_PARAMETERS, Database, columns_of
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
        due = _TO_MATCH.limit(min(limit, MOST_PARAMETERS))
        if not self._any(_ONE_TO_MATCH):
            return 0
        with self.database.writing() as session:
            rows = session.connection().execute(due).all()
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
        due = _TO_PAIR.limit(min(limit, MOST_PARAMETERS))
        if not self._any(_ONE_TO_PAIR):
            return 0
        with self.database.writing() as session:
            studies = [study_of(row) for row in session.connection().execute(due)]
            keys = [study.key for study in studies]
            old = {pair_of(row) for row in session.connection().execute(_PAIRS.where(col(PairRow.study).in_(keys)))}
            opinions = _opinions(session, keys)
            new = {pair for study in studies for pair in derive(study, *opinions(study.key))}
            self._replace(session, old - new, new - old, learnt=at.astimezone(UTC).date())
            paired = update(StudyRow).where(col(StudyRow.key).in_(keys)).values(paired=StudyRow.revision)
            session.connection().execute(paired)
            if keys:
                beat(self.database, session, "pair", at)
            return len(keys)

    def _any(self, query: Any) -> bool:
        """Whether there is work: asked without the writer's place, since most rounds find none."""
        with self.database.reading() as session:
            return session.connection().execute(query).first() is not None

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


_TO_MATCH = columns_of(ReadRow).where(col(ReadRow.to_match)).order_by(col(ReadRow.received_at))
_ONE_TO_MATCH = select(col(ReadRow.key)).where(col(ReadRow.to_match)).limit(1)
_TO_PAIR = columns_of(StudyRow).where(col(StudyRow.revision) > col(StudyRow.paired))
_ONE_TO_PAIR = select(col(StudyRow.key)).where(col(StudyRow.revision) > col(StudyRow.paired)).limit(1)
_STUDIES, _PAIRS = columns_of(StudyRow), columns_of(PairRow)
_ANSWERS, _READS = columns_of(PredictionRow), columns_of(ReadRow)
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
    """A lookup of the studies that share an identifier with a read or result, over one query."""
    found: dict[tuple[str, str | None], dict[str, Study]] = defaultdict(dict)
    wanted = {mine: {getattr(read, theirs) for read in reads} - {None} for mine, theirs in SHARED}
    sharing = [col(getattr(StudyRow, mine)).in_(values) for mine, values in wanted.items() if values]
    for row in session.connection().execute(_STUDIES.where(or_(*sharing))) if sharing else ():
        study = study_of(row)
        for mine, theirs in SHARED:
            found[theirs, getattr(row, mine)][study.key] = study

    def lookup(read: Referring) -> Sequence[Study]:
        shared: dict[str, Study] = {}
        for _, theirs in SHARED:
            named = getattr(read, theirs)
            shared |= {} if named is None else found.get((theirs, named), {})
        return list(shared.values())

    return lookup


Opinions = tuple[Sequence[Prediction], Sequence[tuple[Read, MatchMethod]]]


def _opinions(session: Session, studies: Sequence[str]) -> Callable[[str], Opinions]:
    """A lookup of a study's predictions and reads, over one query for each."""
    predictions: dict[str, list[Prediction]] = defaultdict(list)
    reads: dict[str, list[tuple[Read, MatchMethod]]] = defaultdict(list)
    for answer in session.connection().execute(_ANSWERS.where(col(PredictionRow.study).in_(studies))):
        predictions[answer.study].append(prediction_of(answer))
    for row in session.connection().execute(_READS.where(col(ReadRow.study).in_(studies))):
        if row.method is not None:
            reads[row.study].append((read_of(row), MatchMethod(row.method)))
    return lambda study: (predictions[study], reads[study])


def _moves(gone: AbstractSet[Pair], come: AbstractSet[Pair]) -> Counter[tuple[object, ...]]:
    moves: Counter[tuple[object, ...]] = Counter()
    for sign, pairs in ((-1, gone), (1, come)):
        for pair in pairs:
            moves[*(getattr(pair, name) for name in CUBE_KEY), _outcome(pair)] += sign
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
