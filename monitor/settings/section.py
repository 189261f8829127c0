"""What every section of the settings is made of."""

import json
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0)]


def split(value: object) -> object:
    """`A, B` as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def mapping(value: object) -> object:
    """A JSON object in a string as a mapping."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        message = 'accepted: a JSON object such as {"St. Elsewhere": "east"}'
        raise ValueError(message) from None


def pairs(value: object) -> object:
    """`CT=120,MR=300` as a mapping."""
    if not isinstance(value, str):
        return value
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(name.strip() and equals for name, equals, _ in parts):
        message = "accepted: comma-separated pairs such as CT=120,MR=300"
        raise ValueError(message)
    return {name.strip(): number.strip() for name, _, number in parts}


def known_zone(value: str | None) -> str | None:
    """An IANA time zone's name, unchanged."""
    if value is None:
        return None
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{value!r} is no time zone; accepted: an IANA name such as Europe/Berlin"
        raise ValueError(message) from error
    return value


class Section(BaseModel):
    """One section: an unknown name in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
