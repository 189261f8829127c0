"""Builds what the DICOM receiver goes by from the settings."""

import ssl

from monitor.core.errors import SettingError
from monitor.ingest.admission import Limits
from monitor.ingest.commitment import Commitments
from monitor.ingest.spool import DiskSpool
from monitor.ingest.tls import server_context
from monitor.service.rooms import pseudonyms
from monitor.settings import PREFIX, Settings
from monitor.store.sql import SqlStore


def limits(settings: Settings) -> Limits:
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


def tls(settings: Settings) -> ssl.SSLContext | None:
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
