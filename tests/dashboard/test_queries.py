from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.queries import (
    StoreNotReadyError,
    agreement_of,
    choices_of,
    open_store,
    overview_of,
    pulse,
)
from dashboard.records import SINCE_ALARM, Question, Scope
from dashboard.standing import Standing
from monitor.core.counts import Counts
from monitor.store.database import Database
from monitor.store.sql import SqlStore

from . import seed
from .conftest import REFERENCE_DAYS, STORIES


def opened(path: Path) -> SqlStore:
    """The store in a folder."""
    return SqlStore(Database(f"sqlite:///{path / 'overread.sqlite'}"))


def question(name: str) -> Question:
    """What is asked on the morning after a story."""
    return Question(now=seed.end(STORIES[name]), reference_days=REFERENCE_DAYS)


def test_a_row_accounts_for_what_it_counted(told: Callable[[str], Path]) -> None:
    """A row's pairs and final reads are those of the cube in its window, and its windows do not overlap."""
    store = opened(told("alert"))
    (row,) = overview_of(store, question("alert")).rows
    cube = store.counts(row.window)
    assert row.pairs == sum(cell.counts.n for cell in cube)
    assert row.with_final == max(cell.counts.n + cell.counts.uncertain for cell in cube) <= row.scored
    assert row.reference.last < row.window.first
    assert row.light.standing is Standing.ALERT
    store.close()


def test_the_segments_of_a_group_sum_to_the_whole(told: Callable[[str], Path]) -> None:
    """Sites split the pairs of a finding and lose none; a chosen site stays among its peers."""
    store = opened(told("alert"))
    choices = choices_of(store, seed.MODEL, seed.VERSION)
    strata = {"site": "North campus"}
    window = choices.window("90")
    scope = Scope(model=seed.MODEL, version=seed.VERSION, finding="cardiomegaly", strata=strata, window=window)
    found = agreement_of(store, question("alert"), scope, choices.whole)
    sites = [segment for segment in found.segments if segment.group == "site"]
    whole = sum((c.counts for c in store.counts(window) if c.finding == "cardiomegaly"), Counts())
    assert sum(s.shares.agreement.n for s in sites if s.shares.agreement) == whole.n
    assert [s.shares.agreement.n for s in sites if s.chosen and s.shares.agreement] == [found.judged.counts.n]
    store.close()


def test_the_period_since_the_alarm_begins_on_its_first_day(told: Callable[[str], Path]) -> None:
    """`alarm` is the window the open alarm rests on; where none is open it is the usual period."""
    store, calm = opened(told("alert")), opened(told("ok"))
    assert choices_of(store, seed.MODEL, seed.VERSION).window(SINCE_ALARM).first == store.alarms()[0].since
    choices = choices_of(calm, seed.MODEL, seed.VERSION)
    assert choices.window(SINCE_ALARM) == choices.whole
    store.close()
    calm.close()


def test_silence_is_said(told: Callable[[str], Path]) -> None:
    """When nothing came for days, the light no longer says that all is well."""
    store = opened(told("ok"))
    later = Question(now=seed.end(STORIES["ok"]) + timedelta(days=9), reference_days=REFERENCE_DAYS)
    assert overview_of(store, question("ok")).rows[0].light.standing is Standing.AGREES
    assert overview_of(store, later).rows[0].light.standing is Standing.WATCH
    store.close()


def test_the_pulse_moves_with_what_is_new(copied: Callable[[str], Path]) -> None:
    """It stays while nothing happens and moves when an alarm is cleared."""
    store = opened(copied("alert").parent)
    before = pulse(store)
    assert pulse(store) == before
    store.clear_alarm(store.alarms(open_only=True)[0], at=seed.end(STORIES["alert"]))
    assert pulse(store) != before
    store.close()


def test_a_store_without_tables_is_refused(tmp_path: Path) -> None:
    """It is not made here, and the refusal is not remembered."""
    with pytest.raises(StoreNotReadyError):
        open_store(f"sqlite:///{tmp_path / 'none.sqlite'}")
