"""Refusals are on record, whatever is thrown at the door and whether or not the store is there."""

import threading
from typing import Any

import pytest

from monitor.ingest.admission import Refusal, Refused
from monitor.service import refusals
from monitor.service.refusals import BURST, WAITING, RefusalBook
from tests.monitor.ingest.receiving import until


class Log:
    """Counts what is logged."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, _event: str, **fields: Any) -> None:
        """Keep it."""
        self.lines.append(fields)


def kept(book: RefusalBook) -> threading.Event:
    """Keep the book in a thread; set to end."""
    stop = threading.Event()
    threading.Thread(target=book.keep, args=(stop,), daemon=True).start()
    return stop


def test_a_flood_is_counted_and_not_chained() -> None:
    """Of very many refusals a burst is audited one by one; another kind after them still is."""
    lines: list[str] = []
    log = Log()
    book = RefusalBook(log, lines.append)
    stop = kept(book)
    for _ in range(20):
        for _ in range(WAITING // 2):
            book.note(Refusal(reason=Refused.CALLING_TITLE, host="10.0.0.7", title="EVIL\n^X"))
        until(lambda: book.waiting() == 0)
    book.note(Refusal(reason=Refused.HOST, host="10.0.0.8"))
    until(lambda: any("10.0.0.8" in line for line in lines))
    stop.set()
    assert lines[0] == "EVIL??X@10.0.0.7 unknown_calling_title"
    assert len(lines) == len(log.lines) == BURST + 1


def test_what_is_no_impostor_is_logged_and_not_audited() -> None:
    """A full disk is for the log; the chain is for who came."""
    lines: list[str] = []
    log = Log()
    book = RefusalBook(log, lines.append)
    stop = kept(book)
    book.note(Refusal(reason=Refused.DISK_FULL, host="10.0.0.7", title="PACS"))
    until(lambda: log.lines)
    stop.set()
    assert (log.lines[0]["what"], lines) == (Refused.DISK_FULL, [])


def test_a_store_that_is_down_stalls_nobody_and_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """While auditing fails, noting returns at once beyond any queue; the line is there when the store is back."""
    monkeypatch.setattr(refusals, "RETRY_SECONDS", 0.01)
    lines: list[str] = []
    down = threading.Event()
    down.set()

    def audit(line: str) -> None:
        if down.is_set():
            raise ConnectionError
        lines.append(line)

    book = RefusalBook(Log(), audit)
    stop = kept(book)
    for _ in range(WAITING * 2):
        book.note(Refusal(reason=Refused.HOST, host="10.0.0.7"))
    down.clear()
    until(lambda: len(lines) == BURST)
    stop.set()
    assert all(line.startswith("10.0.0.7 unknown_host") for line in lines)
    assert any(line.endswith("more before") for line in lines)
