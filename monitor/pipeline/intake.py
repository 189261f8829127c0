"""Received objects become registered instances."""

from concurrent.futures import Executor
from typing import Any

from monitor.core.ports import Arrival, ImageSource, Spool, StudyStore, Unreadable
from monitor.core.study import Failure, Instance


def take_in(spool: Spool, source: ImageSource[Any], store: StudyStore, *, limit: int, jails: Executor) -> int:
    """Parse and register what has arrived; returns how many objects were looked at.

    An object is held only after its row is committed: a crash in between registers it again, which changes nothing.
    """
    arrivals = spool.arrivals(limit)
    if not arrivals:
        return 0
    parsed = jails.map(source.parse, arrivals)
    store.register([_registrable(arrival, outcome) for arrival, outcome in zip(arrivals, parsed, strict=True)])
    for arrival in arrivals:
        spool.hold(arrival)
    return len(arrivals)


def _registrable(arrival: Arrival, outcome: Instance | Failure) -> Instance | Unreadable:
    if isinstance(outcome, Instance):
        return outcome
    return Unreadable(digest=arrival.digest, received_at=arrival.received_at, reason=outcome)
