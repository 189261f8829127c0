"""What need not be kept is let go."""

from monitor.core.ports import Spool, StudyStore

BATCH = 500


def release_settled(spool: Spool, store: StudyStore) -> int:
    """Let go of the bytes of objects whose study is settled; returns how many."""
    held, released = spool.held_digests(), 0
    for start in range(0, len(held), BATCH):
        settled = store.settled(held[start : start + BATCH])
        spool.release(settled)
        released += len(settled)
    return released
