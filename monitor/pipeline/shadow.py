"""Quiet studies are scored by every model that accepts them, in batches, and settled."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.ports import Decoded, ImageSource, ModelVersion, Scored, Scorer, Settlement, StudyStore
from monitor.core.quiet import Quiet
from monitor.core.study import Exclusion, Failure, Instance, Study, StudyState

PixelsT = TypeVar("PixelsT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What each model is to look at in one study: an instance, or why there is none."""

    study: Study
    by_model: tuple[Instance | Exclusion, ...]


def score_quiet(  # noqa: PLR0913  # the rooms a round needs, and its rules by keyword
    store: StudyStore,
    source: ImageSource[PixelsT],
    scorers: Sequence[Scorer[PixelsT]],
    *,
    now: datetime,
    quiet: Quiet,
    limit: int,
    jails: Executor,
    historical: timedelta | None = None,
) -> int:
    """Score studies that are quiet; returns how many were settled.

    Those never tried go together. One tried before goes alone: what fells a worker takes no other study with it twice.
    Studies taken longer than `historical` before they were received are excluded unseen.
    """
    settled = 0
    for again, most in ((False, limit), (True, 1)):
        studies = store.claim(quiet, at=now, limit=most, again=again)
        ended = {study.key: end for study in studies if (end := _unseen(study, historical)) is not None}
        looked_at = [study for study in studies if study.key not in ended]
        settlements = [*ended.values(), *_scored(store, source, scorers, looked_at, now=now, jails=jails)]
        settled += store.settle(settlements, at=now) if settlements else 0
    return settled


def _scored(
    store: StudyStore,
    source: ImageSource[PixelsT],
    scorers: Sequence[Scorer[PixelsT]],
    studies: Sequence[Study],
    *,
    now: datetime,
    jails: Executor,
) -> list[Settlement]:
    """How these studies end; one that is worth another try does not.

    Each instance is decoded once, however many models look at it; each model gets its studies as one batch. A model
    whose choice is what it chose before, when the study was scored already, is not asked again: its answer stands.
    """
    if not studies:
        return []
    keys = [study.key for study in studies]
    instances, before = store.instances_of(keys), store.looked_at(keys)
    chosen = [choose(study, instances[study.key], scorers) for study in studies]
    asked = [
        [choice for choice in chosen if not _stands(choice, index, scorer, before)]
        for index, scorer in enumerate(scorers)
    ]
    wanted = {
        pick.digest: pick
        for index, choices in enumerate(asked)
        for choice in choices
        if isinstance(pick := choice.by_model[index], Instance)
    }
    decoded = dict(zip(wanted, jails.map(source.decode, wanted.values()), strict=True))
    outcomes = [_run(scorer, index, asked[index], decoded, now) for index, scorer in enumerate(scorers)]
    versions = [(scorer.model, scorer.version) for scorer in scorers]
    ended = []
    for choice in chosen:
        key = choice.study.key
        told = zip(versions, outcomes, choice.by_model, strict=True)
        answers = {version: _of(outcome[key], pick) for version, outcome, pick in told if key in outcome}
        earlier = [version for study, version in before if study == key]
        ended.append(conclude(choice.study, answers, earlier))
    return [settlement for settlement in ended if settlement is not None]


def choose(study: Study, instances: Sequence[Instance], scorers: Sequence[Scorer[PixelsT]]) -> Chosen:
    """For each model the first instance it accepts, or the exclusion that came nearest to being accepted."""

    def pick(scorer: Scorer[PixelsT]) -> Instance | Exclusion:
        verdicts = [(scorer.accepts(instance), instance) for instance in instances]
        accepted = (instance for reason, instance in verdicts if reason is None)
        reasons = [reason for reason, _ in verdicts if reason is not None]
        nearest = max(reasons, key=lambda reason: reason.rank, default=Exclusion.UNSUPPORTED_SOP_CLASS)
        return next(accepted, nearest)

    return Chosen(study=study, by_model=tuple(pick(scorer) for scorer in scorers))


def conclude(
    study: Study, outcomes: Mapping[ModelVersion, Scored | Exclusion | Failure], earlier: Sequence[ModelVersion]
) -> Settlement | None:
    """How an attempt ends a study, or None where another try may end otherwise.

    Args:
        study: as it was claimed.
        outcomes: of the model versions that were asked.
        earlier: those that have an answer in force. It stands where the version was not asked, or was and the pixels
            are gone: there is nothing to be learnt anew.
    """
    passing = any(isinstance(outcome, Failure) and outcome.passing for outcome in outcomes.values())
    if passing and study.attempts < MOST_ATTEMPTS:
        return None
    kept = tuple(v for v in earlier if outcomes.get(v, Failure.BYTES_GONE) is Failure.BYTES_GONE)
    if kept:
        scored = tuple(outcome for outcome in outcomes.values() if isinstance(outcome, Scored))
        return Settlement(study=study.key, state=StudyState.SCORED, scored=scored, kept=kept)
    before = None if study.reason is None else _reason(study.reason)
    return settle(study, [before if o is Failure.BYTES_GONE and before else o for o in outcomes.values()])


def settle(study: Study, outcomes: Sequence[Scored | Exclusion | Failure]) -> Settlement:
    """What a study's outcomes amount to: scored if any model scored it, else failed, else excluded, with the reason."""
    scored = tuple(outcome for outcome in outcomes if isinstance(outcome, Scored))
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    exclusions = [outcome for outcome in outcomes if isinstance(outcome, Exclusion)]
    if scored:
        return Settlement(study=study.key, state=StudyState.SCORED, scored=scored)
    if failures:
        return Settlement(study=study.key, state=StudyState.FAILED, reason=failures[0])
    nearest = max(exclusions, key=lambda reason: reason.rank, default=Exclusion.UNSUPPORTED_SOP_CLASS)
    return Settlement(study=study.key, state=StudyState.EXCLUDED, reason=nearest)


def _unseen(study: Study, historical: timedelta | None) -> Settlement | None:
    """How a study ends without a look at it: nobody came back from the last try, or it was taken long ago."""
    if study.attempts > MOST_ATTEMPTS:
        return Settlement(study=study.key, state=StudyState.FAILED, reason=Failure.ABANDONED)
    if historical is not None and study.received_at - study.studied_at > historical:
        return Settlement(study=study.key, state=StudyState.EXCLUDED, reason=Exclusion.HISTORICAL)
    return None


def _stands(
    choice: Chosen, index: int, scorer: Scorer[PixelsT], before: Mapping[tuple[str, ModelVersion], str]
) -> bool:
    """Whether a model has answered already on the very object it would choose now."""
    pick = choice.by_model[index]
    seen = before.get((choice.study.key, (scorer.model, scorer.version)))
    return isinstance(pick, Instance) and seen == pick.digest


def _of(outcome: Scored | Exclusion | Failure, pick: Instance | Exclusion) -> Scored | Exclusion | Failure:
    """An outcome that says which object it is of."""
    if isinstance(outcome, Scored) and isinstance(pick, Instance):
        return replace(outcome, features=replace(outcome.features, instance=pick.digest))
    return outcome


def _reason(word: str) -> Exclusion | Failure:
    return Exclusion(word) if word in set(Exclusion) else Failure(word)


def _run(
    scorer: Scorer[PixelsT],
    index: int,
    chosen: Sequence[Chosen],
    decoded: Mapping[str, Decoded[PixelsT] | Exclusion | Failure],
    now: datetime,
) -> dict[str, Scored | Exclusion | Failure]:
    """One model's outcome for every study, by study key."""
    outcomes: dict[str, Scored | Exclusion | Failure] = {}
    batch: list[tuple[Study, Decoded[PixelsT]]] = []
    for choice in chosen:
        pick = choice.by_model[index]
        image = pick if isinstance(pick, Exclusion) else decoded[pick.digest]
        if isinstance(image, Decoded):
            batch.append((choice.study, image))
        else:
            outcomes[choice.study.key] = image
    results = scorer.score(batch, scored_at=now) if batch else ()
    return outcomes | {study.key: result for (study, _), result in zip(batch, results, strict=True)}
