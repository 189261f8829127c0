"""Studies in memory: the part of `MemoryStore` behind the `StudyStore` port."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.core.attempts import rest_after
from monitor.core.ports import Attempt, ModelVersion, Scored, Settlement, Unreadable
from monitor.core.quiet import Quiet
from monitor.core.study import Acquisition, Failure, Instance, Study, StudyState, begun_by


class MemoryStudies:
    """The `StudyStore` port over dictionaries."""

    def __init__(self) -> None:
        self._studies: dict[str, Study] = {}
        self._instances: dict[str, Instance] = {}
        self._conflicts: set[str] = set()
        self._not_before: dict[str, datetime] = {}
        self._settled_at: dict[str, datetime] = {}
        self._attempts: dict[str, Attempt] = {}
        self._scored: dict[str, tuple[Scored, ...]] = {}
        self._to_pair: dict[str, None] = {}

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """See `StudyStore.register`."""
        known = set(self._studies)
        for arrival in arrivals:
            self._attempts.pop(arrival.digest, None)
            if isinstance(arrival, Unreadable):
                if arrival.digest not in self._instances and arrival.digest not in self._studies:
                    self._studies[arrival.digest] = _failed(arrival)
                    self._settled_at[arrival.digest] = arrival.received_at
            elif arrival.digest not in self._instances:
                self._studies.pop(arrival.digest, None)
                self._register(arrival)
        for key in known & {arrival.study for arrival in arrivals if isinstance(arrival, Instance)}:
            self._studies[key] = replace(self._studies[key], partial=False)

    def claim(self, quiet: Quiet, *, at: datetime, limit: int, again: bool = False) -> Sequence[Study]:
        """See `StudyStore.claim`."""
        due = [
            study
            for study in self._pending()
            if study.last_instance_at <= at - quiet.of(study.acquisition.modality)
            and (study.attempts > 0) is again
            and not (again and self._not_before[study.key] > at)
        ]
        claimed = [replace(s, attempts=s.attempts + 1) for s in sorted(due, key=_by_last_instance)[:limit]]
        for study in claimed:
            self._studies[study.key] = study
            self._not_before[study.key] = at + rest_after(study.attempts)
        return claimed

    def instances_of(self, studies: Sequence[str]) -> Mapping[str, Sequence[Instance]]:
        """See `StudyStore.instances_of`."""
        found: dict[str, list[Instance]] = {study: [] for study in studies}
        for instance in sorted(self._instances.values(), key=lambda i: (i.series_number, i.instance_number, i.sop)):
            if instance.study in found and instance.digest not in self._conflicts:
                found[instance.study].append(_as_in(self._studies[instance.study], instance))
        return found

    def looked_at(self, studies: Sequence[str]) -> Mapping[tuple[str, ModelVersion], str]:
        """See `StudyStore.looked_at`."""
        answers = (scored.features for study in studies for scored in self._scored.get(study, ()))
        return {(seen.study, (seen.model, seen.version)): seen.instance for seen in answers}

    def settle(self, settlements: Sequence[Settlement], *, at: datetime) -> int:
        """See `StudyStore.settle`."""
        settled = 0
        for settlement in settlements:
            study = self._studies.get(settlement.study)
            if study is not None and study.state is StudyState.PENDING:
                self._studies[study.key] = replace(study, state=settlement.state, reason=settlement.reason)
                self._settled_at[study.key] = at
                before = self._scored.get(study.key, ())
                kept = tuple(s for s in before if (s.features.model, s.features.version) in settlement.kept)
                self._scored[study.key] = (*kept, *settlement.scored)
                if settlement.scored or len(kept) < len(before):
                    self._to_pair[study.key] = None
                settled += 1
        return settled

    def settled(self, digests: Sequence[str], *, keep_failed_since: datetime | None = None) -> Sequence[str]:
        """See `StudyStore.settled`."""
        return [digest for digest in digests if self._may_go(digest, keep_failed_since)]

    def mark_partial(self, digests: Sequence[str]) -> Sequence[str]:
        """See `StudyStore.mark_partial`."""
        for digest in digests:
            instance = self._instances.get(digest)
            study = None if instance is None else self._studies[instance.study]
            if instance is not None and study is not None and instance.received_at >= study.last_instance_at:
                self._studies[study.key] = replace(study, partial=True)
        return [digest for digest in digests if digest in self._instances or digest in self._studies]

    def attempts(self) -> Mapping[str, Attempt]:
        """See `StudyStore.attempts`."""
        return dict(self._attempts)

    def note_attempts(self, attempts: Sequence[Attempt]) -> None:
        """See `StudyStore.note_attempts`."""
        self._attempts |= {attempt.digest: attempt for attempt in attempts}

    def reopen(self, studies: Sequence[str]) -> int:
        """See `StudyStore.reopen`."""
        found = [self._studies[key] for key in studies if key in self._studies]
        closed = [s for s in found if s.state is not StudyState.PENDING and s.reason != Failure.MIXED_PATIENTS]
        for study in closed:
            self._studies[study.key] = replace(study, state=StudyState.PENDING, attempts=0)
        return len(closed)

    def _register(self, instance: Instance) -> None:
        conflict = any(known.sop == instance.sop for known in self._instances.values())
        self._instances[instance.digest] = instance
        if conflict:
            self._conflicts.add(instance.digest)
        study = self._studies.get(instance.study)
        if study is None:
            self._studies[instance.study] = begun_by(instance)
            self._wake(instance.study)
            return
        if study.reason == Failure.MIXED_PATIENTS:
            return
        if study.patient is None and instance.patient is not None:
            study = self._studies[study.key] = replace(study, patient=instance.patient)
            self._wake(study.key)
        if instance.patient not in {None, study.patient}:
            self._set_aside(study, instance.received_at)
        elif not conflict:
            last = max(study.last_instance_at, instance.received_at)
            self._studies[study.key] = replace(study, state=StudyState.PENDING, last_instance_at=last, attempts=0)

    def _set_aside(self, study: Study, at: datetime) -> None:
        self._studies[study.key] = replace(study, state=StudyState.FAILED, reason=Failure.MIXED_PATIENTS)
        self._settled_at[study.key] = at
        self._scored.pop(study.key, None)
        self._to_pair[study.key] = None

    def _wake(self, study: str) -> None:
        """Told of a study whose identifiers are new: reads may belong to it."""
        raise NotImplementedError

    def _pending(self) -> list[Study]:
        return [study for study in self._studies.values() if study.state is StudyState.PENDING]

    def _may_go(self, digest: str, keep_failed_since: datetime | None) -> bool:
        instance = self._instances.get(digest)
        study = self._studies.get(digest if instance is None else instance.study)
        if study is None or study.state is StudyState.PENDING:
            return False
        if keep_failed_since is None or study.state is not StudyState.FAILED:
            return True
        return self._settled_at[study.key] < keep_failed_since


def _by_last_instance(study: Study) -> tuple[datetime, datetime]:
    return study.last_instance_at, study.studied_at


def _as_in(study: Study, instance: Instance) -> Instance:
    return replace(instance, patient=study.patient, accession=study.accession, issuer_accession=study.issuer_accession)


def _failed(arrival: Unreadable) -> Study:
    return Study(
        key=arrival.digest,
        patient=None,
        accession=None,
        issuer_accession=None,
        acquisition=Acquisition(),
        studied_at=arrival.received_at,
        received_at=arrival.received_at,
        last_instance_at=arrival.received_at,
        state=StudyState.FAILED,
        reason=arrival.reason,
        attempts=arrival.attempts,
    )
