"""A DICOMweb client (PS3.18): asks an archive what it has by QIDO-RS, and fetches it untouched by WADO-RS.

UIDs pass through here into addresses, once they are checked, and nowhere else: not into an error, a log or a `repr`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import httpx

from monitor.core.errors import OverreadError, UnreachableError
from monitor.ingest.multipart import BrokenOffError, MultipartError, Part, PartTooLargeError, boundary_of, parts
from monitor.ingest.part10 import is_uid

PAGE = 200
MOST_PAGES = 5_000
PAGE_BYTES = 32 << 20
MAX_PARTS = 100_000
TRIES = 4
FIRST_WAIT_SECONDS = 0.5
UNTOUCHED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""Whatever transfer syntax each instance is stored in: without it an archive transcodes, and the bytes are others."""
_STUDY, _SERIES, _SOP, _COUNT = "0020000D", "0020000E", "00080018", "00201208"
Row = dict[str, Any]
_BUSY = frozenset({429, 502, 503, 504})


class ArchiveFault(StrEnum):
    """Why an archive did not answer as asked."""

    UNREACHABLE = "unreachable"
    NOT_ADMITTED = "not_admitted"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    BROKEN_OFF = "broken_off"
    NOT_UNDERSTOOD = "not_understood"
    TOO_LARGE = "too_large"

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a while."""
        return self in {ArchiveFault.UNREACHABLE, ArchiveFault.BROKEN_OFF}

    @property
    def hopeless(self) -> bool:
        """Whether no other request would succeed now."""
        return self in {ArchiveFault.UNREACHABLE, ArchiveFault.NOT_ADMITTED}


_MEANINGS = {
    ArchiveFault.UNREACHABLE: "it does not answer, or is too busy",
    ArchiveFault.NOT_ADMITTED: "it does not let us in; check the user or token",
    ArchiveFault.NOT_FOUND: "it knows no such address; check that the setting names its DICOMweb service",
    ArchiveFault.REFUSED: "it refuses the request",
    ArchiveFault.BROKEN_OFF: "its answer broke off",
    ArchiveFault.NOT_UNDERSTOOD: "its answer is not DICOMweb",
    ArchiveFault.TOO_LARGE: "its answer is larger than is accepted",
}


class ArchiveError(OverreadError):
    """The DICOMweb archive did not answer as asked."""

    def __init__(self, fault: ArchiveFault) -> None:
        super().__init__(f"the archive at OVERREAD_DICOMWEB__URL: {_MEANINGS[fault]}")
        self.fault = fault
        self.exit_code = UnreachableError.exit_code if fault.hopeless else OverreadError.exit_code


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedStudy:
    """A study an archive has, under a UID not yet checked; `instances` is how many it counts in it, if it does."""

    uid: str = field(repr=False)
    instances: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedInstance:
    """An instance an archive has."""

    series: str = field(repr=False)
    sop: str = field(repr=False)


class Archive:
    """One archive behind one `httpx.Client`, whose `base_url` is that of its DICOMweb service."""

    def __init__(self, http: httpx.Client, *, max_bytes: int, wait: Callable[[float], object]) -> None:
        """Talk to an archive.

        Args:
            http: carries the address, time-outs, credentials and certificates.
            max_bytes: how large one instance may be.
            wait: waits for this many seconds before a request is tried again.
        """
        self._http, self._max_bytes, self._wait = http, max_bytes, wait

    def answers(self) -> None:
        """Ask for one study.

        Raises:
            ArchiveError: it does not let us search.
        """
        self._page("studies", {"limit": "1"})

    def studies(self, since: date, modality: str | None) -> list[ListedStudy]:
        """The studies taken on `since` or later, with a series of this modality; each once.

        Raises:
            ArchiveError: a page could not be had, or there is no end of them.
        """
        query = {"StudyDate": f"{since:%Y%m%d}-", "includefield": _COUNT}
        if modality is not None:
            query["ModalitiesInStudy"] = modality
        found = self._search("studies", query, _STUDY)
        return [ListedStudy(uid=uid, instances=_count(row)) for uid, row in found.items()]

    def instances(self, study: str) -> list[ListedInstance]:
        """The instances of a study, each once.

        Raises:
            ArchiveError: as `studies`.
        """
        found = self._search(f"studies/{_checked(study)}/instances", {}, _SOP)
        return [ListedInstance(series=_text(row, _SERIES), sop=sop) for sop, row in found.items()]

    def retrieve(self, study: str, instance: ListedInstance | None = None) -> Iterator[Part]:
        """The files of a study, or of one instance of it, as the archive keeps them; each as soon as it is there.

        Raises:
            ArchiveError: it broke off or did not begin. What was yielded before is good; ask again for the rest.
        """
        path = f"studies/{_checked(study)}"
        if instance is not None:
            path += f"/series/{_checked(instance.series)}/instances/{_checked(instance.sop)}"
        with self._got(path, {}, UNTOUCHED) as answer:
            boundary = boundary_of(answer.headers.get("content-type", ""))
            yield from parts(answer.iter_bytes(), boundary, max_bytes=self._max_bytes, max_parts=MAX_PARTS)

    def _search(self, path: str, query: dict[str, str], key: str) -> dict[str, Row]:
        """Every row of a search by its UID, page by page.

        An archive may give fewer rows than asked for, or all whatever was asked: the end is a page with no news.
        """
        found: dict[str, Row] = {}
        offset = 0
        for _ in range(MOST_PAGES):
            page = self._page(path, query | {"limit": str(PAGE), "offset": str(offset)})
            before = len(found)
            found |= {_text(row, key): row for row in page}
            if len(found) == before:
                return found
            offset += len(page)
        raise ArchiveError(ArchiveFault.TOO_LARGE)

    def _page(self, path: str, query: dict[str, str]) -> list[Row]:
        for attempt in range(1, TRIES + 1):
            try:
                with self._got(path, query, "application/dicom+json") as answer:
                    return _rows(answer)
            except ArchiveError as error:
                if not error.fault.passing or attempt == TRIES:
                    raise
            self._wait(FIRST_WAIT_SECONDS * 2**attempt)
        raise ArchiveError(ArchiveFault.UNREACHABLE)

    @contextmanager
    def _got(self, path: str, query: dict[str, str], accept: str) -> Iterator[httpx.Response]:
        with _translated(), self._http.stream("GET", path, params=query, headers={"accept": accept}) as answer:
            if answer.status_code not in {200, 204, 206}:
                raise ArchiveError(_fault_of(answer.status_code))
            yield answer


def _fault_of(status: int) -> ArchiveFault:
    if status in _BUSY:
        return ArchiveFault.UNREACHABLE
    if status >= 500:
        return ArchiveFault.BROKEN_OFF
    named = {401: ArchiveFault.NOT_ADMITTED, 403: ArchiveFault.NOT_ADMITTED}
    named |= {404: ArchiveFault.NOT_FOUND, 410: ArchiveFault.NOT_FOUND, 413: ArchiveFault.TOO_LARGE}
    return named.get(status, ArchiveFault.REFUSED)


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the transport and of the parsers, as ours; their own texts quote addresses, and so UIDs."""
    try:
        yield
    except (httpx.ConnectError, httpx.TimeoutException):
        fault = ArchiveFault.UNREACHABLE
    except (httpx.HTTPError, BrokenOffError):
        fault = ArchiveFault.BROKEN_OFF
    except PartTooLargeError:
        fault = ArchiveFault.TOO_LARGE
    except MultipartError:
        fault = ArchiveFault.NOT_UNDERSTOOD
    else:
        return
    raise ArchiveError(fault) from None


def _rows(answer: httpx.Response) -> list[Row]:
    """The rows of one page of a search."""
    if answer.status_code == 204:
        return []
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > PAGE_BYTES:
            raise ArchiveError(ArchiveFault.TOO_LARGE)
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        raise ArchiveError(ArchiveFault.NOT_UNDERSTOOD) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ArchiveError(ArchiveFault.NOT_UNDERSTOOD)
    return rows


def _first(row: Row, tag: str) -> object:
    """The first value of an element in the DICOM JSON model (PS3.18 annex F), or None."""
    element = row.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else None


def _text(row: Row, tag: str) -> str:
    value = _first(row, tag)
    return value if isinstance(value, str) else ""


def _count(row: Row) -> int | None:
    value = _first(row, _COUNT)
    try:
        number = int(value) if isinstance(value, str | int) else 0
    except ValueError:
        number = 0
    return number if number > 0 else None


def _checked(uid: str) -> str:
    """This UID, which may now stand in an address."""
    if not is_uid(uid):
        raise ArchiveError(ArchiveFault.NOT_UNDERSTOOD)
    return uid
