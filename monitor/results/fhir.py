"""The production AI's outputs as FHIR Observations, alone or in a Bundle."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.core.errors import TableError
from monitor.core.result import Result, ResultStatus
from monitor.results.answer import Door

MAX_BYTES = 8 << 20
MOST = 1000
_UID = "urn:oid:"
_CANCELLED = frozenset({"cancelled", "entered-in-error"})


class ObservationError(TableError):
    """An Observation is not one that is taken; `path` says where."""

    def __init__(self, path: str, accepted: str) -> None:
        super().__init__(f"{path}: not accepted; accepted: {accepted}")
        self.path, self.accepted = path, accepted


def parse_observations(content: bytes, *, door: Door) -> list[Result]:
    """The results of an Observation or a Bundle of them.

    The finding is the first code; the study is named by an identifier in `partOf`, `derivedFrom` or `focus` (an OID),
    or an accession number in `basedOn`; the algorithm is `device.display`, its version behind a slash. The answer is
    `valueQuantity` or `valueBoolean`, or `dataAbsentReason` where there is none.

    Raises:
        ObservationError: one is not taken; names its path and what would be accepted.
    """
    if len(content) > MAX_BYTES:
        raise ObservationError("body", f"at most {MAX_BYTES} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ObservationError("body", "one JSON object")
    return [door.result(fields, _refuse(path)) for path, fields in _each(document)]


def _each(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if document.get("resourceType") == "Bundle":
        entries = document.get("entry") or []
        if not isinstance(entries, list) or not 0 < len(entries) <= MOST:
            raise ObservationError("Bundle.entry", f"1 to {MOST} entries")
        for number, entry in enumerate(entries):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict) and resource.get("resourceType") == "Observation":
                yield f"Bundle.entry[{number}].resource", _fields(resource)
    elif document.get("resourceType") == "Observation":
        yield "Observation", _fields(document)
    else:
        raise ObservationError("resourceType", "Observation or Bundle")


def _fields(resource: Mapping[str, Any]) -> dict[str, Any]:
    named = [ref for name in ("partOf", "derivedFrom", "focus", "basedOn") for ref in _list(resource.get(name))]
    identifiers = [_dict(ref.get("identifier")) for ref in named]
    values = [str(one.get("value") or "") for one in identifiers]
    uid = next((value.removeprefix(_UID) for value in values if value.startswith(_UID)), None)
    device = str(_dict(resource.get("device")).get("display") or "")
    model, _, version = device.partition("/")
    coding = next(iter(_list(_dict(resource.get("code")).get("coding"))), {})
    cancelled = resource.get("status") in _CANCELLED or resource.get("dataAbsentReason") is not None
    return {
        "study_uid": uid,
        "accession": next((value for value in values if value and not value.startswith(_UID)), None),
        "patient_id": _dict(_dict(resource.get("subject")).get("identifier")).get("value"),
        "model": model or None,
        "version": version or "unknown",
        "finding": coding.get("code"),
        "score": _share(_dict(resource.get("valueQuantity"))),
        "call": resource.get("valueBoolean"),
        "status": ResultStatus.FAILED if cancelled else ResultStatus.OK,
        "produced_at": resource.get("effectiveDateTime"),
        "shown_at": resource.get("issued"),
    }


def _share(quantity: Mapping[str, Any]) -> object:
    """A quantity as a share of 1; one in percent is divided."""
    value = quantity.get("value")
    percent = "%" in {quantity.get("unit"), quantity.get("code")}
    return value / 100 if percent and isinstance(value, int | float) and not isinstance(value, bool) else value


def _refuse(path: str) -> Any:
    return lambda field, accepted: ObservationError(f"{path}.{field}", accepted)


def _list(value: object) -> list[dict[str, Any]]:
    given = value if isinstance(value, list) else [value]
    return [one for one in given if isinstance(one, dict)]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
