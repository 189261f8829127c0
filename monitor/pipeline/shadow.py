"""Quiet studies are scored by every model that accepts them, in batches, and settled."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.core.ports import Decoded, ImageSource, Scored, Scorer, Settlement, StudyStore
from monitor.core.study import Exclusion, Failure, Instance, Study, StudyState

PixelsT = TypeVar("PixelsT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What each model is to look at in one study: an instance, or why there is none."""

    study: Study
    by_model: tuple[Instance | Exclusion, ...]


def score_quiet(
    store: StudyStore,
    source: ImageSource[PixelsT],
    scorers: Sequence[Scorer[PixelsT]],
    *,
    now: datetime,
    quiet: timedelta,
    limit: int,
    jails: Executor,
) -> int:
    """Score studies whose last instance came `quiet` ago or earlier; returns how many were settled.

    Each instance is decoded once, however many models look at it; each model gets its studies as one batch; all
    outcomes are stored in one transaction.
    """
    studies = store.ready(quiet_since=now - quiet, limit=limit)
    if not studies:
        return 0
    chosen = [choose(study, store.instances(study.key), scorers) for study in studies]
    wanted = {pick.digest: pick for choice in chosen for pick in choice.by_model if isinstance(pick, Instance)}
    decoded = dict(zip(wanted, jails.map(source.decode, wanted.values()), strict=True))
    outcomes = [_run(scorer, index, chosen, decoded, now) for index, scorer in enumerate(scorers)]
    settlements = [settle(choice.study, [outcome[choice.study.key] for outcome in outcomes]) for choice in chosen]
    return store.settle(settlements, at=now)


def choose(study: Study, instances: Sequence[Instance], scorers: Sequence[Scorer[PixelsT]]) -> Chosen:
    """For each model the first instance it accepts, or the exclusion that came nearest to being accepted."""

    def pick(scorer: Scorer[PixelsT]) -> Instance | Exclusion:
        verdicts = [(scorer.accepts(instance), instance) for instance in instances]
        accepted = (instance for reason, instance in verdicts if reason is None)
        reasons = [reason for reason, _ in verdicts if reason is not None]
        nearest = max(reasons, key=lambda reason: reason.rank, default=Exclusion.UNSUPPORTED_SOP_CLASS)
        return next(accepted, nearest)

    return Chosen(study=study, by_model=tuple(pick(scorer) for scorer in scorers))


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
