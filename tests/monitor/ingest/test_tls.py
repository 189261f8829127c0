"""TLS: 1.2 or later, forward secret, client certificates where they are asked for, and no hand held that hangs."""

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from monitor.ingest.admission import Limits, Refused
from monitor.ingest.spool import DiskSpool
from monitor.ingest.tls import server_context
from tests.monitor.ingest.receiving import Listening, answer_of, listening, objects, until
from tests.monitor.ingest.test_receiver import SMALL

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def client(certificate: Path, *, key: Path | None = None, highest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client that trusts this certificate, and shows it where it has the key."""
    context = ssl.create_default_context(cafile=str(certificate))
    if highest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = highest
    if key is not None:
        context.load_cert_chain(certificate, key)
    return context


def test_a_store_goes_through_tls_and_a_stalled_hand_holds_up_nobody(
    spool: DiskSpool, certificate: tuple[Path, Path]
) -> None:
    """While another connection never says hello, an object arrives over TLS."""
    limits = Limits(ae_title="OVERREAD", association_timeout_seconds=3.0)
    with listening(spool, limits=limits, tls=server_context(*certificate, None)) as door, door.connect():
        assert _stored(door, client(certificate[0])) == 0
        assert door.refusals == []
    assert len(objects(spool)) == 1


@pytest.mark.parametrize("highest", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_nothing_below_tls_1_2_is_spoken(
    spool: DiskSpool, certificate: tuple[Path, Path], highest: ssl.TLSVersion
) -> None:
    """TLS 1.2 and 1.3 agree on a forward secret, authenticated cipher; 1.1 is refused and noted."""
    with listening(spool, tls=server_context(*certificate, None)) as door, door.connect() as bare:
        context = client(certificate[0], highest=highest)
        if highest is ssl.TLSVersion.TLSv1_1:
            with pytest.raises(OSError):  # noqa: PT011  # an alert or a reset
                context.wrap_socket(bare, server_hostname="localhost")
            until(lambda: [one.reason for one in door.refusals] == [Refused.HANDSHAKE])
            return
        with context.wrap_socket(bare, server_hostname="localhost") as secure:
            name, _, _ = secure.cipher() or ("", "", 0)
            assert name.startswith(("ECDHE-", "TLS_"))
            assert "GCM" in name or "CHACHA20" in name


def test_a_client_without_a_certificate_is_turned_away_where_one_is_asked_for(
    spool: DiskSpool, certificate: tuple[Path, Path]
) -> None:
    """With a client authority set, its holder stores, and one without, or without TLS, is refused and noted."""
    context = server_context(*certificate, certificate[0])
    with listening(spool, tls=context) as door:
        with pytest.raises(OSError):  # noqa: PT011  # in TLS 1.3 the alert comes with the first answer
            _stored(door, client(certificate[0]))
        with door.connect() as bare:
            bare.sendall(b"\1\0\0\0\0\4abcd")
            answer_of(bare)
        assert _stored(door, client(certificate[0], key=certificate[1])) == 0
        until(lambda: [one.reason for one in door.refusals] == [Refused.HANDSHAKE] * 2)


def _stored(door: Listening, context: ssl.SSLContext) -> int:
    """Store one object over TLS with the bare sender; its status."""
    from monitor.bench import sender as bare  # noqa: PLC0415  # its request, over another connection

    connection = context.wrap_socket(door.connect(), server_hostname="localhost")
    with connection:
        connection.sendall(bare._request("OVERREAD", "PACS", SMALL.sop_class))
        kind, _ = _pdu(connection)
        assert kind == 2
        connection.sendall(bare._data(bare._command(SMALL.sop_class, "1.2.3", 1), 3) + bare._data(b"", 2))
        _, answer = _pdu(connection)
        return int.from_bytes(answer[-2:], "little") if b"\0\0\0\x09\2\0\0\0\0\0" not in answer else 0


def _pdu(connection: socket.socket) -> tuple[int, bytes]:
    head = connection.recv(6)
    if not head:
        raise ConnectionResetError
    return head[0], connection.recv(int.from_bytes(head[2:6], "big"))
