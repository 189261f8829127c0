"""What runs inside a parser jail: `python -m monitor.ingest.jailed`.

Writes one byte when it is ready. Then reads one JSON request a line and answers each with a 4-byte length, a JSON
header of that length and, for an image, its raw float32 bytes. Nothing here holds the pseudonym key, a socket or a
database; nothing is unpickled on either side.
"""

import json
import math
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset

from monitor.core.study import Exclusion, Failure
from monitor.ingest import codecs
from monitor.ingest.groups import of_frame
from monitor.ingest.heading import heading
from monitor.ingest.opened import Opened, open_bounded
from monitor.ingest.pixels import UnusableError, frame_of, voi_levels
from monitor.ingest.refusals import frames_of, refusal
from monitor.ingest.statistics import described
from monitor.ingest.structure import PIXEL_DATA, BrokenError

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
    "DetectorType",
    "SeriesNumber",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImageType",
    "ImageLaterality",
    "Laterality",
    "ImagerPixelSpacing",
    "Exposure",
    "ExposureInuAs",
    "ContrastBolusAgent",
)
GROUPED = {
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "ConvolutionKernel": "CTReconstructionSequence",
    "KVP": "CTXRayDetailsSequence",
    "ExposureInmAs": "CTExposureSequence",
    "FrameLaterality": "FrameAnatomySequence",
}
"""Facts that enhanced objects keep in a functional group: attribute to the group."""

Answer = tuple[dict[str, Any], NDArray[np.float32] | None]


def parse(request: dict[str, Any]) -> Answer:
    """The few header values that `monitor.ingest.facts` needs, as bounded strings, and why the object is unusable."""
    with open_bounded(Path(request["path"]), most_inflated=request["most_inflated"]) as opened:
        header = opened.header()
        _check_length(opened, header)
        reason = refusal(header, max_pixels=request["max_pixels"]) if opened.whole else Exclusion.TOO_LARGE
        return {"tags": _tags(header), "unusable": reason}, None


def decode(request: dict[str, Any]) -> Answer:
    """One frame as an image, and what describes it."""
    with open_bounded(Path(request["path"]), most_inflated=request["most_inflated"]) as opened:
        if not opened.whole:
            raise UnusableError(Exclusion.TOO_LARGE)
        dataset = opened.everything()
    frame = frame_of(dataset, max_pixels=request["max_pixels"], frame=request["frame"])
    image = frame.image(voi_levels(dataset, request["frame"]) if request["voi"] else None)
    seen = described(frame)
    return {"shape": image.shape, "statistics": seen.statistics, "histogram": seen.histogram}, image


VERBS: dict[str, Callable[[dict[str, Any]], Answer]] = {"parse": parse, "decode": decode, "heading": heading}


def _tags(header: Dataset) -> dict[str, str]:
    tags = {name: _plain(header.get(name)) for name in TAGS}
    tags |= {name: _plain(of_frame(header, name, group=group)) for name, group in GROUPED.items()}
    issuer = header.get("IssuerOfAccessionNumberSequence")
    tags["AccessionIssuer"] = _plain(issuer[0].get("LocalNamespaceEntityID")) if issuer else ""
    tags["ContrastAgents"] = str(len(header.get("ContrastBolusAgentSequence") or ()))
    tags["TransferSyntaxUID"] = _plain(header.file_meta.get("TransferSyntaxUID"))
    return tags


def _check_length(opened: Opened, header: Dataset) -> None:
    """An image without pixel data, or with fewer bytes than its header promises, was cut; pydicom would not mind."""
    if "Rows" not in header or not opened.whole:
        return
    if opened.pixels is None:
        raise BrokenError(Failure.TRUNCATED)
    found = opened.pixels.native_bytes
    if found is None or opened.pixels.tag != PIXEL_DATA:
        return
    names = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")
    values = math.prod(int(header.get(name) or 0) for name in names) * frames_of(header)
    if str(header.get("PhotometricInterpretation")) == "YBR_FULL_422":
        values = values * 2 // 3
    if found < values // 8:
        raise BrokenError(Failure.TRUNCATED)


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


def allow(seconds: float) -> None:
    """Let the next object have this much processor time; beyond it the system ends us, watched or not."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Say that we are here with a byte, then answer requests until there are no more."""
    answers.write(b"\0")
    answers.flush()
    for line in requests:
        request = json.loads(line)
        allow(request["seconds"])
        header, image = answer(request)
        encoded = json.dumps(header).encode()
        answers.write(len(encoded).to_bytes(4, "big") + encoded)
        if image is not None:
            answers.write(image.data)
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
