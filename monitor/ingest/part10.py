"""What the first bytes of a DICOM file say of it (PS3.10 §7.1), read without a parser and within bounds.

The file meta information is always explicit VR little endian and ahead of everything else, so that a door can tell a
DICOM file from another one, and an image from a directory of images, before it has taken in more than a page of it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

PREAMBLE = 128
MAGIC = b"DICM"
HEAD_BYTES = 4096
"""Enough for any file meta information but one with private matter in it."""
DICOMDIR = "1.2.840.10008.1.3.10"
_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010
_MOST_UID = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class FileMeta:
    """What the file meta information names; empty where it does not. `end` is where the data set begins."""

    sop_class: str
    sop_instance: str = field(repr=False)
    transfer_syntax: str
    end: int


def is_part10(head: bytes) -> bool:
    """Whether these first bytes are those of a DICOM file: a preamble, then `DICM`."""
    return head[PREAMBLE : PREAMBLE + len(MAGIC)] == MAGIC


def harmless(content: bytes) -> tuple[bytes, bytes]:
    """A DICOM file in two pieces, its preamble zeroed: what stands there can make it a program too (CVE-2019-11687)."""
    return bytes(PREAMBLE), content[PREAMBLE:]


def is_uid(value: str) -> bool:
    """Whether this is a UID as PS3.5 §9.1 has it: digits and dots, at most 64; and so safe inside an address."""
    parts = value.split(".")
    return len(value) <= _MOST_UID and all(part.isascii() and part.isdigit() for part in parts)


def file_meta(head: bytes) -> FileMeta:
    """Read the file meta information from the first bytes of a file that `is_part10`; never raises for odd ones."""
    found: dict[int, str] = {}
    end = PREAMBLE + len(MAGIC)
    for element, value, after in _group_two(head, end):
        found[element] = value.decode("latin-1").strip(" \0")
        end = after
    uid = {element: value if is_uid(value) else "" for element, value in found.items()}
    return FileMeta(
        sop_class=uid.get(_SOP_CLASS, ""),
        sop_instance=uid.get(_SOP_INSTANCE, ""),
        transfer_syntax=uid.get(_TRANSFER_SYNTAX, ""),
        end=end,
    )


def _group_two(head: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Element number, value and end of each element of group 0002 that lies whole within `head`."""
    while at + 8 <= len(head):
        group, element, kind, size = struct.unpack_from("<HH2sH", head, at)
        at += 8
        if group != 0x0002:
            return
        if kind in _LONG:
            if at + 4 > len(head):
                return
            (size,) = struct.unpack_from("<I", head, at)
            at += 4
        if at + size > len(head):
            return
        yield element, head[at : at + size], at + size
        at += size
