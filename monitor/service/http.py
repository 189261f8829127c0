"""The api role: health, readiness, STOW-RS, FHIR and metrics."""

import threading

import uvicorn
from fastapi import APIRouter

from monitor.api.app import application
from monitor.api.reports import report_routes
from monitor.core.errors import UnreachableError
from monitor.core.ports import Clock
from monitor.metrics import exporter
from monitor.reads.source import Source
from monitor.service import fhirdoor, reporting, rooms
from monitor.service.clocks import clock_of
from monitor.service.running import Running
from monitor.service.snapshot import snapshot_source
from monitor.service.stow import stow_door
from monitor.settings import Settings
from monitor.store.sql import SqlStore


def serve_http(running: Running) -> None:
    """Run the api role until asked to stop."""
    settings = running.settings
    store, clock = rooms.open_store(settings), clock_of(settings.clock.file)

    def not_ready() -> str | None:
        try:
            rooms.open_store(settings).close()
        except UnreachableError:
            return "the store does not answer"
        return None

    spool = rooms.open_spool(settings)
    source = snapshot_source(store, spool, clock)
    app = application(not_ready, stow_door(running, spool, clock), _fhir_door(settings, store, clock))
    config = uvicorn.Config(app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False)
    server = _Quiet(config)
    thread = threading.Thread(target=server.run, daemon=True)
    with exporter.serve(settings.metrics.port, settings.metrics.host, source):
        thread.start()
        while thread.is_alive() and not server.started:
            running.stop.wait(0.05)
        if not thread.is_alive():
            message = f"OVERREAD_API__PORT={settings.api.port}: the port on {settings.api.host} is taken"
            raise UnreachableError(message)
        running.ready()
        running.stop.wait()
        server.should_exit = True
        thread.join()
    store.close()


def _fhir_door(settings: Settings, store: SqlStore, clock: Clock) -> APIRouter:
    """Reports and production results over FHIR."""
    source = Source(name=fhirdoor.SOURCE, zone=settings.zone)
    reports = fhirdoor.reports_taken(store, reporting.desk(settings, clock), source)
    return report_routes(reports, fhirdoor.results_taken(store, settings, clock))


class _Quiet(uvicorn.Server):
    """Leaves the signals to the role."""

    def install_signal_handlers(self) -> None:
        """Nothing: `roles.run` has them."""
