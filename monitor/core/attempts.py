"""How often work is tried, and how long it rests in between."""

from datetime import timedelta

MOST_ATTEMPTS = 5
"""Failed as often as this, a study or object is a dead letter: it is tried again only when somebody asks for it."""
_FIRST_REST = timedelta(seconds=10)
_GROWTH = 3


def rest_after(attempts: int) -> timedelta:
    """How long to wait after the attempt of this number (from 1): 10 s, 30 s, 90 s, 4.5 min, 13.5 min.

    It is noted before the attempt begins, so that an attempt nobody came back from is followed by the same rest.
    """
    return _FIRST_REST * int(_GROWTH ** (attempts - 1))
