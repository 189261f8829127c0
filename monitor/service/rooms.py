"""Builds the rooms from the settings; everything a role needs is made here and nowhere else."""

import ssl
from pathlib import Path

import models
from monitor.core.errors import SettingError, UnreachableError
from monitor.core.identity import Pseudonyms
from monitor.ingest.admission import Limits
from monitor.ingest.commitment import Commitments
from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool, Watermarks
from monitor.ingest.tls import server_context
from monitor.settings import PREFIX, Settings, pseudonym_key
from monitor.store import revision
from monitor.store.database import Database
from monitor.store.sql import SqlStore

JAILS = 2


def open_store(settings: Settings) -> SqlStore:
    """The store, which must be there and at this version's schema.

    Raises:
        UnreachableError: it does not answer, was never made, or has another revision.
    """
    database = Database(settings.store_url)
    try:
        found, needed = revision.pending(database)
    except Exception as error:  # noqa: BLE001  # each driver has its own errors, and their text may hold the URL
        message = f"the store does not answer ({type(error).__name__}); check OVERREAD_STORE__URL"
        raise UnreachableError(message) from None
    if found is None:
        message = f"no store in {settings.data_dir}; `overread serve` makes one, `overread demo` shows one"
        raise UnreachableError(message)
    if found != needed:
        message = f"the store is at revision {found}, this version needs {needed}; run `overread db upgrade`"
        raise UnreachableError(message)
    return SqlStore(database)


def open_spool(settings: Settings) -> DiskSpool:
    """The spool folder, made where it is not."""
    marks = Watermarks(warn=settings.spool.warn_free_ratio, refuse=settings.spool.refuse_free_ratio)
    return DiskSpool(settings.spool_dir, marks)


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


def pseudonyms(settings: Settings) -> Pseudonyms:
    """Pseudonyms under the site's key."""
    return Pseudonyms(key=pseudonym_key(settings))


def receiver_limits(settings: Settings) -> Limits:
    """Who may send to the DICOM receiver, and how much."""
    dicom = settings.dicom
    return Limits(
        ae_title=dicom.ae_title,
        calling_aes=dicom.calling_aes,
        calling_hosts=dicom.calling_hosts,
        max_associations=dicom.max_associations,
        association_timeout_seconds=dicom.association_timeout_seconds,
        network_timeout_seconds=dicom.network_timeout_seconds,
        max_object_bytes=dicom.max_object_bytes,
    )


def receiver_tls(settings: Settings) -> ssl.SSLContext | None:
    """What DICOM connections are taken under, where they are to be encrypted.

    Raises:
        SettingError: a file cannot be read or does not hold what it should.
    """
    dicom = settings.dicom
    if dicom.tls_certificate_file is None or dicom.tls_key_file is None:
        return None
    try:
        return server_context(dicom.tls_certificate_file, dicom.tls_key_file, dicom.tls_client_ca_file)
    except OSError as error:
        files = (dicom.tls_certificate_file, dicom.tls_key_file, dicom.tls_client_ca_file)
        named = ", ".join(str(file) for file in files if file)
        message = (
            f"{PREFIX}DICOM__TLS_…_FILE={named}: {error.strerror or 'not PEM'}; "
            "accepted: PEM files of a certificate chain, its unencrypted key and, optionally, client authorities"
        )
        raise SettingError(message) from None


def commitments(settings: Settings, spool: DiskSpool, store: SqlStore) -> Commitments:
    """Answers storage commitment from the spool and the store."""
    peers = {title: address.rpartition(":") for title, address in settings.dicom.commitment_peers.items()}
    return Commitments(
        spool,
        store.sop_classes,
        pseudonyms(settings).uid,
        {title: (host, int(port)) for title, (host, _, port) in peers.items()},
        ae_title=settings.dicom.ae_title,
    )


def models_dir(settings: Settings) -> Path:
    """The folder of model packages: the one that was set, or those that ship."""
    return settings.models.dir or Path(models.__file__).parent
