"""Quiet studies are scored by every model that accepts them, in batches, and settled."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.ports import Decoded, ImageSource, ModelVersion, Scored, Scorer, Settlement, StudyStore
from monitor.core.quiet import Quiet
from monitor.core.series import Pick, pick
from monitor.core.study import Exclusion, Failure, Instance, Study, StudyState

PixelsT = TypeVar("PixelsT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What each model is to look at in one study: an instance and why it, or why there is none."""

    study: Study
    by_model: tuple[Pick | Exclusion, ...]


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

    Each instance is decoded once for all models that want it alike; each model gets its studies as one batch. A model
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
        (made.instance.digest, scorer.voi): partial(source.decode, made.instance, voi=scorer.voi)
        for index, scorer in enumerate(scorers)
        for choice in asked[index]
        if isinstance(made := choice.by_model[index], Pick)
    }
    decoded = dict(zip(wanted, jails.map(partial.__call__, wanted.values()), strict=True))
    outcomes = {
        (scorer.model, scorer.version): _run(scorer, index, asked[index], decoded, now)
        for index, scorer in enumerate(scorers)
    }
    ended = []
    for study in studies:
        answers = {version: found[study.key] for version, found in outcomes.items() if study.key in found}
        earlier = [version for key, version in before if key == study.key]
        ended.append(conclude(study, answers, earlier))
    return [settlement for settlement in ended if settlement is not None]


def choose(study: Study, instances: Sequence[Instance], scorers: Sequence[Scorer[PixelsT]]) -> Chosen:
    """For each model the instance its rule picks, or the exclusion that came nearest to being accepted."""
    return Chosen(study=study, by_model=tuple(pick(scorer.series, instances, scorer.accepts) for scorer in scorers))


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
    made = choice.by_model[index]
    seen = before.get((choice.study.key, (scorer.model, scorer.version)))
    return isinstance(made, Pick) and seen == made.instance.digest


def _reason(word: str) -> Exclusion | Failure:
    return Exclusion(word) if word in set(Exclusion) else Failure(word)


def _run(
    scorer: Scorer[PixelsT],
    index: int,
    chosen: Sequence[Chosen],
    decoded: Mapping[tuple[str, bool], Decoded[PixelsT] | Exclusion | Failure],
    now: datetime,
) -> dict[str, Scored | Exclusion | Failure]:
    """One model's outcome for every study, by study key."""
    outcomes: dict[str, Scored | Exclusion | Failure] = {}
    batch: list[tuple[Study, Decoded[PixelsT]]] = []
    picks: list[Pick] = []
    for choice in chosen:
        made = choice.by_model[index]
        image = made if isinstance(made, Exclusion) else decoded[made.instance.digest, scorer.voi]
        if isinstance(made, Pick) and isinstance(image, Decoded):
            batch.append((choice.study, image))
            picks.append(made)
        elif not isinstance(image, Decoded):
            outcomes[choice.study.key] = image
    results = scorer.score(batch, scored_at=now) if batch else ()
    told = [_of(made, result) for made, result in zip(picks, results, strict=True)]
    return outcomes | {study.key: result for (study, _), result in zip(batch, told, strict=True)}


def _of(made: Pick, result: Scored | Failure) -> Scored | Failure:
    """The answer, with the object it is of and why that one was chosen."""
    if isinstance(result, Failure):
        return result
    return replace(result, features=replace(result.features, instance=made.instance.digest, chosen=made.reason))
