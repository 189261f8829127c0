"""Bytes made to hurt: each ends as a counted reason, soon, and the jail it was read in serves on."""

import random
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from monitor.core.ports import Decoded
from monitor.core.study import Exclusion, Failure
from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.test_jail import encoded, look, radiograph

RAMP = np.arange(4096, dtype="<u2").reshape(64, 64)
SLOWEST = 5.0
"""Seconds that no object may cost."""


def compressed(syntax: str, frame: bytes, **changes: object) -> bytes:
    """A radiograph whose pixels are this encoded frame."""
    dataset = radiograph(**changes)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([frame])
    return encoded(dataset)


def rle(segments: bytes) -> bytes:
    """An RLE frame of two byte planes, both of these packed bytes."""
    return struct.pack("<16L", 2, 64, 64 + len(segments), *[0] * 13) + segments * 2


def astray() -> bytes:
    """An RLE frame whose second segment begins far outside it: decoders have followed that out of their memory."""
    return struct.pack("<16L", 2, 64, 0x7F00_0000, *[0] * 13) + b"\x81\0" * 80


def bomb() -> bytes:
    """A deflated radiograph of a megabyte that unfolds to a gigabyte; whose it is stands at its beginning."""
    plain = encoded(radiograph())
    body = plain[plain.index(struct.pack("<HH2sH", 0x0008, 0x0016, b"UI", 28)) : plain.index(b"\xe0\x7f\x10\0OW")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(body + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 1 << 30))
    head += packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b"\0" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return shell(DeflatedExplicitVRLittleEndian) + head + megabyte * (1 << 10) + packer.flush()


def shell(syntax: str) -> bytes:
    """A file's preamble and meta information, and no data set."""
    dataset = Dataset()
    dataset.file_meta = radiograph().file_meta
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3.1"
    whole = encoded(dataset)
    return whole[: 144 + struct.unpack("<L", whole[140:144])[0]]


def deep() -> bytes:
    """Ten thousand sequences in one another."""
    opening = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    return shell(ExplicitVRLittleEndian) + (opening + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)) * 10_000


def lying(length: int) -> bytes:
    """A radiograph whose Modality has another length than it says."""
    content = bytearray(encoded(radiograph()))
    place = content.index(struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2)) + 6
    content[place : place + 2] = struct.pack("<H", length)
    return bytes(content)


def giant() -> bytes:
    """A JPEG 2000 stream that claims 40 000 × 40 000 pixels in an image of 64 × 64."""
    stream = bytearray(imagecodecs.jpeg2k_encode(RAMP, level=0, codecformat="j2k"))
    place = stream.index(b"\xff\x51") + 6
    stream[place : place + 8] = struct.pack(">LL", 40_000, 40_000)
    return compressed(JPEG2000Lossless, bytes(stream))


HUGE = {"Rows": 40_000, "Columns": 40_000}
ENDLESS = {"NumberOfFrames": "2147483648"}
HOSTILE = {
    "a deflate bomb": (bomb, Exclusion.TOO_LARGE),
    "an RLE frame of 40 000²": (lambda: compressed(RLELossless, rle(b"\x81\0" * 9), **HUGE), Exclusion.TOO_LARGE),
    "an RLE frame beyond its image": (lambda: compressed(RLELossless, rle(b"\x81\0" * 500_000)), Exclusion.UNDECODABLE),
    "RLE segments outside their frame": (lambda: compressed(RLELossless, astray()), Exclusion.UNDECODABLE),
    "a stream of another size": (giant, Exclusion.UNDECODABLE),
    "2³¹ frames": (lambda: encoded(radiograph(**ENDLESS)), Failure.TRUNCATED),
    "2³¹ frames, compressed": (lambda: compressed(RLELossless, rle(b""), **ENDLESS), Exclusion.TOO_LARGE),
    "sequences 10 000 deep": (deep, Failure.UNREADABLE),
    "a length too long": (lambda: lying(60_000), Failure.TRUNCATED),
    "a length too short": (lambda: lying(1), Failure.TRUNCATED),
    "no pixels in the frame": (lambda: compressed(JPEGLSLossless, b"\0\0"), Exclusion.UNDECODABLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_hurt_does_not(spool: DiskSpool, source: JailedSource, name: str) -> None:
    """Each ends with its reason within the jail's five seconds and memory, and a sound image is read after it."""
    build, reason = HOSTILE[name]
    content = build()
    assert len(content) < 2 << 20
    assert look(spool, source, content) is reason
    assert isinstance(look(spool, source, encoded(radiograph(SOPInstanceUID="1.2.3.9"))), Decoded)


def test_a_preamble_that_is_a_program_is_skipped(spool: DiskSpool, source: JailedSource) -> None:
    """A file that is a Windows program as well is read for what else it is."""
    assert isinstance(look(spool, source, b"MZ" + b"\x90" * 126 + encoded(radiograph())[128:]), Decoded)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless])
def test_half_an_image_is_no_image(spool: DiskSpool, source: JailedSource, syntax: str) -> None:
    """A file cut at any 64th byte fails or is excluded, and is never scored."""
    plain = encoded(radiograph())
    whole = plain if syntax == ExplicitVRLittleEndian else compressed(syntax, imagecodecs.jpegls_encode(RAMP))
    for length in range(0, len(whole) - 1, 64):
        assert isinstance(look(spool, source, whole[:length]), Failure | Exclusion), length


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Sound files, plain and compressed, with a few of their bytes changed, dropped or doubled."""
    rng = random.Random(seed)  # noqa: S311  # mutants need luck, not secrecy
    sound = (
        encoded(radiograph()),
        compressed(JPEGLSLossless, imagecodecs.jpegls_encode(RAMP)),
        compressed(JPEG2000Lossless, imagecodecs.jpeg2k_encode(RAMP, level=0, codecformat="j2k")),
        compressed(RLELossless, rle(b"\x81\0" * 40)),
    )
    for number in range(count):
        content = bytearray(sound[number % len(sound)])
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(132, min(len(content), 1400))
            change = rng.random()
            if change < 0.8:
                content[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            elif change < 0.9:
                del content[place : place + rng.randint(1, 8)]
            else:
                content[place:place] = content[place : place + rng.randint(1, 64)]
        yield bytes(content)


@pytest.mark.slow
def test_no_mutant_hurts(tmp_path: Path) -> None:
    """Of 600 mutants of sound files each is decoded or ends with a reason; none hangs or crashes a parser."""
    jails, path = Jails(Bounds(seconds=SLOWEST), size=1), tmp_path / "mutant"
    outcomes: Counter[str] = Counter()
    for content in mutants(600, seed=1):
        path.write_bytes(content)
        answer, _ = jails.ask({"verb": "parse", "path": str(path)})
        if "tags" in answer and answer["unusable"] is None:
            answer, _ = jails.ask({"verb": "decode", "path": str(path), "frame": 0, "voi": False})
        outcomes[answer.get("failure") or answer.get("unusable") or "decoded"] += 1
    jails.close()
    assert {"decoded", Exclusion.UNDECODABLE, Failure.TRUNCATED, Failure.UNREADABLE} <= outcomes.keys()
    assert not {Failure.PARSER_CRASHED, Failure.PARSER_TIMED_OUT} & outcomes.keys()
