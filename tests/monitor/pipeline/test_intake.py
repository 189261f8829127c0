"""What arrives is registered; what fells its parser waits, goes last, and ends as a dead letter."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.attempts import MOST_ATTEMPTS, rest_after
from monitor.core.errors import UnreachableError
from monitor.core.ports import Arrival, Unreadable
from monitor.core.study import Exclusion, Failure, Instance
from monitor.ingest.spool import BrokenOff
from monitor.pipeline.intake import take_in
from monitor.store.memory import MemoryStore
from tests.conformance.cases import NOW, instance


@dataclass
class Heap:
    """A spool of names."""

    incoming: list[str]
    held: list[str] = field(default_factory=list)
    broken: list[BrokenOff] = field(default_factory=list)

    def arrivals(self, limit: int) -> Sequence[Arrival]:
        """In order of name."""
        return [Arrival(digest=name, path=Path(name), received_at=NOW) for name in sorted(self.incoming)[:limit]]

    def hold(self, arrival: Arrival) -> None:
        """From one list to the other."""
        self.incoming.remove(arrival.digest)
        self.held.append(arrival.digest)

    def waiting(self) -> int:
        """How many are incoming."""
        return len(self.incoming)

    def held_digests(self) -> Sequence[str]:
        """All held."""
        return self.held

    def release(self, digests: Iterable[str]) -> None:
        """Forget them."""
        self.held = [name for name in self.held if name not in set(digests)]

    def broken_off(self) -> Sequence[BrokenOff]:
        """What was broken off."""
        return list(self.broken)

    def forget(self, association: BrokenOff) -> None:
        """It is known now."""
        self.broken.remove(association)


@dataclass
class Parser:
    """Says of each object what it was told to say; else an instance of a study of its own."""

    says: dict[str, Failure] = field(default_factory=dict)
    parsed: list[str] = field(default_factory=list)

    def parse(self, arrival: Arrival) -> Instance | Failure:
        """By digest."""
        self.parsed.append(arrival.digest)
        name = arrival.digest
        return self.says.get(name) or instance(0, digest=name, sop=name, study=f"study-{name}", accession=None)

    def decode(self, instance: Instance) -> Exclusion:
        """Nothing is decoded here."""
        raise NotImplementedError


def run(heap: Heap, parser: Parser, store: MemoryStore, *, after: timedelta = timedelta(0), limit: int = 2) -> int:
    """One round."""
    with ThreadPoolExecutor(1) as pool:
        return take_in(heap, parser, store, now=NOW + after, limit=limit, jails=pool)


def test_an_object_that_fells_its_parser_holds_nobody_up() -> None:
    """It waits where it is, others go past it, it is tried five times, and is then a dead letter with its reason."""
    heap, store = Heap(["a", "b", "c"]), MemoryStore()
    parser = Parser({"a": Failure.PARSER_CRASHED, "b": Failure.PARSER_TIMED_OUT})
    run(heap, parser, store)
    assert (heap.held, set(store.attempts())) == ([], {"a", "b"})
    run(heap, parser, store)
    assert heap.held == ["c"]
    status = store.status(now=NOW, waiting=heap.waiting()).studies
    assert (status.received, status.pending, status.balanced) == (3, 3, True)
    after = timedelta(0)
    for attempt in range(1, MOST_ATTEMPTS):
        assert run(heap, parser, store, after=after) == 0
        after += rest_after(attempt)
        assert run(heap, parser, store, after=after) == 2
    assert heap.incoming == []
    status = store.status(now=NOW).studies
    assert dict(status.failed) == {"parser_crashed": 1, "parser_timed_out": 1}
    assert (status.dead_letters, status.balanced, store.attempts()) == (2, True, {})
    assert parser.parsed.count("a") == MOST_ATTEMPTS


def test_what_is_broken_for_good_is_not_tried_twice() -> None:
    """A truncated object fails at once."""
    heap, parser, store = Heap(["a"]), Parser({"a": Failure.TRUNCATED}), MemoryStore()
    run(heap, parser, store)
    assert (heap.held, dict(store.status(now=NOW).studies.failed)) == (["a"], {"truncated": 1})
    assert store.status(now=NOW).studies.dead_letters == 0


class Choosy(MemoryStore):
    """Refuses one object, whatever comes with it."""

    refused = "b"

    def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
        """As any store, but for one."""
        if any(isinstance(arrival, Instance) and arrival.digest == self.refused for arrival in arrivals):
            raise ValueError(self.refused)
        super().register(arrivals)


def test_an_object_the_store_refuses_takes_no_other_with_it() -> None:
    """The others of its batch are registered, and it ends as abandoned."""
    heap, store, after = Heap(["a", "b", "c"]), Choosy(), timedelta(0)
    run(heap, Parser(), store, limit=9)
    assert heap.held == ["a", "c"]
    for attempt in range(1, MOST_ATTEMPTS):
        after += rest_after(attempt)
        run(heap, Parser(), store, after=after)
    assert heap.held == ["a", "c", "b"]
    assert dict(store.status(now=NOW).studies.failed) == {"abandoned": 1}


def test_a_store_that_does_not_answer_is_no_fault_of_the_objects() -> None:
    """Nothing is held and nothing counts as a try."""

    class Gone(MemoryStore):
        def register(self, arrivals: Sequence[Instance | Unreadable]) -> None:
            del arrivals
            raise UnreachableError

    heap, store = Heap(["a"]), Gone()
    with pytest.raises(UnreachableError):
        run(heap, Parser(), store)
    assert (heap.incoming, store.attempts()) == (["a"], {})


def test_a_broken_association_is_remembered_until_all_of_it_is_registered() -> None:
    """Its studies are flagged as they come in, and its record goes with the last of them."""
    heap, parser, store = Heap(["a", "b", "c"]), Parser(), MemoryStore()
    heap.broken = [BrokenOff(name="x", digests=("a", "c"))]
    run(heap, parser, store)
    assert (len(heap.broken), store.status(now=NOW).studies.partial) == (1, 1)
    run(heap, parser, store)
    assert (heap.broken, store.status(now=NOW).studies.partial) == ([], 2)
