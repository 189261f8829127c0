"""The production AI's results in memory: a part of the store there."""

from collections.abc import Iterable, Sequence

from monitor.core.model import ModelCard
from monitor.core.pairing import Match, Unmatched
from monitor.core.ports import Place
from monitor.core.result import Result
from monitor.core.study import Prediction, Study
from monitor.store.results import prediction_of_result


class MemoryResults:
    """The `ResultStore` port over dictionaries."""

    _studies: dict[str, Study]
    _to_pair: dict[str, None]
    _models: dict[tuple[str, str], ModelCard]

    def _begin_results(self) -> None:
        self._results: dict[str, Result] = {}
        self._placed: dict[str, Match | Unmatched] = {}
        self._to_place: dict[str, None] = {}
        self._answers: dict[tuple[str, str, str, str], Prediction] = {}

    def add_results(self, results: Sequence[Result]) -> int:
        """See `ResultStore.add_results`."""
        new = {result.key: result for result in reversed(results) if result.key not in self._results}
        self._results |= new
        self._to_place |= dict.fromkeys(new)
        for result in new.values():
            key = result.model, result.version
            known = self._models[key].findings if key in self._models else ()
            findings = sorted({*known, *([result.finding] if result.finding else [])})
            title = f"{result.model} (production)"
            self._models[key] = ModelCard(model=key[0], version=key[1], title=title, findings=tuple(findings))
        return len(new)

    def place_results(self, place: Place, *, limit: int) -> int:
        """See `ResultStore.place_results`."""
        due = list(self._to_place)[:limit]
        for key in due:
            del self._to_place[key]
            result = self._results[key]
            found = self._placed[key] = place(result, list(self._sharing(result)))
            answer = prediction_of_result(result, found.study) if isinstance(found, Match) else None
            if answer is not None:
                where = answer.study, answer.model, answer.version, answer.finding
                if where not in self._answers or self._answers[where].scored_at <= answer.scored_at:
                    self._answers[where] = answer
                    self._to_pair[answer.study] = None
        return len(due)

    def _sharing(self, result: Result) -> Iterable[Study]:
        wanted = {result.study_uid, result.accession, result.issuer_accession} - {None}
        return (s for s in self._studies.values() if {s.key, s.accession, s.issuer_accession} & wanted)

    def _wake_results(self, study: Study) -> None:
        for result in self._results.values():
            named = {result.study_uid, result.issuer_accession} - {None}
            if not isinstance(self._placed.get(result.key), Match) and {study.key, study.issuer_accession} & named:
                self._to_place[result.key] = None
