import json

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.status import PairsStatus, ReadsStatus, Status, StudiesStatus

numbers = st.integers(0, 9)


@given(numbers, numbers, numbers, numbers, numbers)
def test_balance(received: int, scored: int, excluded: int, failed: int, pending: int) -> None:
    """The accounts balance exactly when everything received is in one place."""
    status = StudiesStatus(
        received=received, scored=scored, excluded={"a": excluded}, failed={"b": failed}, pending=pending
    )
    assert status.balanced == (received == scored + excluded + failed + pending)


def test_as_json() -> None:
    """A status is plain JSON under the names scripts rely on."""
    plain = json.loads(json.dumps(Status(studies=StudiesStatus(), reads=ReadsStatus(), pairs=PairsStatus()).as_json()))
    beside = {"dead_letters", "quarantined", "partial", "conflicts"}
    assert set(plain) == {"studies", "reads", "pairs", "oldest_pending_seconds"} | beside
    assert set(plain["studies"]) == {"received", "scored", "excluded", "failed", "pending"}
    assert set(plain["reads"]) == {
        "received",
        "preliminary",
        "final",
        "corrected",
        "retracted",
        "quarantined",
        "unmatched",
    }
    assert set(plain["pairs"]) == {"counted", "by_match"}
