"""Who may send by STOW-RS."""

import pytest

from monitor.service.stow import _admitted

TOKEN = "correct-horse"  # noqa: S105  # what must be shown to be let in


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  # the point of the test
@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", "Bearer wrong", f"bearer {TOKEN}", f"Bearer {TOKEN} ", "Bearer \xe9"]
)
def test_a_token_is_asked_of_everyone(host: str, shown: str | None) -> None:
    """Where a token is set, nothing but it is admitted, on loopback either; it is in no answer."""
    assert _admitted(TOKEN, host, f"Bearer {TOKEN}") is None
    assert TOKEN not in (_admitted(TOKEN, host, shown) or TOKEN)


def test_without_a_token_only_loopback_is_served() -> None:
    """A listener beyond loopback that has no token takes nothing, and says which setting is missing."""
    assert _admitted(None, "127.0.0.1", None) is None
    assert "OVERREAD_API__TOKEN_FILE" in (_admitted(None, "0.0.0.0", f"Bearer {TOKEN}") or "")  # noqa: S104  # so it is
