"""However many associations there are, each known title finds a slot."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.admission import Slots

TITLES = ("PACS", "CT1", "MR1")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(TITLES)), max_size=60), st.integers(3, 8))
def test_a_known_title_without_an_association_always_gets_one(moves: list[tuple[bool, str]], size: int) -> None:
    """After any coming and going no more than `size` are open, and a title that has none may still come."""
    slots, held = Slots(size, TITLES), Counter[str]()
    for comes, title in moves:
        if comes:
            first = not held[title]
            taken = slots.take(title)
            assert taken or not first
            held[title] += taken
        elif held[title]:
            slots.give_back(title)
            held[title] -= 1
        assert held.total() <= size


def test_without_an_allow_list_every_slot_is_for_anyone() -> None:
    """Nothing is kept free where nobody is known."""
    slots = Slots(2, ())
    assert [slots.take("A"), slots.take("A"), slots.take("A")] == [True, True, False]
