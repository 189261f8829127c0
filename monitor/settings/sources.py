"""The section of who sends reports."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork
from pydantic_settings import NoDecode

from monitor.settings.section import Section, known_zone


def _listing(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        message = 'accepted: a JSON list such as [{"name": "ris", "senders": ["RIS|HOSPITAL"]}]'
        raise ValueError(message) from None


class AccessionSettings(Section):
    """How a source's accession numbers become those the images carry, in this order."""

    strip: str = ""
    bare: bool = False
    width: int = Field(0, ge=0, le=64)
    prefix: str = ""
    at_most: int | None = Field(None, ge=1)


class SourceSettings(Section):
    """One sender of reports."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    senders: frozenset[str] = frozenset()
    addresses: tuple[IPvAnyNetwork, ...] = ()
    charset: str | None = None
    timezone: Annotated[str | None, AfterValidator(known_zone)] = None
    statuses: dict[str, Literal["preliminary", "final", "corrected", "retracted"]] = Field(default_factory=dict)
    accession: AccessionSettings = AccessionSettings()
    issuer: str | None = None
    visibility: Literal["blinded", "available", "opened", "unknown"] = "unknown"


class ReadsSettings(Section):
    """Who sends reports."""

    sources: Annotated[tuple[SourceSettings, ...], NoDecode, BeforeValidator(_listing)] = Field(
        (), description="Senders of reports, each with what is its own (docs/reads.md); empty lets anyone send"
    )
