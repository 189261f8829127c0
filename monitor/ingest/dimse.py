"""DIMSE command sets (DICOM PS3.7 §9 and Annex E): always implicit VR, little endian, one level deep."""

import struct
from collections.abc import Mapping
from enum import IntEnum

NO_DATASET = 0x0101
_ELEMENT = struct.Struct("<HHI")
_GROUP_LENGTH = 0x0000
_TEXT_PADDING = b"\0 "
Command = Mapping[int, bytes]
"""Element number within group 0000 to the bytes of its value."""


class Field(IntEnum):
    """The elements of group 0000 that are used here."""

    AFFECTED_CLASS = 0x0002
    REQUESTED_CLASS = 0x0003
    COMMAND = 0x0100
    MESSAGE_ID = 0x0110
    RESPONDED_MESSAGE_ID = 0x0120
    DATASET_TYPE = 0x0800
    STATUS = 0x0900
    AFFECTED_INSTANCE = 0x1000
    REQUESTED_INSTANCE = 0x1001
    EVENT_TYPE = 0x1002
    ACTION_TYPE = 0x1008


class Message(IntEnum):
    """The messages that are understood; a response is its request with the highest bit set."""

    STORE = 0x0001
    ECHO = 0x0030
    EVENT_REPORT = 0x0100
    ACTION = 0x0130
    CANCEL = 0x0FFF


RESPONSE = 0x8000


class Status(IntEnum):
    """What is answered (PS3.7 Annex C, PS3.4 §B.2.3)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    NO_SUCH_ACTION = 0x0123
    MISSING_ATTRIBUTE = 0x0120
    CLASS_NOT_SUPPORTED = 0x0122
    UNRECOGNIZED_OPERATION = 0x0211
    OUT_OF_RESOURCES = 0xA700


class CommandError(ValueError):
    """The command set cannot be read."""


def decode(content: bytes) -> Command:
    """The elements of a command set.

    Raises:
        CommandError: a length runs past the end, or an element of another group is among them.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at < len(content):
        if at + _ELEMENT.size > len(content):
            raise CommandError
        group, element, length = _ELEMENT.unpack_from(content, at)
        at += _ELEMENT.size
        if group or at + length > len(content):
            raise CommandError
        found[element] = content[at : at + length]
        at += length
    return found


def encode(elements: Mapping[int, int | bytes]) -> bytes:
    """A command set, in order and with its group length; a number is an unsigned short, text is padded."""
    body = b"".join(_encoded(number, elements[number]) for number in sorted(elements))
    return _encoded(_GROUP_LENGTH, struct.pack("<I", len(body))) + body


def number(command: Command, field: Field) -> int | None:
    """An unsigned short, or None where it is not there or not one."""
    value = command.get(field, b"")
    return int.from_bytes(value, "little") if len(value) == 2 else None


def text(command: Command, field: Field) -> bytes:
    """A UID without its padding; empty where it is not there."""
    return command.get(field, b"").strip(_TEXT_PADDING)


def response(command: Command, status: int) -> bytes:
    """The answer to a request: its identifiers come back as they came, so that the other side knows its own."""
    answer: dict[int, int | bytes] = {
        Field.COMMAND: (number(command, Field.COMMAND) or 0) | RESPONSE,
        Field.RESPONDED_MESSAGE_ID: number(command, Field.MESSAGE_ID) or 0,
        Field.DATASET_TYPE: NO_DATASET,
        Field.STATUS: status,
    }
    for asked, answered in (
        (Field.AFFECTED_CLASS, Field.AFFECTED_CLASS),
        (Field.REQUESTED_CLASS, Field.AFFECTED_CLASS),
        (Field.AFFECTED_INSTANCE, Field.AFFECTED_INSTANCE),
        (Field.REQUESTED_INSTANCE, Field.AFFECTED_INSTANCE),
        (Field.ACTION_TYPE, Field.ACTION_TYPE),
    ):
        if asked in command:
            answer[answered] = command[asked]
    return encode(answer)


def _encoded(element: int, value: int | bytes) -> bytes:
    content = struct.pack("<H", value) if isinstance(value, int) else value + b"\0" * (len(value) % 2)
    return _ELEMENT.pack(0, element, len(content)) + content
