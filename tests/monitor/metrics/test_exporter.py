import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from monitor.core.errors import OverreadError
from monitor.metrics.exporter import serve
from monitor.metrics.snapshot import Snapshot

from .example import SNAPSHOT

GOLDEN = Path(__file__).with_name("golden.prom")


def scrape(port: int, host: str = "127.0.0.1", query: str = "") -> str:
    """What Prometheus would read."""
    with urllib.request.urlopen(f"http://{host}:{port}/metrics{query}", timeout=5) as answer:
        return str(answer.read().decode())


def test_exposition_is_the_golden_file() -> None:
    """One snapshot is exposed byte for byte as agreed."""
    with serve(0, "127.0.0.1", lambda: SNAPSHOT) as server:
        assert scrape(server.port) == GOLDEN.read_text()


def test_golden_file_is_clean() -> None:
    """`promtool check metrics` has nothing to say about the exposition."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here: apt-get install prometheus")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=GOLDEN.read_bytes(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_every_scrape_asks_anew() -> None:
    """The numbers are the store's at the moment of the scrape: none are kept between two."""
    received = iter((1, 2))

    def snapshot() -> Snapshot:
        return Snapshot(version="0", values={"overread_studies_received_total": {(): next(received)}})

    with serve(0, "127.0.0.1", snapshot) as server:
        assert "overread_studies_received_total 1.0" in scrape(server.port)
        assert "overread_studies_received_total 2.0" in scrape(server.port)


def test_failing_store_fails_the_scrape() -> None:
    """A store that cannot be read answers 500, quotes none of the error's text, and the server goes on."""

    def snapshot() -> Snapshot:
        message = "postgresql://overread:secret@db"
        raise OverreadError(message)

    with serve(0, "127.0.0.1", snapshot) as server:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError, match="500") as failed:
                scrape(server.port)
            assert failed.value.read() == b"# the store could not be read: OverreadError\n"
            failed.value.close()


def test_one_family_can_be_asked_for() -> None:
    """`?name[]=` restricts the answer to one family."""
    with serve(0, "127.0.0.1", lambda: SNAPSHOT) as server:
        assert scrape(server.port, query="?name[]=overread_reads_unmatched").count("# TYPE") == 1


def test_closed_server_frees_its_port() -> None:
    """After close, the same port can be served again."""
    with serve(0, "127.0.0.1", lambda: SNAPSHOT) as first:
        port = first.port
    with serve(port, "127.0.0.1", lambda: SNAPSHOT) as second:
        assert "overread_build_info" in scrape(second.port)


def test_ipv6_loopback() -> None:
    """An IPv6 address is served like any other."""
    with serve(0, "::1", lambda: SNAPSHOT) as server:
        assert "overread_build_info" in scrape(server.port, host="[::1]")
