"""The store in memory: the same port, the same conformance suite, nothing kept. For tests and for trying things out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.counts import Counts, CountsRow, cell
from monitor.core.model import ModelCard
from monitor.core.pairing import FINAL_METHODS, HEADLINE_METHODS, Match, Pair, Unmatched
from monitor.core.ports import Decide, Derive, FeatureRow, Scored
from monitor.core.read import PatientMerge, QuarantineReason, Read, ReadStatus, SetAside, Taken
from monitor.core.status import PairsStatus, ReadsStatus, Status, StudiesStatus
from monitor.core.study import Failure, Study, StudyState
from monitor.core.verdict import Alarm, GroupDrift
from monitor.core.windows import Window
from monitor.store.cube import STRATA
from monitor.store.memory_results import MemoryResults
from monitor.store.memory_studies import MemoryStudies
from monitor.store.records import facts, finite

_PatientT = TypeVar("_PatientT", Study, Read)


class MemoryStore(MemoryStudies, MemoryResults):
    """Every `Store` port over dictionaries; single-threaded."""

    def __init__(self) -> None:
        super().__init__()
        self._reads: dict[str, Read] = {}
        self._outcomes: dict[str, Match | Unmatched] = {}
        self._quarantined: dict[str, QuarantineReason] = {}
        self._aliases: dict[str | None, str] = {}
        self._pairs: dict[str, tuple[Pair, ...]] = {}
        self._history: list[tuple[date, str, tuple[Pair, ...]]] = []
        self._to_match: dict[str, None] = {}
        self._evaluated: dict[date, tuple[GroupDrift, ...]] = {}
        self._alarms: list[Alarm] = []
        self._models: dict[tuple[str, str], ModelCard] = {}
        self._begin_results()

    def take(self, taken: Sequence[Taken]) -> int:
        """See `ReadStore.take`."""
        new = 0
        for one in taken:
            if isinstance(one, Read):
                new += one.key not in self._reads
                self._to_match |= {} if one.key in self._reads else {one.key: None}
                self._reads.setdefault(one.key, one)
            elif isinstance(one, SetAside):
                self._quarantined.setdefault(one.key, one.reason)
            else:
                self._merge(one)
        return new

    def add_read(self, read: Read) -> bool:
        """See `ReadStore.add_read`."""
        return bool(self.take([read]))

    def quarantine(self, key: str, source: str, reason: QuarantineReason, *, at: datetime) -> None:
        """See `ReadStore.quarantine`."""
        self.take([SetAside(key=key, source=source, reason=reason, at=at)])

    def match_due(self, decide: Decide, *, limit: int) -> int:
        """See `PairStore.match_due`."""
        due = list(self._to_match)[:limit]
        for key in due:
            del self._to_match[key]
            read = self._reads[key]
            before = self._outcomes.get(key)
            shared = [self._known(study) for study in self._studies.values() if _share(study, read)]
            outcome = decide(self._known(read), shared)
            self._outcomes[key] = outcome
            self._to_pair |= {found.study: None for found in (before, outcome) if isinstance(found, Match)}
        return len(due)

    def pair_due(self, derive: Derive, *, limit: int, at: datetime) -> int:
        """See `PairStore.pair_due`."""
        due = list(self._to_pair)[:limit]
        for key in due:
            del self._to_pair[key]
            predictions = [p for scored in self._scored.get(key, ()) for p in scored.predictions]
            predictions += [answer for (study, *_), answer in self._answers.items() if study == key]
            reads = [
                (self._reads[read], outcome.method)
                for read, outcome in self._outcomes.items()
                if isinstance(outcome, Match) and outcome.study == key
            ]
            self._pairs[key] = tuple(derive(self._studies[key], predictions, reads))
            self._history.append((at.astimezone(UTC).date(), key, self._pairs[key]))
        return len(due)

    def register_model(self, card: ModelCard) -> None:
        """See `ModelStore.register_model`."""
        self._models[card.model, card.version] = card

    def models(self) -> Sequence[ModelCard]:
        """See `ModelStore.models`."""
        return [self._models[key] for key in sorted(self._models)]

    def model_versions(self) -> Sequence[tuple[str, str]]:
        """See `EvaluationStore.model_versions`."""
        return sorted({(s.features.model, s.features.version) for s in self._all_scored()})

    def first_received(self, model: str, version: str) -> datetime | None:
        """See `EvaluationStore.first_received`."""
        scored = (s for s in self._all_scored() if (s.features.model, s.features.version) == (model, version))
        return min((self._studies[s.features.study].received_at for s in scored), default=None)

    def features(self, model: str, version: str, window: Window) -> Sequence[FeatureRow]:
        """See `EvaluationStore.features`."""
        wanted = [
            (self._studies[s.features.study], s)
            for s in self._all_scored()
            if (s.features.model, s.features.version) == (model, version)
            and window.first <= self._studies[s.features.study].day <= window.last
        ]
        wanted.sort(key=lambda pair: (pair[0].studied_at, pair[0].acquisition.site))
        return [
            FeatureRow(
                study=study.key,
                day=study.day,
                patient=study.patient,
                acquisition=facts(study.acquisition),
                statistics=finite(scored.features.statistics),
                histogram=scored.features.histogram,
                chosen=scored.features.chosen,
                scores={p.finding: p.score for p in scored.predictions},
                embedding=scored.features.embedding,
            )
            for study, scored in wanted
        ]

    def counts(
        self, window: Window | None = None, *, by: Sequence[str] = (), daily: bool = False, as_of: date | None = None
    ) -> Sequence[CountsRow]:
        """See `EvaluationStore.counts`."""
        unknown = set(by) - set(STRATA)
        if unknown:
            message = f"by={sorted(unknown)}: accepted are {', '.join(STRATA)}"
            raise ValueError(message)
        names = ("model", "version", "finding", *(["day"] if daily else []), *by)
        found: dict[tuple[object, ...], Counts] = {}
        for pair in self._all_pairs() if as_of is None else self._pairs_as_of(as_of):
            inside = window is None or window.first <= pair.day <= window.last
            if inside and pair.method in HEADLINE_METHODS:
                key = tuple(getattr(pair, name) for name in names)
                found[key] = found.get(key, Counts()) + cell(call=pair.call, label=pair.label)
        rows = [(dict(zip(names, key, strict=True)), found[key]) for key in sorted(found, key=str)]
        return [
            CountsRow(
                model=str(cells["model"]),
                version=str(cells["version"]),
                finding=str(cells["finding"]),
                day=cells.get("day"),  # type: ignore[arg-type]  # the pair's own day
                stratum={name: str(cells[name]) for name in by},
                counts=counts,
            )
            for cells, counts in rows
        ]

    def unsettled_before(self, moment: datetime) -> int:
        """See `EvaluationStore.unsettled_before`."""
        times = [study.received_at for study in self._pending()]
        times += [self._reads[key].received_at for key in self._to_match]
        times += [self._studies[key].received_at for key in self._to_pair]
        return sum(time < moment for time in times)

    def last_evaluated(self) -> date | None:
        """See `EvaluationStore.last_evaluated`."""
        return max(self._evaluated, default=None)

    def record_evaluation(
        self, day: date, *, at: datetime, drifts: Sequence[GroupDrift], alarms: Sequence[Alarm]
    ) -> None:
        """See `EvaluationStore.record_evaluation`."""
        del at
        if day in self._evaluated:
            return
        self._evaluated[day] = tuple(drifts)
        for alarm in alarms:
            if not any(_same_alarm(alarm, known) for known in self.alarms(open_only=True)):
                self._alarms.append(alarm)

    def clear_alarm(self, alarm: Alarm, *, at: datetime) -> None:
        """See `EvaluationStore.clear_alarm`."""
        self._alarms = [
            replace(known, cleared_at=at) if known.cleared_at is None and _same_alarm(alarm, known) else known
            for known in self._alarms
        ]

    def alarms(self, *, open_only: bool = False) -> Sequence[Alarm]:
        """See `EvaluationStore.alarms`."""
        return sorted((a for a in self._alarms if not open_only or a.cleared_at is None), key=lambda a: a.at)

    def drifts(self, window: Window | None = None) -> Sequence[GroupDrift]:
        """See `EvaluationStore.drifts`."""
        days = [day for day in self._evaluated if window is None or window.first <= day <= window.last]
        found = (drift for day in days for drift in self._evaluated[day])
        return sorted(found, key=lambda drift: (drift.day, drift.model, drift.version, drift.group))

    def status(self, *, now: datetime, waiting: int = 0) -> Status:
        """See `EvaluationStore.status`."""
        oldest = min((study.received_at for study in self._pending()), default=None)
        return Status(
            studies=self._studies_status(waiting),
            reads=self._reads_status(),
            pairs=self._pairs_status(),
            oldest_pending_seconds=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )

    def _wake(self, study: str) -> None:
        """Reads this study is a candidate of get another look."""
        self._to_match |= {
            read.key: None for read in self._reads.values() if self._may_move(read, self._studies[study])
        }
        self._wake_results(self._studies[study])

    def _merge(self, merge: PatientMerge) -> None:
        if self._now(merge.surviving) == merge.retired:  # merged back: no rings
            del self._aliases[merge.surviving]
        self._aliases[merge.retired] = merge.surviving
        apart = (key for key, found in self._outcomes.items() if found is Unmatched.PATIENT_DIFFERS)
        self._to_match |= dict.fromkeys(apart)

    def _known(self, one: _PatientT) -> _PatientT:
        """A study or read of the patient it is of after every merge."""
        return replace(one, patient=self._now(one.patient))

    def _now(self, patient: str | None) -> str | None:
        while patient in self._aliases:
            patient = self._aliases[patient]
        return patient

    def _may_move(self, read: Read, study: Study) -> bool:
        """Whether a new study may change where a read belongs: a match by study UID is final."""
        outcome = self._outcomes.get(read.key)
        final = isinstance(outcome, Match) and outcome.method in FINAL_METHODS
        return _share(study, read) and not final

    def _all_scored(self) -> Iterable[Scored]:
        return (scored for group in self._scored.values() for scored in group)

    def _all_pairs(self) -> Iterable[Pair]:
        return (pair for group in self._pairs.values() for pair in group)

    def _pairs_as_of(self, day: date) -> Iterable[Pair]:
        known = {key: pairs for learnt, key, pairs in self._history if learnt <= day}
        return (pair for pairs in known.values() for pair in pairs)

    def _studies_status(self, waiting: int) -> StudiesStatus:
        states = Counter((study.state, study.reason) for study in self._studies.values())

        def reasons(state: StudyState) -> dict[str, int]:
            return {str(reason): n for (known, reason), n in sorted(states.items(), key=str) if known is state}

        return StudiesStatus(
            received=len(self._studies) + waiting,
            scored=sum(reasons(StudyState.SCORED).values()),
            excluded=reasons(StudyState.EXCLUDED),
            failed=reasons(StudyState.FAILED),
            pending=len(self._pending()) + waiting,
            dead_letters=sum(
                study.state is StudyState.FAILED and study.attempts >= MOST_ATTEMPTS for study in self._studies.values()
            ),
            quarantined=states[StudyState.FAILED, Failure.MIXED_PATIENTS],
            partial=sum(study.partial for study in self._studies.values()),
            conflicts=len(self._conflicts),
        )

    def _reads_status(self) -> ReadsStatus:
        by_status = Counter(str(read.status) for read in self._reads.values())
        matched = sum(isinstance(outcome, Match) for outcome in self._outcomes.values())
        return ReadsStatus(
            received=len(self._reads) + len(self._quarantined),
            **{str(status): by_status[str(status)] for status in ReadStatus},
            quarantined=len(self._quarantined),
            unmatched=len(self._reads) - matched,
        )

    def _pairs_status(self) -> PairsStatus:
        by_match = Counter(str(pair.method) for pair in self._all_pairs() if pair.label is not None)
        counted = sum(by_match[str(method)] for method in HEADLINE_METHODS)
        return PairsStatus(counted=counted, by_match=dict(sorted(by_match.items())))


def _share(study: Study, read: Read) -> bool:
    shared = (
        (study.key, read.study_uid),
        (study.accession, read.accession),
        (study.issuer_accession, read.issuer_accession),
    )
    return any(mine is not None and mine == theirs for mine, theirs in shared)


def _same_alarm(one: Alarm, other: Alarm) -> bool:
    return (one.kind, one.model, one.version, one.subject) == (other.kind, other.model, other.version, other.subject)
