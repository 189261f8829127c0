"""The sections of the doors that look for studies themselves: a folder, an archive."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from monitor.settings.section import Section, split


class FolderSettings(Section):
    """The watched drop folder."""

    watch: Path | None = Field(None, description="Folder whose DICOM files are taken in; none when empty")
    poll_seconds: float = Field(2.0, gt=0, description="Time between two looks into the folder")
    stable_seconds: float = Field(5.0, ge=0, description="A file is taken when it has not changed for this long")
    after: Literal["move", "delete"] = Field(
        "move", description="What becomes of a file that was taken: moved to done/ or deleted"
    )


def _service_root(value: object) -> object:
    if not isinstance(value, str):
        return value
    message = "accepted: http(s)://host[:port]/path, with no user, password or query in it"
    try:
        parts = urlsplit(value)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(message)
    return value.rstrip("/")


class DicomwebSettings(Section):
    """The archive that studies are pulled from."""

    url: Annotated[str, BeforeValidator(_service_root)] | None = Field(
        None, description="DICOMweb service of the archive that missing studies are pulled from; none when empty"
    )
    every_seconds: float = Field(900.0, ge=0, description="Time between two pulls; 0 pulls on demand only")
    lookback_days: int = Field(3, ge=0, description="A pull looks at studies taken up to this many days ago")
    modalities: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        (), description="Modalities that are pulled, comma-separated; all when empty"
    )
    username: str | None = Field(None, description="User of HTTP basic authentication")
    password_file: Path | None = Field(None, description="File with that user's password")
    token_file: Path | None = Field(None, description="File with a bearer token, instead of a user")
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) the archive's is verified by; the system's when empty"
    )
    client_cert_file: Path | None = Field(None, description="Our own certificate (PEM), where the archive asks for one")
    client_key_file: Path | None = Field(None, description="Its private key (PEM), when it is not in the same file")
