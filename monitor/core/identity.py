"""Keyed pseudonyms: what stands for a patient, a study or an accession once it has left the doors."""

import hashlib
import hmac
import re
from dataclasses import dataclass

KEY_BYTES = 32
PSEUDONYM_HEX = 32
_PADDING = " \t\r\n\0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pseudonyms:
    """Turns identifiers into pseudonyms under one site's secret key.

    HMAC-SHA256 (RFC 2104) cut to 128 bits, with the kind of identifier mixed in, so that a patient ID and an accession
    number of the same digits stay unrelated. Empty or all-padding input has no pseudonym: `None`, never a shared one.
    """

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) < KEY_BYTES:
            message = f"pseudonym key: {len(self.key)} bytes given; at least {KEY_BYTES} are needed"
            raise ValueError(message)

    def __repr__(self) -> str:
        return "Pseudonyms(key=<secret>)"

    def patient(self, number: str | None) -> str | None:
        """Pseudonym of a patient ID, whatever its padding and case."""
        return self._of("patient", _squeezed(number).upper())

    def accession(self, number: str | None, *, issuer: str | None = None) -> str | None:
        """Pseudonym of an accession number; with an issuer, of the number within that issuer, which must be named."""
        plain = _squeezed(number).upper()
        if issuer is None or not plain:
            return self._of("accession", plain)
        within = _squeezed(issuer).upper()
        return self._of("accession", f"{within}\x1f{plain}") if within else None

    def uid(self, value: str | None) -> str | None:
        """Pseudonym of a DICOM UID."""
        return self._of("uid", (value or "").strip(_PADDING))

    def reader(self, name: str | None) -> str | None:
        """Pseudonym of the person who signed a report."""
        return self._of("reader", _squeezed(name).upper())

    def _of(self, kind: str, value: str) -> str | None:
        if not value:
            return None
        digest = hmac.new(self.key, f"{kind}\x1f{value}".encode(errors="surrogatepass"), hashlib.sha256)
        return digest.hexdigest()[:PSEUDONYM_HEX]


def _squeezed(value: str | None) -> str:
    return re.sub(r"[\s\0]+", " ", value or "").strip()
