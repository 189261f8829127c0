"""The STOW-RS routes admit who may send, and hand the body on as it comes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from monitor.api import stow
from monitor.api.app import application
from monitor.api.stow import stow_routes


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer."""

    status: int
    body: dict[str, Any]
    fault: str = ""


class Echo:
    """An intake that remembers what it was given."""

    def __init__(self, answer: Said) -> None:
        self.answer, self.given, self.refused = answer, list[tuple[str, str | None, bytes]](), list[str]()

    def take(self, content_type: str, study: str | None, chunks: Iterator[bytes]) -> Said:
        """Read the body to its end."""
        self.given.append((content_type, study, b"".join(chunks)))
        return self.answer

    def refuse(self, *, what: str) -> None:
        """Told of a refusal."""
        self.refused.append(what)

    @contextmanager
    def served(self, fault: str | None = None) -> Iterator[httpx.Client]:
        """A client of a real server with the routes; `fault` is why it is not admitted."""
        app = application(lambda: None, stow_routes(self.take, lambda _shown: fault, self.refuse))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(("path", "study"), [("/dicom-web/studies", None), ("/dicom-web/studies/1.2.3", "1.2.3")])
def test_the_body_is_handed_on_whole(path: str, study: str | None) -> None:
    """Content-Type, study and every byte reach the intake, and its answer comes back as DICOM JSON."""
    echo = Echo(Said(status=202, body={"00081190": {"vr": "UR"}}, fault="odd"))
    body = bytes(range(256)) * 10_000
    pieces = (body[start : start + 60_000] for start in range(0, len(body), 60_000))
    with echo.served() as client:
        answer = client.post(path, content=pieces, headers={"content-type": "multipart/related; boundary=x"})
    assert echo.given == [("multipart/related; boundary=x", study, body)]
    assert (answer.status_code, answer.json()) == (202, {"00081190": {"vr": "UR"}})
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.headers["warning"] == '299 overread "odd"'
    assert echo.refused == ["http_202"]


def test_who_is_not_admitted_is_told_why_and_not_read() -> None:
    """Without what is asked for, the answer is 401 with its reason, and the intake hears nothing."""
    echo = Echo(Said(status=200, body={}))
    with echo.served("accepted: a token") as client:
        answer = client.post("/dicom-web/studies", content=b"x")
    assert (answer.status_code, answer.json()) == (401, {"detail": "accepted: a token"})
    assert answer.headers["www-authenticate"] == "Bearer"
    assert echo.given == []
    assert echo.refused == ["http_401"]


def test_health_needs_no_admission() -> None:
    """Probes are answered whatever the doors want."""
    with Echo(Said(status=200, body={})).served("no") as client:
        assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)


def test_a_sender_that_goes_away_hurts_no_one() -> None:
    """A connection that ends in the middle of a body ends its request, and the next one is served."""
    echo = Echo(Said(status=200, body={}))
    with echo.served() as client:
        head = b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as connection:
            connection.sendall(head)
        assert client.post("/dicom-web/studies", content=b"whole").status_code == 200
    assert [body for _, _, body in echo.given] == [b"whole"]


def test_a_sender_that_stalls_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stops coming ends in 408 after a while, so that it holds no place for ever."""
    monkeypatch.setattr(stow, "STALL_SECONDS", 0.1)
    echo = Echo(Said(status=200, body={}))
    with echo.served() as client:
        head = b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as connection:
            connection.sendall(head)
            connection.settimeout(10)
            assert connection.recv(1000).startswith(b"HTTP/1.1 408")
    assert echo.given == []
