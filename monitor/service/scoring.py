"""Scoring files at hand, without a store: what `overread models score` does."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.core.ports import Arrival, Decoded, Scored
from monitor.core.study import Instance, begun_by
from monitor.inference.runner import TorchScorer, load_scorers
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from monitor.service import rooms
from monitor.service.clocks import SystemClock
from monitor.settings import Settings


def score_files(settings: Settings, path: Path) -> Iterator[dict[str, Any]]:
    """Score a file, or every file of a folder, in order of name.

    Yields:
        `{"file", "status": "scored", "predictions": [{"model", "version", "finding", "score", "call"}]}`, or with
        `"status": "excluded" | "failed"` and a `"reason"`. The file's bytes are linked or copied into a spool of their
        own, parsed and decoded in a jail as a received one is.
    """
    scorers = load_scorers(rooms.models_dir(settings), settings.device)
    files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    jails = rooms.open_jails(settings)
    try:
        with tempfile.TemporaryDirectory() as folder:
            spool = DiskSpool(Path(folder))
            source = rooms.open_source(settings, spool, jails)
            for file in files:
                yield {"file": str(file), **_score(file, spool, source, scorers)}
    finally:
        jails.close()


def _score(file: Path, spool: DiskSpool, source: JailedSource, scorers: list[TorchScorer]) -> dict[str, Any]:
    content, now = file.read_bytes(), SystemClock().now()
    digest = hashlib.sha256(content).hexdigest()
    spool.write((content,), received_at=now)
    (arrival,) = spool.arrivals(1)
    instance = source.parse(Arrival(digest=digest, path=arrival.path, received_at=now))
    spool.hold(arrival)
    try:
        if not isinstance(instance, Instance):
            return {"status": "failed", "reason": instance}
        refusals = {scorer.model: scorer.accepts(instance) for scorer in scorers}
        willing = [scorer for scorer in scorers if refusals[scorer.model] is None]
        if not willing:
            reasons = [reason for reason in refusals.values() if reason is not None]
            return {"status": "excluded", "reason": max(reasons, key=lambda reason: reason.rank, default=None)}
        decoded = source.decode(instance)
        if not isinstance(decoded, Decoded):
            return {"status": "failed", "reason": decoded}
        study = begun_by(instance)
        results = [scorer.score([(study, decoded)], scored_at=now)[0] for scorer in willing]
        return _answer(results)
    finally:
        spool.release([digest])


def _answer(results: list[Any]) -> dict[str, Any]:
    scored = [result for result in results if isinstance(result, Scored)]
    if not scored:
        return {"status": "failed", "reason": results[0]}
    return {
        "status": "scored",
        "predictions": [
            {
                "model": prediction.model,
                "version": prediction.version,
                "finding": prediction.finding,
                "score": prediction.score,
                "call": prediction.call,
            }
            for result in scored
            for prediction in result.predictions
        ],
    }
