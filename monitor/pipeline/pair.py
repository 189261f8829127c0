"""Reads find their studies, and the two become pairs."""

from datetime import datetime

from monitor.core.pairing import match, pairs_of
from monitor.core.ports import PairStore

BATCH = 200


def pair_due(store: PairStore, *, at: datetime) -> int:
    """Match and pair everything that changed; returns how many reads and studies were looked at."""
    looked_at = 0
    while count := store.match_due(match, limit=BATCH):
        looked_at += count
    while count := store.pair_due(pairs_of, limit=BATCH, at=at):
        looked_at += count
    return looked_at
