"""Who may come in, and how many at once: hosts at the door, titles at the association, a slot for every known peer."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


class Refused(StrEnum):
    """Why an association or an object was refused."""

    HOST = "unknown_host"
    CALLING_TITLE = "unknown_calling_title"
    CALLED_TITLE = "wrong_called_title"
    BUSY = "too_many_associations"
    HANDSHAKE = "tls_handshake"
    PROTOCOL = "not_dicom"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    DISK_FULL = "disk_full"
    SPOOL = "spool"
    UNDELIVERED = "commitment_undelivered"


IMPOSTORS = frozenset({Refused.HOST, Refused.CALLING_TITLE, Refused.CALLED_TITLE, Refused.HANDSHAKE})
"""Refusals of somebody, which are audited; the others are of something, and logged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One refusal: never with anything of a data set in it. `title` is the calling title, empty before it was given."""

    reason: Refused
    host: str
    title: str = ""


OnRefused = Callable[[Refusal], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Who may call, and how much they may ask. An empty `calling_aes` or `calling_hosts` lets anyone in."""

    ae_title: str
    calling_aes: tuple[str, ...] = ()
    calling_hosts: tuple[Network, ...] = ()
    max_associations: int = 32
    max_pending: int = 32
    association_timeout_seconds: float = 10.0
    network_timeout_seconds: float = 30.0
    max_object_bytes: int = 2 << 30

    def lets_in(self, host: str) -> bool:
        """Whether this address is on the allow-list; an IPv4 one is also known behind its IPv6 form."""
        if not self.calling_hosts:
            return True
        address = ip_address(host.split("%", maxsplit=1)[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.calling_hosts)


class Slots:
    """Counts open associations so that each title on the allow-list can always have one.

    A title beyond its first association leaves as many slots free as there are known titles with none.
    """

    def __init__(self, size: int, known: tuple[str, ...]) -> None:
        self._size, self._known, self._open = size, frozenset(known), Counter[str]()
        self._lock = threading.Lock()

    def take(self, title: str) -> bool:
        """Take a slot; False where none is left for this title."""
        with self._lock:
            waiting = {known for known in self._known if not self._open[known]} - {title}
            kept = len(waiting) if self._open[title] or title not in self._known else 0
            if self._open.total() + kept >= self._size:
                return False
            self._open[title] += 1
            return True

    def give_back(self, title: str) -> None:
        """Return a slot."""
        with self._lock:
            self._open[title] -= 1
