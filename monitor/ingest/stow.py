"""STOW-RS (PS3.18 §10.5): studies that are sent by HTTP. What the answer lists as stored is durable."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from http import HTTPStatus
from typing import Any

from monitor.core.errors import SpoolError
from monitor.core.ports import Clock
from monitor.ingest.multipart import DICOM, MultipartError, Part, PartTooLargeError, boundary_of, parts
from monitor.ingest.part10 import HEAD_BYTES, FileMeta, file_meta, harmless, is_part10, is_uid
from monitor.ingest.spool import DiskSpool

MAX_PARTS = 100_000
MEDIA_TYPE = "application/dicom+json"


class Reason(IntEnum):
    """Why an instance was not stored, as PS3.4 §B.2.3 numbers it for (0008,1197)."""

    OUT_OF_RESOURCES = 0xA700
    OTHER_STUDY = 0xA900
    NOT_UNDERSTOOD = 0xC000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the sender is told: a status, a body in the DICOM JSON model with its own UIDs, why it was cut short."""

    status: HTTPStatus
    body: dict[str, Any] = field(repr=False)
    fault: str = ""


@dataclass(kw_only=True, slots=True)
class _Stored:
    """What came of the parts so far, each as its item in the answer."""

    stored: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    nameless: list[dict[str, Any]] = field(default_factory=list)
    reasons: set[Reason] = field(default_factory=set)

    def fail(self, meta: FileMeta | None, reason: Reason) -> None:
        self.reasons.add(reason)
        item = {"00081197": {"vr": "US", "Value": [int(reason)]}}
        if meta is None or not (meta.sop_class and meta.sop_instance):
            self.nameless.append(item)
        else:
            self.failed.append(_reference(meta) | item)

    def answer(self, cut_short: HTTPStatus | None = None, fault: str = "") -> Answer:
        sequences = {"00081198": self.failed, "00081199": self.stored, "0008119A": self.nameless}
        body = {tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items}
        return Answer(status=cut_short or self._status(), body={"00081190": {"vr": "UR"}, **body}, fault=fault)

    def _status(self) -> HTTPStatus:
        if not self.failed and not self.nameless:
            return HTTPStatus.OK if self.stored else HTTPStatus.BAD_REQUEST
        if self.stored:
            return HTTPStatus.ACCEPTED
        return HTTPStatus.INSUFFICIENT_STORAGE if Reason.OUT_OF_RESOURCES in self.reasons else HTTPStatus.CONFLICT


class StowIntake:
    """Takes the body of a store request into the spool. Serves any number of threads."""

    def __init__(
        self, spool: DiskSpool, clock: Clock, study_of: Callable[[bytes], str | None], *, max_bytes: int
    ) -> None:
        """Take parts of up to `max_bytes` each; `study_of` reads a file's Study Instance UID, safely."""
        self._spool, self._clock, self._study_of, self._max_bytes = spool, clock, study_of, max_bytes

    def take(self, content_type: str, study: str | None, chunks: Iterable[bytes]) -> Answer:
        """Store every part, and say what came of each.

        200 where all were stored, 202 where some were, 409 where none was; 507 where the disk takes no more, 413 where
        a part is too large, 415 and 400 where it is no such request. What a cut-short request had stored by then is
        in its answer and stays.

        Args:
            content_type: the request's.
            study: the Study Instance UID of the address, which every instance must have; None takes any.
            chunks: the body.
        """
        so_far = _Stored()
        if study is not None and not is_uid(study):
            return so_far.answer(
                HTTPStatus.BAD_REQUEST, "the address names no UID; accepted: digits and dots, at most 64"
            )
        try:
            boundary = boundary_of(content_type)
        except MultipartError as error:
            return so_far.answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error))
        try:
            for part in parts(chunks, boundary, max_bytes=self._max_bytes, max_parts=MAX_PARTS):
                self._store(part, study, so_far)
        except PartTooLargeError as error:
            return so_far.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        except MultipartError as error:
            return so_far.answer(HTTPStatus.BAD_REQUEST, str(error))
        return so_far.answer()

    def _store(self, part: Part, study: str | None, so_far: _Stored) -> None:
        if part.media_type not in {DICOM, ""} or not is_part10(part.content):
            so_far.fail(None, Reason.NOT_UNDERSTOOD)
            return
        meta = file_meta(part.content[:HEAD_BYTES])
        if not (meta.sop_class and meta.sop_instance):
            so_far.fail(None, Reason.NOT_UNDERSTOOD)
        elif study is not None and self._study_of(part.content) != study:
            so_far.fail(meta, Reason.OTHER_STUDY)
        else:
            try:
                self._spool.write(harmless(part.content), received_at=self._clock.now())
            except SpoolError:
                so_far.fail(meta, Reason.OUT_OF_RESOURCES)
            else:
                so_far.stored.append(_reference(meta))


def _reference(meta: FileMeta) -> dict[str, Any]:
    """ReferencedSOPClassUID and ReferencedSOPInstanceUID."""
    return {
        "00081150": {"vr": "UI", "Value": [meta.sop_class]},
        "00081155": {"vr": "UI", "Value": [meta.sop_instance]},
    }
