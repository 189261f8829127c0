"""Command sets and PDUs survive the wire, and lengths that lie end in one kind of error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode as encoded_by_pynetdicom

from monitor.ingest import dimse, upper_layer
from monitor.ingest.dimse import CommandError, Field
from monitor.ingest.upper_layer import ProtocolError

_SHORTS = st.integers(0, 0xFFFF)
_TEXTS = st.binary(max_size=64).map(lambda half: half + half)


@given(
    st.dictionaries(st.integers(2, 0xFFFF), st.one_of(_SHORTS, st.binary(max_size=64).map(lambda b: b + b)), max_size=8)
)
def test_what_is_encoded_is_decoded(elements: dict[int, int | bytes]) -> None:
    """Every element comes back with its value, after a group length that is right."""
    content = dimse.encode(elements)
    found = dict(dimse.decode(content))
    assert int.from_bytes(found.pop(0), "little") == len(content) - 12
    assert found == {n: v.to_bytes(2, "little") if isinstance(v, int) else v for n, v in elements.items()}


@given(st.binary(max_size=80))
def test_any_bytes_are_a_command_set_or_an_error(content: bytes) -> None:
    """Nothing but `CommandError` comes of noise."""
    with contextlib.suppress(CommandError):
        dimse.decode(content)


@given(st.binary(max_size=80))
def test_any_bytes_are_values_or_an_error(content: bytes) -> None:
    """Presentation data values lie within the PDU, or the PDU is refused."""
    with contextlib.suppress(ProtocolError):
        assert sum(len(value.content) + 6 for value in upper_layer.pdvs(memoryview(content))) == len(content)


@given(st.binary(min_size=1, max_size=4000), st.integers(128, 900))
def test_a_message_in_pieces_is_whole_again(content: bytes, longest: int) -> None:
    """However little the other side takes in one PDU, each is within it and the last says so."""
    wire, values = memoryview(upper_layer.data(3, content, command=True, longest=longest)), []
    while wire:
        length = int.from_bytes(wire[2:6], "big")
        assert length <= longest
        values += upper_layer.pdvs(wire[6 : 6 + length])
        wire = wire[6 + length :]
    assert b"".join(value.content for value in values) == content
    assert [value.last for value in values] == [False] * (len(values) - 1) + [True]


def test_a_response_is_what_pynetdicom_makes_of_it() -> None:
    """Byte for byte the answer of an independent implementation."""
    answer = C_STORE()
    answer.MessageIDBeingRespondedTo, answer.Status = 521, 0xA700
    answer.AffectedSOPClassUID, answer.AffectedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.44"
    message = C_STORE_RSP()
    message.primitive_to_message(answer)
    theirs = encoded_by_pynetdicom(message.command_set, is_implicit_vr=True, is_little_endian=True)
    request = {
        Field.AFFECTED_CLASS: b"1.2.840.10008.5.1.4.1.1.2\0",
        Field.COMMAND: b"\1\0",
        Field.MESSAGE_ID: (521).to_bytes(2, "little"),
        Field.AFFECTED_INSTANCE: b"1.2.3.44",
    }
    assert dimse.response(request, 0xA700) == theirs


def test_a_group_that_is_not_a_command_is_an_error() -> None:
    """A data set's element has no place in a command set."""
    with pytest.raises(CommandError):
        dimse.decode(b"\x08\0\x18\0\0\0\0\0")
