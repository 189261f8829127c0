"""Received objects become registered instances."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

from monitor.core.attempts import MOST_ATTEMPTS, rest_after
from monitor.core.errors import UnreachableError
from monitor.core.ports import Arrival, Attempt, ImageSource, Spool, StudyStore, Unreadable
from monitor.core.study import Failure, Instance


def take_in(
    spool: Spool, source: ImageSource[Any], store: StudyStore, *, now: datetime, limit: int, jails: Executor
) -> int:
    """Parse and register what has arrived; returns how many objects were looked at.

    An object is held only after its row is committed: a crash in between registers it again, which changes nothing.
    One that fells its parser stays where it is and is tried again after a rest, while others go past it. Only a jail
    reads an object's bytes: none can take this process with it.
    """
    tried = store.attempts()
    arrivals = _due(spool.arrivals(limit + len(tried)), tried, now)[:limit]
    if arrivals:
        parsed = zip(arrivals, jails.map(source.parse, arrivals), strict=True)
        outcomes = [(arrival, _registrable(arrival, outcome, tried, now)) for arrival, outcome in parsed]
        _register(spool, store, [(a, o) for a, o in outcomes if not isinstance(o, Attempt)], tried, now)
        again = [outcome for _, outcome in outcomes if isinstance(outcome, Attempt)]
        if again:
            store.note_attempts(again)
    _flag_partial(spool, store)
    return len(arrivals)


def _due(arrivals: Sequence[Arrival], tried: Mapping[str, Attempt], now: datetime) -> list[Arrival]:
    return [a for a in arrivals if a.digest not in tried or tried[a.digest].not_before <= now]


def _registrable(
    arrival: Arrival, outcome: Instance | Failure, tried: Mapping[str, Attempt], now: datetime
) -> Instance | Unreadable | Attempt:
    """What is to be registered, or that it is to be tried again."""
    if isinstance(outcome, Instance):
        return outcome
    attempt = _attempt(arrival, outcome, tried, now)
    if outcome.passing and attempt.attempts < MOST_ATTEMPTS:
        return attempt
    return _unreadable(arrival, attempt)


def _register(
    spool: Spool,
    store: StudyStore,
    outcomes: Sequence[tuple[Arrival, Instance | Unreadable]],
    tried: Mapping[str, Attempt],
    now: datetime,
) -> None:
    """Register a batch; where the store refuses it, one by one, so that only the culprit waits."""
    try:
        store.register([outcome for _, outcome in outcomes])
    except UnreachableError:
        raise
    except Exception:  # noqa: BLE001  # whatever one object did to the store, the others are owed their row
        if len(outcomes) != 1:
            for single in outcomes:
                _register(spool, store, [single], tried, now)
            return
        (arrival, _), *_ = outcomes
        attempt = _attempt(arrival, Failure.ABANDONED, tried, now)
        if attempt.attempts < MOST_ATTEMPTS:
            store.note_attempts([attempt])
            return
        store.register([_unreadable(arrival, attempt)])
    for arrival, _ in outcomes:
        spool.hold(arrival)


def _attempt(arrival: Arrival, reason: Failure, tried: Mapping[str, Attempt], now: datetime) -> Attempt:
    before = tried.get(arrival.digest)
    attempts = 1 if before is None else before.attempts + 1
    return Attempt(digest=arrival.digest, attempts=attempts, not_before=now + rest_after(attempts), reason=reason)


def _unreadable(arrival: Arrival, attempt: Attempt) -> Unreadable:
    return Unreadable(
        digest=arrival.digest, received_at=arrival.received_at, reason=attempt.reason, attempts=attempt.attempts
    )


def _flag_partial(spool: Spool, store: StudyStore) -> None:
    """Flag what broken associations left behind; one is forgotten once all it delivered is registered."""
    for association in spool.broken_off():
        known = store.mark_partial(association.digests)
        if set(known) >= set(association.digests):
            spool.forget(association)
