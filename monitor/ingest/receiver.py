"""The DICOM receiver: takes C-STORE of any storage class and transfer syntax, and acknowledges what is durable."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from monitor.core.ports import Clock
from monitor.ingest.admission import Limits, OnRefused, Refusal, Refused, Slots
from monitor.ingest.association import Association, Desk
from monitor.ingest.commitment import Commitments
from monitor.ingest.spool import DiskSpool
from monitor.ingest.upper_layer import Link

BACKLOG = 128
_PAUSE_SECONDS = 0.05
_STOP_SECONDS = 5.0


class Receiver:
    """A DICOM storage SCP: one thread takes connections, and each has one of its own, its TLS handshake included.

    A connection is pending until its association is accepted. Of those there are never more than `max_pending`: the
    oldest makes room, so that sockets that say nothing keep nobody out.
    """

    def __init__(
        self,
        spool: DiskSpool,
        clock: Clock,
        limits: Limits,
        on_refused: OnRefused,
        *,
        pseudonym: Callable[[str], str | None] = lambda _uid: None,
        commitments: Commitments | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare to listen.

        Args:
            spool: where objects become durable.
            clock: stamps the time of receipt.
            limits: whoever calls from elsewhere, by another title or once too often is refused.
            on_refused: told who or what was refused, from any thread; it must return at once.
            pseudonym: of a SOP Instance UID, for storage commitment.
            commitments: answers storage commitment, where it is offered.
            tls: what connections are taken under, where they are encrypted.
        """
        slots = Slots(limits.max_associations, limits.calling_aes)
        self._limits, self._on_refused, self._tls = limits, on_refused, tls
        self._desk = Desk(
            spool=spool,
            clock=clock,
            limits=limits,
            slots=slots,
            pseudonym=pseudonym,
            commitments=commitments,
            on_refused=on_refused,
        )
        self._lock = threading.Lock()
        self._pending: dict[Link, str] = {}
        self._threads: dict[Link, threading.Thread] = {}
        self._listener: socket.socket | None = None
        self._stopping = False

    def start(self, host: str, port: int) -> int:
        """Listen; returns the port taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Stop listening and end all associations."""
        self._stopping = True
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._listener.close()
        with self._lock:
            threads = dict(self._threads)
        for link in threads:
            link.cut()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def connections(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._threads)

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping:
            try:
                connection, address = listener.accept()
            except OSError:  # out of descriptors, or the other side was quicker
                if not self._stopping:
                    time.sleep(_PAUSE_SECONDS)
                continue
            host = str(address[0])
            if self._limits.lets_in(host):
                self._welcome(connection, host)
            else:
                connection.close()
                self._refuse(Refused.HOST, host)

    def _welcome(self, connection: socket.socket, host: str) -> None:
        """Give a connection its thread. Nothing here waits for the other side."""
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits for Nagle's timer
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            connection.close()
            return
        link = Link(connection)
        thread = threading.Thread(target=self._serve, args=(link, host), daemon=True)
        with self._lock:
            oldest = next(iter(self._pending)) if len(self._pending) >= self._limits.max_pending else None
            crowded_out = None if oldest is None else self._pending.pop(oldest)
            self._pending[link], self._threads[link] = host, thread
        if oldest is not None and crowded_out is not None:
            oldest.cut()
            self._refuse(Refused.BUSY, crowded_out)
        try:
            thread.start()
        except RuntimeError:  # the system has no thread to give
            self._forget(link)
            self._refuse(Refused.BUSY, host)

    def _serve(self, link: Link, host: str) -> None:
        try:
            link.handshake(self._limits.association_timeout_seconds)
            Association(link, host, self._desk).serve(lambda: self._established(link))
        except OSError:
            self._refuse(Refused.HANDSHAKE, host)
        finally:
            self._forget(link)

    def _established(self, link: Link) -> None:
        with self._lock:
            self._pending.pop(link, None)

    def _forget(self, link: Link) -> None:
        with self._lock:
            self._pending.pop(link, None)
            self._threads.pop(link, None)
        link.close()

    def _refuse(self, reason: Refused, host: str) -> None:
        self._on_refused(Refusal(reason=reason, host=host))
