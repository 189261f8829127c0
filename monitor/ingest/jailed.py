"""What runs inside a parser jail: `python -m monitor.ingest.jailed`.

Reads one JSON request a line, answers with a 4-byte length, a JSON header of that length and, for an image, its raw
float32 bytes. Nothing here holds the pseudonym key, a socket or a database; nothing is unpickled on either side.
"""

import json
import os
import resource
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset

from monitor.core.study import Failure
from monitor.ingest import codecs
from monitor.ingest.heading import heading
from monitor.ingest.pixels import UnusableError, image_of
from monitor.ingest.statistics import image_statistics

MAX_VALUE = 256
TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "PatientSex",
    "PatientAge",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyDate",
    "StudyTime",
    "TimezoneOffsetFromUTC",
    "Modality",
    "BodyPartExamined",
    "ViewPosition",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
    "InstitutionName",
    "SeriesNumber",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImageType",
    "ConversionType",
)

Answer = tuple[dict[str, Any], NDArray[np.float32] | None]


class BrokenError(Exception):
    """The object cannot be parsed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def parse(request: dict[str, Any]) -> Answer:
    """The few header values that `monitor.ingest.facts` needs, as bounded strings."""
    dataset = _read(request["path"])
    tags = {name: _plain(dataset.get(name)) for name in TAGS}
    issuer = dataset.get("IssuerOfAccessionNumberSequence")
    tags["AccessionIssuer"] = _plain(issuer[0].get("LocalNamespaceEntityID")) if issuer else ""
    tags["TransferSyntaxUID"] = _plain(dataset.file_meta.get("TransferSyntaxUID"))
    return {"tags": tags}, None


def decode(request: dict[str, Any]) -> Answer:
    """The image and its statistics."""
    dataset = _read(request["path"])
    image, full_range = image_of(dataset, max_pixels=request["max_pixels"])
    image = np.ascontiguousarray(image, dtype=np.float32)
    statistics = image_statistics(image, full_range=full_range)
    return {"shape": image.shape, "statistics": statistics}, image


VERBS: dict[str, Callable[[dict[str, Any]], Answer]] = {"parse": parse, "decode": decode, "heading": heading}


def _read(path: str) -> Dataset:
    dataset = pydicom.dcmread(path)
    if (
        "Rows" in dataset
        and "PixelData" not in dataset
        and not {"FloatPixelData", "DoubleFloatPixelData"} & set(dataset.dir())
    ):
        raise BrokenError(Failure.TRUNCATED)
    if "PixelData" in dataset and _is_short(dataset):
        raise BrokenError(Failure.TRUNCATED)
    return dataset


def _is_short(dataset: Dataset) -> bool:
    """Whether uncompressed pixel data holds fewer bytes than the header promises; pydicom accepts that in silence."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or syntax.is_compressed:
        return False
    names = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")
    rows, columns, samples, bits = (int(dataset.get(name) or 0) for name in names)
    pixels = rows * columns * samples * int(dataset.get("NumberOfFrames") or 1)
    if str(dataset.get("PhotometricInterpretation")) == "YBR_FULL_422":
        pixels = pixels * 2 // 3
    return len(dataset.PixelData) < pixels * bits // 8


def _plain(value: object) -> str:
    parts = value if isinstance(value, list | tuple | pydicom.multival.MultiValue) else [value]
    text = "\\".join("" if part is None else str(part) for part in list(parts)[:8])
    return text.replace("\0", "").strip()[:MAX_VALUE]


def answer(request: dict[str, Any]) -> Answer:
    """Answer one request; whatever the bytes do to the parser becomes a counted reason."""
    try:
        return VERBS[request["verb"]](request)
    except UnusableError as error:
        return {"unusable": error.reason}, None
    except BrokenError as error:
        return {"failure": error.failure}, None
    except (Exception, RecursionError, MemoryError):  # noqa: BLE001  # hostile bytes may raise anything
        return {"failure": Failure.UNREADABLE}, None


def confine(memory_bytes: int) -> None:
    """Give up what a parser has no need of: memory beyond a bound, written files, core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform != "darwin":  # macOS refuses to lower RLIMIT_AS
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        header, image = answer(json.loads(line))
        encoded = json.dumps(header).encode()
        answers.write(len(encoded).to_bytes(4, "big") + encoded)
        if image is not None:
            answers.write(image.tobytes())
        answers.flush()


def main() -> None:
    """Confine this process and serve its standard streams; what libraries print must not reach either."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    warnings.simplefilter("ignore")
    codecs.install()
    confine(int(sys.argv[1]))
    os.chdir(Path("/"))
    serve(requests, answers)


if __name__ == "__main__":
    main()
