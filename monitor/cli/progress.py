"""How far long work has come: a line on a terminal's stderr, and nothing where nobody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A function to call with how many there are so far."""
    watched = sys.stderr.isatty()

    def seen(count: int) -> None:
        if watched:
            sys.stderr.write(f"\r{count} {what}")
            sys.stderr.flush()

    yield seen
    if watched:
        sys.stderr.write("\n")
