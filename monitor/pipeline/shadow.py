"""Quiet studies are scored by every model that accepts them, in batches, and settled."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from monitor.core.ports import Decoded, ImageSource, Scored, Scorer, Settlement, StudyStore
from monitor.core.series import Pick, pick
from monitor.core.study import Exclusion, Failure, Instance, Study, StudyState

PixelsT = TypeVar("PixelsT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What each model is to look at in one study: an instance and why it, or why there is none."""

    study: Study
    by_model: tuple[Pick | Exclusion, ...]


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

    Each instance is decoded once for all models that want it alike; each model gets its studies as one batch; all
    outcomes are stored in one transaction.
    """
    studies = store.ready(quiet_since=now - quiet, limit=limit)
    if not studies:
        return 0
    chosen = [choose(study, store.instances(study.key), scorers) for study in studies]
    wanted = {
        (made.instance.digest, scorer.voi): partial(source.decode, made.instance, voi=scorer.voi)
        for choice in chosen
        for made, scorer in zip(choice.by_model, scorers, strict=True)
        if isinstance(made, Pick)
    }
    decoded = dict(zip(wanted, jails.map(partial.__call__, wanted.values()), strict=True))
    outcomes = [_run(scorer, index, chosen, decoded, now) for index, scorer in enumerate(scorers)]
    settlements = [settle(choice.study, [outcome[choice.study.key] for outcome in outcomes]) for choice in chosen]
    return store.settle(settlements, at=now)


def choose(study: Study, instances: Sequence[Instance], scorers: Sequence[Scorer[PixelsT]]) -> Chosen:
    """For each model the instance its rule picks, or the exclusion that came nearest to being accepted."""
    return Chosen(study=study, by_model=tuple(pick(scorer.series, instances, scorer.accepts) for scorer in scorers))


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
    decoded: Mapping[tuple[str, bool], Decoded[PixelsT] | Exclusion | Failure],
    now: datetime,
) -> dict[str, Scored | Exclusion | Failure]:
    """One model's outcome for every study, by study key."""
    outcomes: dict[str, Scored | Exclusion | Failure] = {}
    batch: list[tuple[Study, Decoded[PixelsT]]] = []
    reasons: list[str] = []
    for choice in chosen:
        made = choice.by_model[index]
        image = made if isinstance(made, Exclusion) else decoded[made.instance.digest, scorer.voi]
        if isinstance(made, Pick) and isinstance(image, Decoded):
            batch.append((choice.study, image))
            reasons.append(made.reason)
        elif not isinstance(image, Decoded):
            outcomes[choice.study.key] = image
    results = scorer.score(batch, scored_at=now) if batch else ()
    told = [_explained(result, reason) for result, reason in zip(results, reasons, strict=True)]
    return outcomes | {study.key: result for (study, _), result in zip(batch, told, strict=True)}


def _explained(result: Scored | Failure, reason: str) -> Scored | Failure:
    """The answer, with why its image was chosen."""
    return replace(result, features=replace(result.features, chosen=reason)) if isinstance(result, Scored) else result
