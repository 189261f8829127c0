"""The DICOM receiver: takes C-STORE of any storage class and transfer syntax, and acknowledges what is durable."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, _config, evt

from monitor.core.errors import SpoolError
from monitor.core.ports import Clock
from monitor.ingest.spool import DiskSpool

VERIFICATION = "1.2.840.10008.1.1"
PDU_BYTES = 256 << 10
"""What a sender may put into one PDU: a radiograph in a few, and little enough for 32 senders at once."""
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700

# pynetdicom then takes every abstract syntax it does not know as another service for a storage class, private ones too.
_config.UNRESTRICTED_STORAGE_SERVICE = True
_config.LOG_HANDLER_LEVEL = "none"  # its handlers would log datasets' identifiers at debug level


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Who may call, and how much they may ask. An empty `calling_aes` lets anyone in."""

    ae_title: str
    calling_aes: tuple[str, ...] = ()
    max_associations: int = 32
    network_timeout_seconds: float = 30.0
    max_object_bytes: int = 2 << 30


class Receiver:
    """A DICOM storage SCP in threads of its own."""

    def __init__(self, spool: DiskSpool, clock: Clock, limits: Limits, on_refused: Callable[[str], None]) -> None:
        """Prepare to listen.

        Args:
            spool: where objects become durable.
            clock: stamps the time of receipt.
            limits: an association that calls another title, comes from another one or is one too many is refused.
            on_refused: told why an association or object was refused; never with anything received in it.
        """
        self._spool, self._clock, self._limits, self._on_refused = spool, clock, limits, on_refused
        self._ae = AE(ae_title=limits.ae_title)
        self._ae.require_called_aet = True
        self._ae.require_calling_aet = list(limits.calling_aes)
        self._ae.maximum_pdu_size = PDU_BYTES
        self._ae.maximum_associations = limits.max_associations
        self._ae.network_timeout = limits.network_timeout_seconds
        self._ae.acse_timeout = self._ae.dimse_timeout = limits.network_timeout_seconds
        self._ae.add_supported_context(VERIFICATION, list(AllTransferSyntaxes))
        self._server: Any = None

    def start(self, host: str, port: int) -> int:
        """Listen; returns the port taken."""
        handlers: list[Any] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _event: SUCCESS),
            (evt.EVT_REJECTED, lambda _event: self._on_refused("association")),
            (evt.EVT_CONN_OPEN, _without_delay),
        ]
        self._server = self._ae.start_server((host, port), block=False, evt_handlers=handlers)
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End all associations and stop listening."""
        if self._server is not None:
            self._server.shutdown()

    def _store(self, event: Any) -> int:  # pynetdicom ships no types
        content = event.encoded_dataset(include_meta=True)
        if len(content) > self._limits.max_object_bytes:
            self._on_refused("too_large")
            return OUT_OF_RESOURCES
        try:
            self._spool.write((content,), received_at=self._clock.now())
        except SpoolError:
            self._on_refused("spool")
            return OUT_OF_RESOURCES
        return SUCCESS


def _without_delay(event: Any) -> None:
    """Without this every acknowledgement waits for Nagle's timer."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
