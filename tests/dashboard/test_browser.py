import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.launch import command
from monitor.settings import DashboardSettings, Settings

from .conftest import REFERENCE_DAYS

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
PATIENCE_MS = 60_000
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium; `apt-get install chromium` brings it"),
]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The dashboard over a data folder, as `overread dashboard` starts it; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "OVERREAD_DATA_DIR": str(folder),
        "OVERREAD_CLOCK__FILE": str(folder / "clock"),
        "OVERREAD_EVALUATION__REFERENCE_DAYS": str(REFERENCE_DAYS),
    }
    arguments = command(Settings(dashboard=DashboardSettings(port=port)))
    with subprocess.Popen(
        arguments, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _await_health(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _await_health(url: str) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            with urlopen(url, timeout=5):  # noqa: S310  a loopback address made above
                return
        except (URLError, ConnectionError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser that makes no calls of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


class Watched:
    """A page, the addresses it asked for and the errors it wrote to its console."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked, self.errors = page, list[str](), list[str]()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda line: self.errors.append(line.location["url"]) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def visit(self, address: str) -> None:
        """Open an address and wait until it is drawn."""
        self.page.goto(address)
        expect(self.page.locator("h1")).to_be_visible(timeout=PATIENCE_MS)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is drawn any more."""
        self.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE_MS)
        expect(self.page.get_by_text("loopback")).to_be_visible(timeout=PATIENCE_MS)

    @property
    def complaints(self) -> list[str]:
        """Console errors, without those of Streamlit looking for its health below a page's path before above it."""
        return [error for error in self.errors if not error.endswith(("/_stcore/health", "/_stcore/host-config"))]

    @property
    def strangers(self) -> list[str]:
        """Requests that left this machine."""
        return [url for url in self.asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))]


def test_the_banner_leads_to_the_evidence_and_a_link_shows_it_again(
    browser: Browser, told: Callable[[str], Path]
) -> None:
    """The Overview fits one screen, its link sets the filters, and the address alone sets them again."""
    with served(told("alert")) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        first = Watched(context.new_page())
        first.visit(address)
        expect(first.page.get_by_role("alert")).to_contain_text("Look first at North campus")
        main = first.page.locator("[data-testid=stMain]")
        assert main.evaluate("box => box.scrollHeight <= box.clientHeight")
        first.page.get_by_text("See the evidence").click()
        expect(first.page.get_by_role("heading", level=1)).to_contain_text("How often", timeout=PATIENCE_MS)
        first.settle()
        assert "period=alarm" in first.page.url
        verdict = first.page.get_by_text("An alarm is open since").inner_text()

        second = Watched(context.new_page())
        second.visit(first.page.url)
        expect(second.page.get_by_text("An alarm is open since")).to_have_text(verdict, timeout=PATIENCE_MS)
        assert second.page.url == first.page.url
        for watched in (first, second):
            assert not watched.complaints
            assert not watched.strangers


def test_nothing_hostile_is_fetched(browser: Browser, told: Callable[[str], Path]) -> None:
    """Names that would load an image or link away are only text, on both pages, on a narrow screen in the dark."""
    with served(told("hostile")) as address:
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
        for path in ("/", "/agreement"):
            watched = Watched(context.new_page())
            watched.visit(address + path)
            assert not watched.strangers
            assert not watched.complaints
            assert watched.page.locator("img[src*=evil], a[href^='http://evil']").count() == 0
            main = watched.page.locator("[data-testid=stMain]")
            assert main.evaluate("box => box.scrollWidth <= box.clientWidth")
