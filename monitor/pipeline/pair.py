"""Reads find their studies, and the two become pairs."""

from datetime import datetime
from typing import Protocol

from monitor.core.pairing import match, pairs_of, place
from monitor.core.ports import PairStore, ResultStore

BATCH = 200


class Store(PairStore, ResultStore, Protocol):
    """What matching and pairing need of the store."""


def pair_due(store: Store, *, at: datetime) -> int:
    """Match and pair everything that changed; returns how many reads, results and studies were looked at."""
    looked_at = 0
    while count := store.place_results(place, limit=BATCH):
        looked_at += count
    while count := store.match_due(match, limit=BATCH):
        looked_at += count
    while count := store.pair_due(pairs_of, limit=BATCH, at=at):
        looked_at += count
    return looked_at
