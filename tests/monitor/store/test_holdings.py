"""What the doors are told is here is what was registered."""

from monitor.core.ports import Unreadable
from monitor.core.study import Failure
from monitor.store.database import Database
from monitor.store.sql import SqlStore
from tests.conformance.cases import NOW, instance


def test_what_was_registered_is_known(database: Database) -> None:
    """Objects, broken ones too, by digest; instances by SOP, one that came twice counted once; nothing else."""
    store = SqlStore(database)
    twice = instance(0, 1, digest="other bytes", sop="sop-0-0")
    store.register([instance(0, 0), instance(0, 2), twice, instance(1)])
    store.register([Unreadable(digest="broken", received_at=NOW, reason=Failure.UNREADABLE)])
    many = [f"unknown-{number}" for number in range(2000)]
    assert store.known_objects([*many, "digest-0-0", "broken", "other bytes"]) == {
        "digest-0-0",
        "broken",
        "other bytes",
    }
    assert store.known_instances([*many, "sop-0-2", "sop-1-0"]) == {"sop-0-2", "sop-1-0"}
    assert store.instance_counts([*many, "study-0", "study-1", "study-2"]) == {"study-0": 2, "study-1": 1}
    assert (store.known_objects([]), store.instance_counts([])) == (set(), {})
