import itertools
from datetime import timedelta

import pytest

from monitor.store.audit import GENESIS
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.conformance.cases import NOW

LINKS = 6
CHANGED = {
    "at": (NOW + timedelta(seconds=1)).replace(tzinfo=None),
    "actor": "another",
    "action": "another",
    "subject": "another",
    "previous": "0" * 63 + "1",
    "digest": "0" * 63 + "1",
}


@pytest.fixture
def store(database: Database) -> SqlStore:
    """A store with a few audited acts."""
    store = SqlStore(database)
    for number in range(1, LINKS + 1):
        store.audit("reader-1", "adjudicate", f"case-{number}", at=NOW + timedelta(minutes=number))
    return store


def tamper(store: SqlStore, *statements: str) -> None:
    """Change the table behind the store's back."""
    with store.database.writing() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)


def broken_at(store: SqlStore) -> int | None:
    """Where the chain breaks."""
    found = store.audit_break()
    return None if found is None else found.seq


def test_the_chain_holds(store: SqlStore) -> None:
    """Untouched events come back in order, each sealing the one before, and the chain holds."""
    events = list(store.audit_events())
    assert [event.seq for event in events] == list(range(1, LINKS + 1))
    assert [event.previous for event in events] == [GENESIS, *(event.digest for event in events[:-1])]
    assert events[0].at == NOW + timedelta(minutes=1)
    assert store.audit_break() is None


def test_an_empty_chain_holds(database: Database) -> None:
    """No event is no break."""
    assert SqlStore(database).audit_break() is None


@pytest.mark.parametrize("column", CHANGED)
@pytest.mark.parametrize("seq", [1, 3, LINKS])
def test_any_change_is_found_where_it_is(store: SqlStore, seq: int, column: str) -> None:
    """A change of any column of any event breaks the chain at that event."""
    tamper(store, f"UPDATE audit SET {column} = '{CHANGED[column]}' WHERE seq = {seq}")  # noqa: S608  # our own words
    assert broken_at(store) == seq


@pytest.mark.parametrize("seq", range(1, LINKS))
def test_a_removal_is_found(store: SqlStore, seq: int) -> None:
    """An event taken out breaks the chain where it was, whether or not the rest is renumbered."""
    tamper(store, f"DELETE FROM audit WHERE seq = {seq}")  # noqa: S608  # our own words
    assert broken_at(store) == seq
    tamper(store, *(f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in range(seq + 1, LINKS + 1)))  # noqa: S608
    assert broken_at(store) == seq


def test_an_insertion_is_found(store: SqlStore) -> None:
    """An event put in the middle breaks the chain there."""
    later = (f"UPDATE audit SET seq = {n + 1} WHERE seq = {n}" for n in range(LINKS, 3, -1))  # noqa: S608
    copied = "INSERT INTO audit SELECT 4, at, actor, action, subject, previous, digest FROM audit WHERE seq = 2"
    tamper(store, *later, copied)
    assert broken_at(store) == 4


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations((1, 3, 6), 2)))
def test_a_swap_is_found(store: SqlStore, one: int, other: int) -> None:
    """Two events that change places break the chain at the first of them."""
    moves = ((one, 99), (other, one), (99, other))
    tamper(store, *(f"UPDATE audit SET seq = {to} WHERE seq = {of}" for of, to in moves))  # noqa: S608
    assert broken_at(store) == one


def test_a_cut_end_shows_in_the_last_digest(store: SqlStore) -> None:
    """A chain cut short holds by itself, and its last digest is no longer the one that was noted down."""
    noted = list(store.audit_events())[-1].digest
    tamper(store, f"DELETE FROM audit WHERE seq = {LINKS}")  # noqa: S608
    assert store.audit_break() is None
    assert list(store.audit_events())[-1].digest != noted


def test_fields_do_not_run_into_each_other(store: SqlStore) -> None:
    """Moving text from one field to the next is a change."""
    tamper(store, "UPDATE audit SET actor = 'reader-1adjudicate', action = '' WHERE seq = 2")
    assert broken_at(store) == 2
