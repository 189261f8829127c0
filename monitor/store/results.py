"""The production AI's own answers: kept as they came, and predictions once their study is there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, func, select

from monitor.core.model import ModelCard
from monitor.core.pairing import Match
from monitor.core.ports import Place
from monitor.core.result import Result, ResultStatus
from monitor.core.study import Prediction
from monitor.store.database import MOST_PARAMETERS, Database
from monitor.store.models import card_row
from monitor.store.pairs import as_known, candidates_of
from monitor.store.reads import canonical
from monitor.store.records import prediction_row
from monitor.store.tables import ModelRow, PredictionRow, ResultRow, StudyRow
from monitor.store.tally import beat, move


class SqlResults:
    """The `ResultStore` port over a database."""

    database: Database

    def add_results(self, results: Sequence[Result]) -> int:
        """See `ResultStore.add_results`."""
        first = {result.key: result for result in reversed(results)}
        if not first:
            return 0
        with self.database.writing() as session:
            for key in session.exec(select(ResultRow.key).where(col(ResultRow.key).in_(list(first)))):
                del first[key]
            new = list(reversed(first.values()))
            self.database.insert(session, ResultRow, [_row(result) for result in new])
            _register(self.database, session, new)
            if new:
                beat(self.database, session, "result", max(result.received_at for result in new))
            return len(new)

    def place_results(self, place: Place, *, limit: int) -> int:
        """See `ResultStore.place_results`."""
        most = min(limit, MOST_PARAMETERS)
        due = select(ResultRow).where(col(ResultRow.to_match)).order_by(col(ResultRow.received_at)).limit(most)
        with self.database.reading() as session:
            if session.exec(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            results = [_result(row) for row in session.exec(due)]
            candidates = candidates_of(session, results)
            cases = [(result, candidates(result)) for result in results]
            patients = [study.patient for _, found in cases for study in found]
            now = canonical(session, patients + [result.patient for result in results])
            placed = [(result, place(*as_known(result, found, now))) for result, found in cases]
            if placed:
                session.connection().execute(_PLACE, [_placing(result, found) for result, found in placed])
            self._predict(session, [(r, found.study) for r, found in placed if isinstance(found, Match)])
            return len(results)

    def results_by_status(self) -> Mapping[str, int]:
        """How many answers of each status there are, and how many wait for their study (`waiting`)."""
        by_status = select(ResultRow.status, func.count()).group_by(ResultRow.status)
        waiting = select(func.count()).where(col(ResultRow.study).is_(None))
        with self.database.reading() as session:
            found = dict(session.exec(by_status).all())
            counts = {str(status): found.get(status, 0) for status in ResultStatus}
            return counts | {"waiting": session.exec(waiting).one()}

    def _predict(self, session: Session, placed: Sequence[tuple[Result, str]]) -> None:
        """Placed answers become predictions, unless a later one of the same finding is there already."""
        latest: dict[tuple[str, ...], tuple[Prediction, Result]] = {}
        for result, study in sorted(placed, key=lambda one: (one[0].signed_at, one[0].key)):
            answer = prediction_of_result(result, study)
            if answer is not None:
                latest[study, answer.model, answer.version, answer.finding] = answer, result
        keys = {study for study, *_ in latest}
        known = select(PredictionRow).where(col(PredictionRow.study).in_(keys))
        there = {
            (row.study, row.model, row.version, row.finding): row.scored_at
            for row in (session.exec(known) if keys else ())
        }
        new = [answer for key, (answer, _) in latest.items() if key not in there or there[key] <= answer.scored_at]
        self.database.put(session, PredictionRow, [prediction_row(answer) for answer in new])
        move(
            self.database,
            session,
            Counter(("predictions", (a.model, a.version, "positive" if a.call else "negative")) for a in new),
        )
        if keys:
            again = update(StudyRow).where(col(StudyRow.key).in_(keys)).values(revision=StudyRow.revision + 1)
            session.connection().execute(again)


_PLACE = (
    update(ResultRow)
    .where(col(ResultRow.key) == bindparam("of"))
    .values(study=bindparam("at"), unmatched=bindparam("why"), to_match=False)
)


def _placing(result: Result, found: object) -> dict[str, str | None]:
    if isinstance(found, Match):
        return {"of": result.key, "at": found.study, "why": None}
    return {"of": result.key, "at": None, "why": str(found)}


def prediction_of_result(result: Result, study: str) -> Prediction | None:
    """The prediction an answer is; None where there is no answer. A call without a score is as sure as can be."""
    finding, call = result.finding, result.call
    if result.status is not ResultStatus.OK or finding is None or call is None:
        return None
    return Prediction(
        study=study,
        model=result.model,
        version=result.version,
        finding=finding,
        score=float(call) if result.score is None else result.score,
        operating_point=result.operating_point,
        call=call,
        scored_at=result.signed_at,
        shown_at=result.shown_at,
        opened_at=result.opened_at,
    )


def _row(result: Result) -> dict[str, object]:
    return asdict(result) | {"study": None, "unmatched": None, "to_match": True}


def _result(row: ResultRow) -> Result:
    given = {field.name: getattr(row, field.name) for field in fields(Result)}
    return Result(**given | {"status": ResultStatus(row.status)})


def _register(database: Database, session: Session, results: Sequence[Result]) -> None:
    """Keep a card of every version that answered, with the findings seen so far."""
    seen: dict[tuple[str, str], set[str]] = {}
    for result in results:
        found = seen.setdefault((result.model, result.version), set())
        found |= {result.finding} - {None}  # type: ignore[arg-type]  # taken out just here
    for (model, version), findings in sorted(seen.items()):
        known = session.get(ModelRow, (model, version))
        every = sorted(findings | set(known.findings if known else ()))
        card = ModelCard(model=model, version=version, title=f"{model} (production)", findings=tuple(every))
        if known is None or every != known.findings:
            database.put(session, ModelRow, [card_row(card)])
