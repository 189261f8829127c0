"""Scoring files at hand, without a store: what `overread models score` does."""

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.core.ports import Arrival, Decoded, Scored, Settlement
from monitor.core.study import Exclusion, Failure, Instance, Study, StudyState, begun_by
from monitor.inference.runner import Pixels, TorchScorer, load_scorers
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from monitor.pipeline.shadow import choose, settle
from monitor.service import parsing, rooms
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
    jails = parsing.open_jails(settings)
    try:
        with tempfile.TemporaryDirectory() as folder:
            spool = DiskSpool(Path(folder))
            source = parsing.open_source(settings, spool, jails)
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
        study = begun_by(instance)
        picks = choose(study, [instance], scorers).by_model
        outcomes = [
            made if isinstance(made, Exclusion) else _outcome(source.decode(instance, voi=s.voi), s, study, now)
            for made, s in zip(picks, scorers, strict=True)
        ]
        return _answer(settle(study, outcomes))
    finally:
        spool.release([digest])


def _outcome(
    image: Decoded[Pixels] | Exclusion | Failure, scorer: TorchScorer, study: Study, now: datetime
) -> Scored | Exclusion | Failure:
    return scorer.score([(study, image)], scored_at=now)[0] if isinstance(image, Decoded) else image


def _answer(settlement: Settlement) -> dict[str, Any]:
    if settlement.state is not StudyState.SCORED:
        return {"status": settlement.state, "reason": settlement.reason}
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
            for scored in settlement.scored
            for prediction in scored.predictions
        ],
    }
