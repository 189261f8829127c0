"""The production AI's outputs as a DICOM structured report (TID 1500 and what is met in its stead)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monitor.core.content import ContentItem, TreeTooLargeError, content_items
from monitor.core.errors import TableError
from monitor.core.result import Result
from monitor.results.answer import Door

MAX_BYTES = 8 << 20
MOST_FINDINGS = 200
_PREAMBLE = 132
_NAME, _VERSION = {"111001", "ALGORITHM NAME"}, {"111003", "ALGORITHM VERSION"}
_FINDING = {"121071", "FINDING"}
_PROBABILITY = {"111047", "PROBABILITY OF CANCER", "PROBABILITY", "SCORE", "CONFIDENCE", "PROBABILITY OF FINDING"}
_ABSENT = {"2667000", "ABSENT"}


def parse_sr(content: bytes, *, name: str, door: Door) -> list[Result]:
    """The results of a structured report: one a finding.

    A finding is an item coded as one, or a coded group's own; its probability a number under or beside it in its
    group, in 1 or in percent. A finding without a probability is called as its value says, present or absent, and
    present where it says neither.

    Raises:
        TableError: the file is no such report, or over a bound. Nothing of its content is named.
    """
    document = _document(content, name)

    def refuse(field: str, accepted: str) -> TableError:
        return TableError(f"{name}: {field}: not accepted; accepted: {accepted}")

    try:
        items = list(content_items(document))
    except TreeTooLargeError:
        raise refuse("ContentSequence", "a tree of at most 5,000 items, 32 deep") from None
    except Exception:  # noqa: BLE001 - pydicom reads values late, and raises anything at all on hostile ones
        raise refuse("ContentSequence", "a whole structured report") from None
    common = {
        "model": _first(items, _NAME) or str(document.get("ManufacturerModelName") or ""),
        "version": _first(items, _VERSION) or _software(document) or "unknown",
        "study_uid": str(document.get("StudyInstanceUID") or ""),
        "accession": str(document.get("AccessionNumber") or ""),
        "patient_id": str(document.get("PatientID") or ""),
        "produced_at": _produced(document, door),
    }
    found = [door.result(common | fields, refuse) for fields in _findings(items)]
    if not found:
        raise refuse("ContentSequence", "at least one item coded as a finding (121071, DCM)")
    return found


def _document(content: bytes, name: str) -> Any:
    """The data set; a deflated one is refused before anything is inflated."""
    accepted = f"a DICOM structured report of at most {MAX_BYTES} bytes, not deflated"
    failure = TableError(f"{name}: cannot be read; accepted: {accepted}")
    if len(content) > MAX_BYTES or content[_PREAMBLE - 4 : _PREAMBLE] != b"DICM":
        raise failure
    if DeflatedExplicitVRLittleEndian.encode() in content[:2048]:
        raise failure
    try:
        document = dcmread(BytesIO(content), stop_before_pixels=True)
        known = bool(document.get("ContentSequence"))
    except Exception:  # noqa: BLE001 - pydicom raises anything at all on hostile bytes, and may quote them
        raise failure from None
    if not known:
        raise failure
    return document


def _findings(items: Sequence[ContentItem]) -> Iterator[dict[str, Any]]:
    for item in [one for one in items if _is(one, _FINDING)][:MOST_FINDINGS]:
        group = _group(items, item)
        numbers = [one for one in items if one.number is not None and _is(one, _PROBABILITY)]
        mine = [n for n in numbers if n.below(item)] or [n for n in numbers if group is not None and n.below(group)]
        branch = item if group is None else group
        denied = any({one.value_code, one.value_meaning.upper()} & _ABSENT for one in items if one.below(branch))
        score = _share(mine[0].number) if mine else None
        name = item.value_meaning or item.value_code or item.text
        yield {
            "finding": name.strip().lower().replace(" ", "_"),
            "score": score,
            "call": (not denied) if score is None else None,
        }


def _group(items: Sequence[ContentItem], item: ContentItem) -> ContentItem | None:
    """The nearest container that holds an item."""
    above = [one for one in items if one.kind == "CONTAINER" and one is not item and item.below(one)]
    return max(above, key=lambda one: len(one.path), default=None)


def _share(number: float | None) -> float | None:
    """A probability in 1; what is over 1 is in percent."""
    return None if number is None else number / 100 if number > 1 else number


def _is(item: ContentItem, names: set[str]) -> bool:
    return bool({item.code, item.meaning} & names)


def _first(items: Sequence[ContentItem], names: set[str]) -> str:
    return next((item.text or item.value_meaning for item in items if _is(item, names)), "")


def _software(document: Any) -> str:
    value = document.get("SoftwareVersions") or ""
    return str(value if isinstance(value, str) else next(iter(value), ""))


def _produced(document: Any, door: Door) -> datetime | None:
    day, clock = str(document.get("ContentDate") or ""), str(document.get("ContentTime") or "")
    try:
        return datetime.strptime(day + clock[:6].ljust(6, "0"), "%Y%m%d%H%M%S").replace(tzinfo=door.zone)
    except ValueError:
        return None
