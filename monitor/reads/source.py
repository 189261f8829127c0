"""Who sends reports, and how each writes what standards leave open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_address

from monitor.core.read import ReadStatus, Visibility

DICOM_ACCESSION = 16
"""Characters an accession number has at most in DICOM (value representation SH)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessionRule:
    """How a sender's accession numbers become those the images carry, in this order.

    `strip` is a prefix that only the sender writes, `bare` takes leading zeros off, `width` pads with zeros, `prefix`
    is one that only the images have, `at_most` keeps that many characters from the left: images have 16.
    """

    strip: str = ""
    bare: bool = False
    width: int = 0
    prefix: str = ""
    at_most: int | None = None

    def __call__(self, number: str) -> str:
        """The number as the images carry it; what is empty stays so."""
        plain = number.strip().removeprefix(self.strip).strip()
        if not plain:
            return ""
        if self.bare:
            plain = plain.lstrip("0") or "0"
        return (self.prefix + plain.zfill(self.width))[: self.at_most]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One sender. Without `senders` and `addresses` it is whoever writes; times without a zone are in `zone`.

    `senders` are values of MSH-3 and MSH-4 joined by `|`; `charset` is for messages that name none; `statuses` adds
    to the usual words; `issuer` assigned accession numbers that name no other; `visibility` says what readers of this
    source see of the AI's results, where the site knows: unknown leaves it to the time stamps.
    """

    name: str = "hl7"
    senders: frozenset[str] = frozenset()
    addresses: tuple[IPv4Network | IPv6Network, ...] = ()
    charset: str = "8859/1"
    zone: tzinfo = UTC
    statuses: Mapping[str, ReadStatus] = field(default_factory=dict)
    accession: AccessionRule = AccessionRule()
    issuer: str | None = None
    visibility: Visibility = Visibility.UNKNOWN

    def is_sender(self, sender: str, peer: str | None) -> bool:
        """Whether a message of this sender from this address is the source's. A peer of None is a file at hand."""
        if self.senders and sender not in self.senders:
            return False
        if not self.addresses or peer is None:
            return True
        address = ip_address(peer.partition("%")[0])
        return any(address in network for network in self.addresses)


def source_of(sources: Sequence[Source], sender: str, peer: str | None) -> Source | None:
    """The first source a message can be of, or None: then nobody known sent it."""
    return next((source for source in sources if source.is_sender(sender, peer)), None)
