"""Serves `/metrics`: a view of the store, read anew at each scrape."""

import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from monitor.metrics.catalogue import METRICS, Kind
from monitor.metrics.families import families, family
from monitor.metrics.snapshot import SnapshotSource

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

IDLE_SECONDS = 10
"""How long a connection may say nothing before it is closed."""


@dataclass(frozen=True, kw_only=True)
class StoreCollector(Collector):
    """Asks for one snapshot a scrape; scrapes that come together wait for each other."""

    source: SnapshotSource
    lock: threading.Lock

    def describe(self) -> Iterable[Family]:
        """The families without their samples, so that registering asks nothing of the store."""
        return [
            HistogramMetricFamily(metric.name, metric.help) if metric.kind is Kind.HISTOGRAM else family(metric, {})
            for metric in METRICS
        ]

    def collect(self) -> Iterable[Family]:
        """All families of one snapshot."""
        with self.lock:
            return list(families(self.source()))


@dataclass(frozen=True, kw_only=True)
class MetricsServer:
    """A running exporter. `port` is the one it listens on."""

    port: int
    server: WSGIServer
    thread: threading.Thread

    def close(self) -> None:
        """Stop listening, and return when the port is free."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(port: int, host: str, snapshot: SnapshotSource) -> MetricsServer:
    """Serve `/metrics` from a thread until closed. Port 0 takes a free one.

    A snapshot that raises makes the scrape answer 500, so that Prometheus sees `up == 0` and not old numbers; the
    answer names the kind of error and nothing of its text.

    Raises:
        OSError: the address cannot be bound.
    """
    registry = CollectorRegistry()
    registry.register(StoreCollector(source=snapshot, lock=threading.Lock()))
    app = _open_about_failure(make_wsgi_app(registry))
    server = make_server(host, port, app, server_class=_listener(host), handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    return MetricsServer(port=server.server_port, server=server, thread=thread)


def _open_about_failure(app: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as error:  # noqa: BLE001 -- whatever the store raised, the scrape must fail and not the server
            start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"# the store could not be read: {type(error).__name__}\n".encode()]

    return answer


def _listener(host: str) -> type[WSGIServer]:
    return _Listener6 if ":" in host else ThreadingWSGIServer


class _Listener6(ThreadingWSGIServer):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = IDLE_SECONDS

    def log_message(self, *_: Any) -> None:
        """Log nothing: a scrape is no news."""
