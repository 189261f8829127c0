"""What need not be kept is let go."""

from datetime import datetime

from monitor.core.ports import Spool, StudyStore

BATCH = 500


def release_settled(spool: Spool, store: StudyStore, *, keep_failed_since: datetime) -> int:
    """Let go of the bytes of objects whose study is settled; returns how many.

    Those of studies that failed since `keep_failed_since` stay, so that they can be worked on again.
    """
    held, released = spool.held_digests(), 0
    for start in range(0, len(held), BATCH):
        settled = store.settled(held[start : start + BATCH], keep_failed_since=keep_failed_since)
        spool.release(settled)
        released += len(settled)
    return released
