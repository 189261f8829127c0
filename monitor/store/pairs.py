"""Matching, pairing and the cube that moves with them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from monitor.core.counts import cell
from monitor.core.pairing import Match, MatchMethod, Pair, Unmatched
from monitor.core.ports import Decide, Derive
from monitor.core.read import Read
from monitor.core.study import Prediction, Study
from monitor.store.database import Database
from monitor.store.records import pair_of, pair_row, prediction_of, read_of, study_of
from monitor.store.tables import CubeRow, PairRow, PredictionRow, ReadRow, StudyRow
from monitor.store.tally import Tally, beat, move

CUBE_KEY = ("day", "model", "version", "finding", "site", "manufacturer", "method", "visibility")
CUBE_COUNTS = ("tp", "fp", "fn", "tn", "uncertain")


class SqlPairs:
    """The `PairStore` port over a database."""

    database: Database

    def match_due(self, decide: Decide, *, limit: int) -> int:
        """See `PairStore.match_due`."""
        due = select(ReadRow).where(col(ReadRow.to_match)).order_by(col(ReadRow.received_at)).limit(limit)
        with self.database.reading() as session:
            if session.exec(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            rows = session.exec(due).all()
            for row in rows:
                read = read_of(row)
                _place(session, row, decide(read, _candidates(session, read)))
            return len(rows)

    def pair_due(self, derive: Derive, *, limit: int, at: datetime) -> int:
        """See `PairStore.pair_due`."""
        due = select(StudyRow).where(col(StudyRow.revision) > col(StudyRow.paired)).limit(limit)
        with self.database.reading() as session:
            if session.exec(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            rows = session.exec(due).all()
            moves: Counter[tuple[object, ...]] = Counter()
            tally: Tally = Counter()
            for row in rows:
                study = study_of(row)
                old = [pair_of(pair) for pair in session.exec(select(PairRow).where(PairRow.study == study.key))]
                new = derive(study, *_opinions(session, study))
                _replace(session, old, new)
                moves.update(_moves(old, new))
                tally += _events(old, new)
                row.paired = row.revision
                session.add(row)
            session.flush()
            self.database.add(session, CubeRow, _cube_rows(moves), *CUBE_COUNTS)
            move(self.database, session, tally)
            if rows:
                beat(self.database, session, "pair", at)
            return len(rows)


def _place(session: Session, row: ReadRow, outcome: Match | Unmatched) -> None:
    """Note where a read belongs; the study it left and the one it came to are due for pairing."""
    before = row.study
    row.to_match = False
    if isinstance(outcome, Match):
        row.study, row.method, row.unmatched = outcome.study, outcome.method, None
    else:
        row.study, row.method, row.unmatched = None, None, outcome
    for key in {before, row.study} - {None}:
        session.get_one(StudyRow, key).revision += 1


def _candidates(session: Session, read: Read) -> Sequence[Study]:
    shared = (
        (col(StudyRow.key), read.study_uid),
        (col(StudyRow.accession), read.accession),
        (col(StudyRow.issuer_accession), read.issuer_accession),
    )
    conditions = [column == value for column, value in shared if value is not None]
    if not conditions:
        return ()
    return [study_of(row) for row in session.exec(select(StudyRow).where(or_(*conditions)))]


def _opinions(session: Session, study: Study) -> tuple[list[Prediction], list[tuple[Read, MatchMethod]]]:
    predictions = session.exec(select(PredictionRow).where(PredictionRow.study == study.key))
    reads = session.exec(select(ReadRow).where(ReadRow.study == study.key))
    return (
        [prediction_of(row) for row in predictions],
        [(read_of(row), MatchMethod(row.method)) for row in reads if row.method is not None],
    )


def _identity(pair: Pair) -> tuple[str, str, str, str]:
    return pair.study, pair.model, pair.version, pair.finding


def _replace(session: Session, old: Sequence[Pair], new: Sequence[Pair]) -> None:
    for pair in set(old) - set(new):
        session.delete(session.get_one(PairRow, _identity(pair)))
    session.flush()
    session.add_all(pair_row(pair) for pair in new if pair not in old)


def _moves(old: Sequence[Pair], new: Sequence[Pair]) -> Counter[tuple[object, ...]]:
    moves: Counter[tuple[object, ...]] = Counter()
    for sign, pairs in ((-1, old), (1, new)):
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


def _events(old: Sequence[Pair], new: Sequence[Pair]) -> Tally:
    """Pairs counted for the first time or anew: what a counter may show, which never falls."""
    known = set(old)
    return Counter(
        ("pairs", (pair.model, pair.version, pair.finding, _outcome(pair))) for pair in new if pair not in known
    )


def _outcome(pair: Pair) -> str:
    counts = cell(call=pair.call, label=pair.label)
    return next(name for name in CUBE_COUNTS if getattr(counts, name))
