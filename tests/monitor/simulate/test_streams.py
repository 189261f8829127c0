from monitor.simulate.streams import control_id, pick, stream, uid


def test_a_stream_depends_on_seed_and_name_alone() -> None:
    """The same seed and name draw the same numbers; another seed or name draws others."""
    first = stream(1, "a", 2).random()
    assert first == stream(1, "a", 2).random()
    assert len({first, stream(2, "a", 2).random(), stream(1, "a", 3).random(), stream(1, "b", 2).random()}) == 4


def test_identifiers_fit_their_fields() -> None:
    """UIDs stay within 64 characters with two more components, control IDs within 20."""
    assert len(f"{uid(2**63, 'study', 'N00000000')}.1.1") <= 64
    assert len(control_id(1, "message", 1)) == 20


def test_pick_reaches_every_item() -> None:
    """Every item of a short list is drawn sooner or later."""
    rng = stream(1, "pick")
    assert {pick(rng, "abc") for _ in range(200)} == set("abc")
