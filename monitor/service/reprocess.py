"""Studies are put back to work: what `overread studies reprocess` does."""

from dataclasses import dataclass

from monitor.core.ports import Clock
from monitor.core.study import Failure, StudyState
from monitor.ingest.spool import DiskSpool
from monitor.store.casebook import Wanted
from monitor.store.sql import SqlStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Reprocessed:
    """What came of a request: studies put back, and those that were not since their bytes are gone, or for good."""

    reopened: int = 0
    bytes_gone: int = 0
    quarantined: int = 0


def reprocess(store: SqlStore, spool: DiskSpool, clock: Clock, wanted: Wanted, *, asked: str) -> Reprocessed:
    """Put the settled studies that are looked for back to pending, where all their bytes are still in the spool.

    An object that could not be parsed arrives once more. What was asked and what came of it is audited.
    """
    settled = [s for s in store.find_studies(wanted) if s.state is not StudyState.PENDING]
    mixed = [study for study in settled if study.reason == Failure.MIXED_PATIENTS]
    open_to = [study for study in settled if study.reason != Failure.MIXED_PATIENTS]
    held = set(spool.held_digests())
    objects = store.digests_of([study.key for study in open_to])
    able = [study for study in open_to if held.issuperset(objects[study.key])]
    unread = [study for study in able if list(objects[study.key]) == [study.key]]
    for study in unread:
        spool.readmit(study.key, received_at=study.received_at)
    parsed = {study.key for study in able} - {study.key for study in unread}
    reopened = store.reopen(sorted(parsed)) + len(unread)
    store.audit("operator", "studies_reprocessed", f"{asked}: {reopened}", at=clock.now())
    return Reprocessed(reopened=reopened, bytes_gone=len(open_to) - len(able), quarantined=len(mixed))
