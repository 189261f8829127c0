"""What flags, the environment and a YAML file may set; the only reader of the environment.

Flag > environment (`OVERREAD_…__…`) > YAML file > default. An unknown key is an error.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from monitor.core.errors import SettingError
from monitor.core.identity import KEY_BYTES
from monitor.settings.dicom import DicomSettings
from monitor.settings.doors import DicomwebSettings, FolderSettings
from monitor.settings.section import Port, Seconds, Section, known_zone, mapping, pairs
from monitor.settings.sources import ReadsSettings

PREFIX = "OVERREAD_"
CONFIG_VARIABLE = "OVERREAD_CONFIG"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

SECRETIVE = frozenset({"store", "dicomweb"})
"""Sections whose values are never shown, however wrong they are."""


class StoreSettings(Section):
    """Where verdicts, pairs and pseudonyms are kept."""

    url: SecretStr | None = Field(None, description="Database URL; SQLite in the data folder when empty")


class ModelsSettings(Section):
    """Where model packages lie."""

    dir: Path | None = Field(None, description="Folder of model packages; the ones that ship when empty")


class SpoolSettings(Section):
    """The disk that received objects lie on. Nothing there is ever recycled to make room."""

    warn_free_ratio: float = Field(0.10, ge=0, lt=1, description="Free share of the disk below which it is logged")
    refuse_free_ratio: float = Field(
        0.05, ge=0, lt=1, description="Free share of the disk below which nothing more is taken"
    )


class MllpSettings(Section):
    """The HL7 listener."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(2575, description="Port to listen on; 0 takes a free one")
    max_message_bytes: int = Field(8 << 20, ge=1 << 10, description="Largest message that is parsed")
    default_charset: str = Field("8859/1", description="Character set of messages that declare none (HL7 table 0211)")


class ApiSettings(Section):
    """The HTTP door."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(8080, description="Port to listen on")
    token_file: Path | None = Field(
        None, description="Bearer token of those who may send by STOW-RS; when empty they may on loopback only"
    )


class MetricsSettings(Section):
    """What Prometheus scrapes."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(9464, description="Port to listen on")


class DashboardSettings(Section):
    """The Streamlit app."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(8501, description="Port to listen on")


class StudySettings(Section):
    """When a study is complete."""

    quiet_seconds: float = Field(60.0, ge=0, description="A study is scored when no instance came for this long")
    quiet_by_modality: Annotated[dict[str, Seconds], NoDecode, BeforeValidator(pairs)] = Field(
        default_factory=dict, description="The same for some modalities, as in CT=120,MR=300"
    )
    historical_days: float = Field(
        30.0, ge=0, description="A study taken longer before receipt is excluded as historical; 0 takes any"
    )
    keep_failed_days: float = Field(
        14.0, ge=0, description="How long the bytes of failed studies stay in the spool, to be reprocessed"
    )


class JailSettings(Section):
    """The bounds every received object is parsed under."""

    memory_bytes: int = Field(2 << 30, ge=256 << 20, description="Address space of a parser process")
    seconds: float = Field(20.0, gt=0, description="Wall clock for one object")
    max_pixels: int = Field(
        64 << 20,
        ge=1 << 16,
        description="Rows × columns × frames × samples that are decoded, counted in pixels of 16 bits",
    )
    recycle_after: int = Field(2000, ge=1, description="Objects after which a parser process is replaced")


class EvaluationSettings(Section):
    """How verdicts are reached."""

    reference_days: int = Field(28, ge=7, description="Days of the reference window, from a version's first study")
    current_days: int = Field(7, ge=1, description="Days of the current window")
    false_alarms_per_year: float = Field(
        0.5, gt=0, le=50, description="False-alarm budget of drift, per model version and year"
    )
    patience_seconds: float = Field(120.0, ge=0, description="How long a finished day waits for its backlog")


class ClockSettings(Section):
    """Where "now" comes from."""

    file: Path | None = Field(None, description="A simulated hospital's clock; the system clock when empty")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,  # a chart sets what is not given to nothing
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(Path("overread-data"), description="Store, spool and pseudonym key")
    pseudonym_key_file: Path | None = Field(
        None, description="Secret key of pseudonyms; made in the data folder when empty"
    )
    timezone: Annotated[str, AfterValidator(known_zone)] = Field(
        "UTC", description="Zone of studies and reports that state none (IANA name)"
    )
    sites: Annotated[dict[str, str], NoDecode, BeforeValidator(mapping)] = Field(
        default_factory=dict, description="Institution name to site name"
    )
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto, cpu, cuda or cuda:N")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    store: StoreSettings = StoreSettings()
    models: ModelsSettings = ModelsSettings()
    dicom: DicomSettings = DicomSettings()
    spool: SpoolSettings = SpoolSettings()
    mllp: MllpSettings = MllpSettings()
    reads: ReadsSettings = ReadsSettings()
    api: ApiSettings = ApiSettings()
    folder: FolderSettings = FolderSettings()
    dicomweb: DicomwebSettings = DicomwebSettings()
    metrics: MetricsSettings = MetricsSettings()
    dashboard: DashboardSettings = DashboardSettings()
    study: StudySettings = StudySettings()
    jail: JailSettings = JailSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    clock: ClockSettings = ClockSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the YAML file that `OVERREAD_CONFIG` names."""
        del dotenv_settings, file_secret_settings
        return (init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=_from_file()))

    @property
    def zone(self) -> ZoneInfo:
        """The zone of studies and reports that state none."""
        return ZoneInfo(self.timezone)

    @property
    def store_url(self) -> str:
        """The database URL in force."""
        if self.store.url is not None and self.store.url.get_secret_value():
            return self.store.url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'overread.sqlite').absolute()}"

    @property
    def spool_dir(self) -> Path:
        """Where received objects lie until they are settled."""
        return self.data_dir / "spool"


def load(**flags: object) -> Settings:
    """Read the settings; `flags` outrank everything.

    Raises:
        SettingError: names the setting, the value's fault and, where there is a closed list, what would be accepted.
    """
    unknown = sorted(set(_given()) - set(_accepted()) - {CONFIG_VARIABLE})
    if unknown:
        message = f"unknown setting {', '.join(unknown)}; `overread doctor --settings` lists what is accepted"
        raise SettingError(message)
    try:
        settings = Settings(**flags)  # type: ignore[arg-type]  # flags are validated by pydantic, not by mypy
    except ValidationError as error:
        raise SettingError(_plain(error)) from None
    if not settings.dicom.calling_aes and settings.dicom.host not in LOOPBACK:
        message = (
            f"{PREFIX}DICOM__HOST={settings.dicom.host} with an empty {PREFIX}DICOM__CALLING_AES lets any sender in; "
            "accepted: a comma-separated allow-list of calling AE titles, or a loopback host"
        )
        raise SettingError(message)
    return settings


def pseudonym_key(settings: Settings) -> bytes:
    """The site's secret key, made with mode 0600 in the data folder where no file is named.

    Raises:
        SettingError: the named file is missing or too short.
    """
    path = settings.pseudonym_key_file or settings.data_dir / "pseudonym.key"
    if settings.pseudonym_key_file is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_key(path)
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        message = (
            f"{PREFIX}PSEUDONYM_KEY_FILE={path}: {error.strerror}; accepted: a readable file of {KEY_BYTES}+ bytes"
        )
        raise SettingError(message) from None
    if len(key) < KEY_BYTES:
        message = f"{path}: the key has {len(key)} bytes; at least {KEY_BYTES} are accepted"
        raise SettingError(message)
    return key


def secret_in(path: Path, name: str) -> str:
    """The secret in the file that the setting `name` (without its prefix) names.

    Raises:
        SettingError: it cannot be read, or holds nothing.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        secret = ""
    if not secret:
        message = f"{PREFIX}{name}={path}: nothing to be read; accepted: a readable text file with the secret in it"
        raise SettingError(message)
    return secret


def rows(settings: Settings) -> Sequence[tuple[str, str, str]]:
    """Every setting as (environment name, value with secrets redacted, description)."""
    return tuple(_rows(settings, PREFIX))


def _rows(section: BaseModel, prefix: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for name, field in type(section).model_fields.items():
        value: Any = getattr(section, name)
        if isinstance(value, BaseModel):
            found += _rows(value, f"{prefix}{name.upper()}__")
        else:
            found.append((f"{prefix}{name.upper()}", "" if value is None else str(value), field.description or ""))
    return found


def _accepted() -> list[str]:
    return [name for name, _, _ in _rows(Settings.model_construct(), PREFIX)]


def _given() -> list[str]:
    return [name.upper() for name in os.environ if name.upper().startswith(PREFIX)]


def _from_file() -> dict[str, Any]:
    """What the YAML file says, if one is named."""
    path = os.environ.get(CONFIG_VARIABLE)
    if not path:
        return {}
    try:
        found = yaml.safe_load(Path(path).read_bytes())
    except OSError as error:
        message = f"{CONFIG_VARIABLE}={path}: {error.strerror}; accepted: the path of a YAML file"
        raise SettingError(message) from None
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        message = f"{CONFIG_VARIABLE}={path}{where}: not YAML"  # the offending line may hold a password
        raise SettingError(message) from None
    if not isinstance(found, dict | None):
        message = f"{CONFIG_VARIABLE}={path}: a list or a single value; accepted: a mapping of settings"
        raise SettingError(message)
    return {str(name): value for name, value in (found or {}).items()}


def _plain(error: ValidationError) -> str:
    return "; ".join(_fault(fault) for fault in error.errors(include_url=False))


def _fault(fault: ErrorDetails) -> str:
    """One fault: the setting, its value unless that may be secret, and what is wrong with it."""
    name = PREFIX + "__".join(str(part) for part in fault["loc"]).upper()
    known = fault["type"] != "extra_forbidden" and fault["loc"][:1] and fault["loc"][0] not in SECRETIVE
    return f"{name}={fault['input']!r}: {fault['msg']}" if known else f"{name}: {fault['msg']}"


def _make_key(path: Path) -> None:
    """Create the key file atomically: whoever comes second finds the first one's key."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # process ids repeat, across containers above all
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(KEY_BYTES).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
