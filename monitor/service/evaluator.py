"""The evaluator: matches, pairs and, when a day is over, judges it."""

import time
from datetime import date, datetime, timedelta
from datetime import time as midnight

from monitor.core.ports import Clock, EvaluationStore, Spool
from monitor.pipeline.evaluate import Budget, evaluate_day
from monitor.pipeline.pair import pair_due
from monitor.service import rooms
from monitor.service.clocks import clock_of
from monitor.service.running import Running, repeat

GATHER_SECONDS = 0.25
"""How long reads and answers gather before they are paired, unless a day is over: a round costs more than its rows."""


def evaluate(running: Running) -> None:
    """Run the evaluator role."""
    settings = running.settings
    clock, store, spool = clock_of(settings.clock.file), rooms.open_store(settings), rooms.open_spool(settings)
    chosen = settings.evaluation
    budget = Budget(
        reference_days=chosen.reference_days,
        current_days=chosen.current_days,
        false_alarms_per_year=chosen.false_alarms_per_year,
    )
    calendar = Calendar(store, spool, clock, running=running)

    paired_at = -GATHER_SECONDS

    def once() -> int:
        nonlocal paired_at
        if not calendar.over() and time.monotonic() - paired_at < GATHER_SECONDS:
            return 0
        paired = pair_due(store, at=clock.now())
        paired_at = time.monotonic()
        day = calendar.due()
        if day is None:
            return paired
        alarms = evaluate_day(store, day, zone=settings.zone, budget=budget)
        for alarm in alarms:
            running.log.warning(
                "alarm", kind=alarm.kind, model=alarm.model, subject=alarm.subject, since=str(alarm.since)
            )
        return paired + 1

    running.ready()
    repeat(running, once)
    store.close()


class Calendar:
    """Which day is to be judged next: days in order, each once it is over and everything received in it is settled."""

    def __init__(self, store: EvaluationStore, spool: Spool, clock: Clock, *, running: Running) -> None:
        self._store, self._spool, self._clock = store, spool, clock
        self._zone = running.settings.zone
        self._patience = running.settings.evaluation.patience_seconds
        self._waiting: tuple[date, float] | None = None
        self._next: date | None = None

    def over(self) -> bool:
        """Whether the day to be judged next has ended."""
        day = self._following()
        return day is not None and self._clock.now() >= self._end(day)

    def due(self) -> date | None:
        """The day to judge now, if any. A backlog is waited for, but not for ever."""
        day = self._following()
        if day is None or not self.over() or (self._behind(self._end(day)) and not self._patience_over(day)):
            return None
        self._next = day + timedelta(days=1)
        return day

    def _end(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), midnight(), self._zone)

    def _following(self) -> date | None:
        if self._next is None:
            last = self._store.last_evaluated()
            self._next = self._first() if last is None else last + timedelta(days=1)
        return self._next

    def _first(self) -> date | None:
        """The day the first scored study was received."""
        begun = (self._store.first_received(*version) for version in self._store.model_versions())
        return min((moment.astimezone(self._zone).date() for moment in begun if moment is not None), default=None)

    def _behind(self, end: datetime) -> bool:
        """Whether anything received before `end` is not yet settled: first the spool, for it empties into the store."""
        spooled = self._spool.arrivals(1)
        return bool(spooled and spooled[0].received_at < end) or self._store.unsettled_before(end) > 0

    def _patience_over(self, day: date) -> bool:
        if self._waiting is None or self._waiting[0] != day:
            self._waiting = (day, time.monotonic())
        return time.monotonic() - self._waiting[1] >= self._patience
