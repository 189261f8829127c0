"""Builds the parser of what was received from the settings."""

from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from monitor.service.rooms import pseudonyms
from monitor.settings import Settings

JAILS = 2


def open_source(settings: Settings, spool: DiskSpool, jails: Jails) -> JailedSource:
    """The parser of what lies in the spool."""
    return JailedSource(spool, jails, pseudonyms(settings), sites=settings.sites, zone=settings.zone)


def open_jails(settings: Settings, *, size: int = JAILS) -> Jails:
    """The parser processes."""
    jail = settings.jail
    bounds = Bounds(
        memory_bytes=jail.memory_bytes,
        seconds=jail.seconds,
        max_pixels=jail.max_pixels,
        recycle_after=jail.recycle_after,
    )
    return Jails(bounds, size=size)
