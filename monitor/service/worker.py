"""The worker: registers what arrived, scores what is quiet, lets go of what is settled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from monitor.core.model import ModelCard, Target
from monitor.inference.runner import TorchScorer, load_scorers
from monitor.pipeline.intake import take_in
from monitor.pipeline.retain import release_settled
from monitor.pipeline.shadow import score_quiet
from monitor.service import parsing, rooms
from monitor.service.clocks import clock_of
from monitor.service.running import Running, repeat

INTAKE_BATCH = 64
SCORE_BATCH = 32


def work(running: Running) -> None:
    """Run the worker role.

    Raises:
        PackageError: a model package is not what its model.toml says; nothing is scored then.
    """
    settings = running.settings
    scorers = load_scorers(rooms.models_dir(settings), settings.device)
    clock, store, spool = clock_of(settings.clock.file), rooms.open_store(settings), rooms.open_spool(settings)
    for scorer in scorers:
        store.register_model(card_of(scorer))
        store.audit("worker", "model_loaded", f"{scorer.model}/{scorer.version}", at=clock.now())
    jails = parsing.open_jails(settings)
    source = parsing.open_source(settings, spool, jails)
    quiet, historical = rooms.quiet_of(settings), timedelta(days=settings.study.historical_days) or None
    keep_failed = timedelta(days=settings.study.keep_failed_days)
    with ThreadPoolExecutor(parsing.JAILS) as pool:

        def once() -> int:
            now = clock.now()
            taken = take_in(spool, source, store, now=now, limit=INTAKE_BATCH, jails=pool)
            scored = score_quiet(
                store,
                source,
                scorers,
                now=clock.now(),
                quiet=quiet,
                limit=SCORE_BATCH,
                jails=pool,
                historical=historical,
            )
            return taken + scored + (release(now) if scored or taken else 0)

        def release(now: datetime) -> int:
            return release_settled(spool, store, keep_failed_since=now - keep_failed)

        release(clock.now())
        running.ready()
        running.log.info("started", models=[f"{scorer.model}/{scorer.version}" for scorer in scorers])
        repeat(running, once)
    jails.close()
    store.close()


def card_of(scorer: TorchScorer) -> ModelCard:
    """What the rest of the house knows of a model package."""
    manifest = scorer.package.manifest
    return ModelCard(
        model=scorer.model,
        version=scorer.version,
        title=manifest.title,
        findings=scorer.package.findings,
        targets=tuple(
            Target(finding=claim.finding, statistic=claim.statistic, at_least=claim.at_least)
            for claim in manifest.claims
        ),
    )
