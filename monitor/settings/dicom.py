"""The section of the DICOM receiver: who may connect, and under what."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, IPvAnyNetwork, field_validator, model_validator
from pydantic_settings import NoDecode

from monitor.settings.section import Port, Section, mapping, split


class DicomSettings(Section):
    """The DICOM receiver."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(11112, description="Port to listen on; 0 takes a free one")
    ae_title: str = Field("OVERREAD", min_length=1, max_length=16, description="Our application entity title")
    calling_aes: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        (), description="Calling AE titles that are let in; empty lets any in, on loopback only"
    )
    calling_hosts: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split)] = Field(
        (), description="Addresses or networks (CIDR) that may connect; empty lets any connect"
    )
    max_associations: int = Field(
        32, ge=1, description="Associations at one time; each calling title that is let in always finds one"
    )
    association_timeout_seconds: float = Field(
        10.0, gt=0, description="Time for the TLS handshake, and for the association request after it"
    )
    network_timeout_seconds: float = Field(30.0, gt=0, description="Silence after which an association is ended")
    max_object_bytes: int = Field(2 << 30, ge=1 << 20, description="Largest object that is accepted")
    tls_certificate_file: Path | None = Field(
        None, description="Certificate chain (PEM); with it, only TLS 1.2 or later is spoken"
    )
    tls_key_file: Path | None = Field(None, description="Private key of the certificate (PEM)")
    tls_client_ca_file: Path | None = Field(
        None, description="Authorities (PEM) one of which must have signed the certificate of whoever connects"
    )
    commitment_peers: Annotated[dict[str, str], NoDecode, BeforeValidator(mapping)] = Field(
        default_factory=dict,
        description="Calling title to the host:port its storage commitment reports go to; "
        "the others get theirs over the association they asked on",
    )

    @field_validator("commitment_peers")
    @classmethod
    def _addresses(cls, value: dict[str, str]) -> dict[str, str]:
        for address in value.values():
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) <= 65535:
                message = f"{address!r} is no address; accepted: host:port"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_certificate_file is None) is not (self.tls_key_file is None):
            message = "tls_certificate_file and tls_key_file are set together or not at all"
            raise ValueError(message)
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            message = "tls_client_ca_file is of no use without tls_certificate_file"
            raise ValueError(message)
        if len(self.calling_aes) > self.max_associations:
            message = f"{self.max_associations} max_associations are fewer than {len(self.calling_aes)} calling_aes"
            raise ValueError(message)
        return self
