"""An archive that errs is told apart by how it errs, is asked again where that may help, and leaks no UID."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

import httpx
import pytest

from monitor.core.identity import Pseudonyms
from monitor.ingest.dicomweb import PAGE, TRIES, UNTOUCHED, Archive, ArchiveError, ArchiveFault, ListedStudy
from monitor.ingest.doorway import Doorway
from monitor.ingest.pull import PULLS_OF_A_STUDY, Gap, Listing, Patience, Puller
from monitor.ingest.spool import DiskSpool
from tests.monitor.ingest.files import STUDY, dicom_file, multipart
from tests.monitor.ingest.test_folder import Noon

TYPE = 'multipart/related; type="application/dicom"; boundary=cut'
DAY = date(2026, 3, 1)
PSEUDONYMS = Pseudonyms(key=b"k" * 32)
Answering = Callable[[httpx.Request], httpx.Response]


def archive(answering: Answering, waits: list[float] | None = None) -> Archive:
    """An archive that answers like this."""
    http = httpx.Client(base_url="http://pacs.example/dicom-web/", transport=httpx.MockTransport(answering))
    return Archive(http, max_bytes=100_000, wait=([] if waits is None else waits).append)


def row(uid: str, instances: object = None) -> dict[str, object]:
    """A study in the DICOM JSON model."""
    count = {} if instances is None else {"00201208": {"vr": "IS", "Value": [instances]}}
    return {"0020000D": {"vr": "UI", "Value": [uid]}} | count


def test_a_search_reads_every_page() -> None:
    """Studies are gathered page by page whatever the archive's own limit, and asked for from the first day on."""
    uids = [f"1.2.{number}" for number in range(450)]
    asked: list[httpx.QueryParams] = []

    def pages(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        start = int(request.url.params["offset"])
        return httpx.Response(200, json=[row(uid, 3) for uid in uids[start : start + 70]])  # its own limit

    found = archive(pages).studies(DAY, "CT")
    assert found == [ListedStudy(uid=uid, instances=3) for uid in uids]
    assert asked[0] == httpx.QueryParams(
        StudyDate="20260301-", includefield="00201208", ModalitiesInStudy="CT", limit=PAGE, offset=0
    )


@pytest.mark.parametrize("last", [httpx.Response(204), httpx.Response(200, json=[])])
def test_no_study_is_no_error(last: httpx.Response) -> None:
    """An archive with nothing to show says so with 204 or an empty list."""
    assert archive(lambda _request: last).studies(DAY, None) == []


def test_an_archive_that_ignores_paging_ends() -> None:
    """One that gives everything at once, again and again, is read twice and each study is there once."""
    calls = []

    def everything(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json=[row("1.2.3"), row("1.2.4", "7"), row("1.2.5", "x")])

    assert [study.instances for study in archive(everything).studies(DAY, None)] == [None, 7, None]
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("answer", "fault", "tries"),
    [
        (httpx.Response(401), ArchiveFault.NOT_ADMITTED, 1),
        (httpx.Response(404), ArchiveFault.NOT_FOUND, 1),
        (httpx.Response(302, headers={"location": "http://elsewhere.example/"}), ArchiveFault.REFUSED, 1),
        (httpx.Response(500), ArchiveFault.BROKEN_OFF, TRIES),
        (httpx.Response(503), ArchiveFault.UNREACHABLE, TRIES),
        (httpx.ConnectError(STUDY), ArchiveFault.UNREACHABLE, TRIES),
        (httpx.ReadTimeout(STUDY), ArchiveFault.UNREACHABLE, TRIES),
        (httpx.RemoteProtocolError(STUDY), ArchiveFault.BROKEN_OFF, TRIES),
        (httpx.Response(200, text="<html>"), ArchiveFault.NOT_UNDERSTOOD, 1),
        (httpx.Response(200, json={"error": 1}), ArchiveFault.NOT_UNDERSTOOD, 1),
        (httpx.Response(200, text="[" * 100_000), ArchiveFault.NOT_UNDERSTOOD, 1),
        (httpx.Response(200, json=[3]), ArchiveFault.NOT_UNDERSTOOD, 1),
    ],
)
def test_a_fault_is_told_apart(answer: httpx.Response | Exception, fault: ArchiveFault, tries: int) -> None:
    """What may pass is tried again with growing waits, what will not is not; the error names no UID."""
    calls, waits = 0, list[float]()

    def failing(_request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ArchiveError) as caught:
        archive(failing, waits).studies(DAY, None)
    assert (caught.value.fault, calls) == (fault, tries)
    assert waits == sorted(waits)
    assert len(waits) == tries - 1
    assert caught.value.__cause__ is None
    assert STUDY not in str(caught.value)


class Holdings:
    """What is here, as two sets."""

    def __init__(self, *sops: str, counts: Mapping[str, int] | None = None) -> None:
        self.sops, self.counts = {PSEUDONYMS.uid(sop) for sop in sops}, counts or {}

    def known_instances(self, sops: Sequence[str]) -> Collection[str]:
        """See `Holdings`."""
        return {sop for sop in sops if sop in self.sops}

    def instance_counts(self, studies: Sequence[str]) -> Mapping[str, int]:
        """See `Holdings`."""
        found = {PSEUDONYMS.uid(uid) or "": count for uid, count in self.counts.items()}
        return {key: count for key, count in found.items() if key in studies}


def pulling(
    answering: Answering, holdings: Holdings, spool: DiskSpool, on_study: Callable[[Gap], None] = lambda _gap: None
) -> tuple[Listing, Mapping[str, object]]:
    """Look at an archive that answers like this and close every gap."""
    puller = Puller(archive(answering), holdings, PSEUDONYMS, lambda _seconds: None)
    listing = puller.look(DAY, ())
    door = Doorway(spool, Noon(), lambda _digests: (), max_bytes=100_000)
    return listing, puller.pull(listing.gaps, door, on_study=on_study).as_json()


def test_only_what_is_lacking_is_fetched(spool: DiskSpool) -> None:
    """A complete study is left alone, a missing one fetched whole, of one in part each instance that is not here."""
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/dicom-web/")
        paths.append(path)
        if path == "studies":
            return httpx.Response(200, json=[row("1.1", 2), row("1.2", 2), row("1.3", 2), row("1.4")])
        if path == "studies/1.3/instances":
            items = [{"0020000E": {"Value": ["1.3.0"]}, "00080018": {"Value": [f"1.3.0.{n}"]}} for n in (1, 2)]
            return httpx.Response(200, json=items)
        assert request.headers["accept"] == UNTOUCHED
        files = [dicom_file(2, study="1.3")] if "1.3" in path else [dicom_file(n, study="1.2") for n in (1, 2)]
        return httpx.Response(200, content=multipart(files), headers={"content-type": TYPE})

    listing, pulled = pulling(answer, Holdings("1.3.0.1", counts={"1.1": 2, "1.3": 1, "1.4": 1}), spool)
    assert listing.as_json() == {"listed": 4, "complete": 2, "missing": 1, "incomplete": 1}
    assert pulled == {"pulled": 2, "instances": 3, "known": 0, "refused": {}, "failed": {}}
    fetched = [path for path in paths if path.count("/") and not path.endswith("/instances")]
    assert sorted(fetched) == ["studies/1.2", "studies/1.3/series/1.3.0/instances/1.3.0.2"]
    assert spool.waiting() == 3


def test_a_broken_off_study_is_asked_for_again(spool: DiskSpool) -> None:
    """What came whole before the break is durable at once, and is not stored twice when the study comes whole."""
    body, tries = multipart([dicom_file(1), dicom_file(2)]), Counter[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/studies"):
            return httpx.Response(200, json=[row(STUDY, 2)])
        tries["wado"] += 1
        content = body[: len(body) // 2 + 500] if tries["wado"] == 1 else body
        return httpx.Response(200, content=content, headers={"content-type": TYPE})

    _, pulled = pulling(answer, Holdings(), spool)
    assert pulled == {"pulled": 1, "instances": 2, "known": 1, "refused": {}, "failed": {}}
    assert spool.waiting() == 2


@pytest.mark.parametrize(("status", "asked", "failed"), [(500, 2 * TRIES, 2), (404, 2, 2), (401, 1, 1)])
def test_one_bad_study_does_not_stop_the_others(spool: DiskSpool, status: int, asked: int, failed: int) -> None:
    """A study that cannot be had is counted and the next one tried, unless nothing can be had any more."""
    calls, tried = Counter[str](), list[Gap]()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/studies"):
            return httpx.Response(200, json=[row("1.1"), row("1.2")])
        calls["wado"] += 1
        return httpx.Response(status)

    _, pulled = pulling(answer, Holdings(), spool, tried.append)
    assert calls["wado"] == asked
    assert len(tried) == (0 if status == 401 else 2)
    assert sum(pulled["failed"].values()) == failed  # type: ignore[attr-defined]  # a Mapping in a Mapping
    assert spool.waiting() == 0


@pytest.mark.parametrize("content_type", ["application/json", "application/dicom", ""])
def test_another_media_type_is_not_understood(spool: DiskSpool, content_type: str) -> None:
    """An answer that is not multipart/related of application/dicom is counted as not understood."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/studies"):
            return httpx.Response(200, json=[row(STUDY)])
        return httpx.Response(200, content=dicom_file(), headers={"content-type": content_type})

    assert pulling(answer, Holdings(), spool)[1]["failed"] == {"not_understood": 1}


def test_nothing_but_a_uid_enters_an_address(spool: DiskSpool) -> None:
    """A study under what is no UID is counted as failed and never asked for; it does not stop the next."""
    odd = [row("../../x"), row("1.2/../3"), row(""), {}, {"0020000D": {"Value": 3}}, row("1" * 65)]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/dicom-web/studies":
            return httpx.Response(200, json=[*odd, row(STUDY)])
        assert request.url.path == f"/dicom-web/studies/{STUDY}"
        return httpx.Response(200, content=multipart([dicom_file()]), headers={"content-type": TYPE})

    listing, pulled = pulling(answer, Holdings(), spool)
    assert listing.missing == 5  # those without any are one
    assert (pulled["pulled"], pulled["failed"]) == (1, {"not_understood": 4})


def gap(key: str, instances: int, here: int = 0) -> Gap:
    """A gap."""
    return Gap(study=ListedStudy(uid="1.2.3", instances=instances), key=key, here=here)


def test_a_schedule_waits_until_a_gap_stands_still() -> None:
    """A gap is closed when the last look found it just so; one that moves, on either side, waits for another look."""
    patience = Patience()
    assert patience.due([gap("a", 3), gap("b", 3)]) == []
    assert [due.key for due in patience.due([gap("a", 4), gap("b", 3)])] == ["b"]
    assert [due.key for due in patience.due([gap("a", 4), gap("b", 3, 2)])] == ["a"]


def test_a_schedule_gives_up_on_a_gap() -> None:
    """What was fetched in vain a few times is let be, until it is no gap any more."""
    patience = Patience()
    for _ in range(20):  # the archive was away, or the disk full: not the study's fault
        patience.due([gap("a", 3)])
    for _ in range(PULLS_OF_A_STUDY):
        assert patience.given_up == 0
        (due,) = patience.due([gap("a", 3)])
        patience.tried(due)
    assert patience.due([gap("a", 3)]) == []
    assert patience.given_up == 1
    patience.due([])
    patience.due([gap("a", 3)])
    assert len(patience.due([gap("a", 3)])) == 1


def test_no_record_shows_a_uid() -> None:
    """What a log or a traceback may print of a gap holds no UID."""
    assert "1.2.3" not in repr(gap("a", 3))
    assert json.dumps(Listing(listed=1, gaps=(gap("a", 3),)).as_json()).count("1.2.3") == 0
