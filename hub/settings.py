"""Settings of one installation: `HUB_HOME/hub.toml`, each value overridable by `HUB_SECTION__NAME` in the environment.

One installation is one municipality. Durations are in the unit their name ends with.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from hub.clock import parse_clock
from hub.errors import ConfigError
from hub.login_settings import LegalSettings, LoginSettings
from hub.production import production_lacks
from hub.put_aside import mend
from hub.retention_settings import RetentionSettings
from hub.sections import (
    AuditSettings,
    BrokerSettings,
    CasesSettings,
    ConnectorSettings,
    DeliverySettings,
    ErasureSettings,
    JournalSettings,
    KafkaSettings,
    MetricsSettings,
    RegistrySettings,
    SinkName,
    SinkSettings,
    WebSettings,
    WorkerSettings,
)
from hub.statutory_settings import StatutorySettings
from hub.wrong_fields import wrong_fields

__all__ = ["AUDIT_YEARS", "HOME_VARIABLE", "ConnectorSettings", "Settings", "default_home", "load_settings", "wrong_fields"]

HOME_VARIABLE = "HUB_HOME"
_PREFIX, _DELIMITER = "HUB_", "__"
AUDIT_YEARS = 5
"""How long production keeps its audit log at least."""
_WITH_DATABASES = ("registry", "delivery", "audit", "login")
_RESTORE = "restore it from a copy, or move it away and run `hub init`"


class Settings(BaseSettings):
    """The whole. `home` is where everything of the installation lies."""

    model_config = SettingsConfigDict(
        # Unknown names are refused by `load_settings`: HUB_… variables that are no settings must not be.
        env_prefix=_PREFIX,
        env_nested_delimiter=_DELIMITER,
        frozen=True,
        extra="ignore",
    )

    home: Path
    environment: Literal["demo", "single-machine", "production"] = "single-machine"
    municipality: Annotated[str, Field(pattern=r"^\d{4}$")] = "0581"
    language: Literal["sv", "en"] = "sv"
    clock: str = ""
    """Another time than the machine's, for scenarios (`ISO-INSTANT@EPOCH-SECONDS`, also as HUB_CLOCK); never in production."""
    kafka: KafkaSettings = KafkaSettings()
    broker: BrokerSettings = BrokerSettings()
    registry: RegistrySettings = RegistrySettings()
    delivery: DeliverySettings = DeliverySettings()
    cases: CasesSettings = CasesSettings()
    erasure: ErasureSettings = ErasureSettings()
    audit: AuditSettings = AuditSettings()
    journal: JournalSettings = JournalSettings()
    statutory: StatutorySettings = StatutorySettings()
    retention: RetentionSettings = RetentionSettings()
    web: WebSettings = WebSettings()
    login: LoginSettings = LoginSettings()
    legal: LegalSettings = LegalSettings()
    worker: WorkerSettings = WorkerSettings()
    metrics: MetricsSettings = MetricsSettings()
    connectors: dict[str, ConnectorSettings] = Field(default_factory=dict)
    sinks: dict[SinkName, SinkSettings] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        toml_file = Path(str(init_settings()["home"])) / "hub.toml"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file)

    @field_validator("clock")
    @classmethod
    def _clock_can_be_read(cls, value: str) -> str:
        try:
            parse_clock(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _production_has_the_real_time(self) -> Self:
        if self.clock and self.environment == "production":
            raise ValueError("clock (also as HUB_CLOCK) must not be set in production")
        return self

    @model_validator(mode="after")
    def _production_keeps_its_audit(self) -> Self:
        if self.environment == "production" and self.audit.retention_years < AUDIT_YEARS:
            raise ValueError(f"audit.retention_years must be at least {AUDIT_YEARS} in production")
        return self

    @model_validator(mode="after")
    def _production_is_ready(self) -> Self:
        lacks = production_lacks(self.legal, self.login, self.web.url) if self.environment == "production" else []
        if lacks:
            raise ValueError(f"production does not start without {'; and without '.join(lacks)}")
        return self

    @model_validator(mode="after")
    def _databases_lie_apart(self) -> Self:
        """Two parts would meet in tables of one name; and a keyring beside what it opens would be in the same backup."""
        given = {"registry.keyring_url": self.registry.keyring_url}
        given |= {f"{part}.database_url": getattr(self, part).database_url for part in _WITH_DATABASES}
        seen: dict[str, str] = {}
        for name, url in given.items():
            place = url.rpartition("@")[2].rpartition("://")[2].partition("?")[0]
            if place and place in seen:
                raise ValueError(f"{name} must be another database than {seen[place]}")
            seen[place] = name
        return self

    @property
    def bootstrap_servers(self) -> str:
        """The configured brokers, else the embedded one."""
        return self.kafka.bootstrap_servers or f"127.0.0.1:{self.broker.port}"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def consent_file(self) -> Path:
        """The municipality's rules of consent."""
        return self.home / "consent.yaml"

    @property
    def run(self) -> Path:
        """Where running processes announce their pid and ports."""
        return self.data / "run"

    @property
    def registry_database(self) -> str:
        return self.registry.database_url or f"sqlite:///{self.data / 'registry' / 'registry.db'}"

    @property
    def keyring_database(self) -> str:
        """Where data keys lie: never in the registry's own database, whose backups would keep what was destroyed."""
        return self.registry.keyring_url or f"sqlite:///{self.data / 'keyring' / 'keyring.db'}"

    @property
    def delivery_database(self) -> str:
        return self.delivery.database_url or f"sqlite:///{self.data / 'delivery' / 'delivery.db'}"

    @property
    def access_database(self) -> str:
        """Where accounts, sessions and requests for a second person are kept."""
        return self.login.database_url or f"sqlite:///{self.data / 'access' / 'access.db'}"

    @property
    def audit_database(self) -> str:
        return self.audit.database_url or f"sqlite:///{self.data / 'audit' / 'audit.db'}"

    def changelog(self, table: str) -> str:
        """The topic that keeps the worker's state of a table, as Faust names it: the group, the table, `changelog`."""
        return f"{self.worker.group}-{table}-changelog"

    @property
    def registry_url(self) -> str:
        return self.registry.url or f"http://{self.registry.host}:{self.registry.port}"

    @property
    def web_url(self) -> str:
        """Where people reach the pages; pages served on every address are reached on this machine's own."""
        host = "127.0.0.1" if self.web.host in {"0.0.0.0", "::"} else self.web.host  # noqa: S104 - compared, not bound
        return (self.web.url or f"http://{f'[{host}]' if ':' in host else host}:{self.web.port}").rstrip("/")


def default_home() -> Path:
    """`HUB_HOME`, else the user's data folder."""
    return Path(os.environ.get(HOME_VARIABLE) or platformdirs.user_data_path("hub"))


def _variables() -> dict[str, str]:
    """Environment variables that speak of a section's setting, by the setting's place."""
    names = [name for name in os.environ if name.upper().startswith(_PREFIX) and _DELIMITER in name]
    return {name[len(_PREFIX) :].lower().replace(_DELIMITER, "."): name for name in names}


def _refuse_unknown(file: Path) -> None:
    """Settings are too important to overlook one for a slip of the pen."""
    known = set(Settings.model_fields) - {"home"}
    unknown = sorted(set(tomllib.loads(file.read_text(encoding="utf-8"))) - known)
    if unknown:
        raise ConfigError(f"{file}: no setting is named {', '.join(unknown)}", code="bad_settings")
    strays = sorted(name for place, name in _variables().items() if place.partition(".")[0] not in known)
    if strays:
        raise ConfigError(f"the environment: no setting is named {', '.join(strays)}", code="bad_settings")


def load_settings(home: Path | None = None) -> Settings:
    """Read and check the installation's settings.

    Everything that works with an installation begins here: a restore that was killed in its last step is undone first.

    Raises ConfigError naming each wrong field; the caller prints it and stops.
    """
    folder = (home or default_home()).expanduser().resolve()
    file = folder / "hub.toml"
    _refuse_strange(folder, file)
    mend(folder)
    try:
        _refuse_unknown(file)
        return Settings(home=folder)
    except ValidationError as error:
        whole = {name: f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
        variables = {name: variable for name, variable in whole.items() if variable in os.environ} | _variables()
        places = wrong_fields(error, lambda place: f" ({variables[place]})" if place in variables else "")
        raise ConfigError(f"{file}: {places}", code="bad_settings") from error
    except SettingsError as error:
        section = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "section").upper()
        text = f"the environment: {_PREFIX}{section} is not JSON; a single value goes by {_PREFIX}{section}{_DELIMITER}NAME"
        raise ConfigError(text, code="bad_settings") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not text in UTF-8: {_RESTORE}", code="bad_settings") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not TOML: {error}", code="bad_settings") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", code="bad_settings") from error


def _refuse_strange(folder: Path, file: Path) -> None:
    choose = f"name the installation's folder with --home or {HOME_VARIABLE}"
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is a file: {choose}", code="no_installation")
        if file.is_dir():
            raise ConfigError(f"{file} is a folder and should be a file: {_RESTORE}", code="bad_settings")
        if not file.is_file():
            raise ConfigError(f"no installation in {folder}: run `hub init {folder}`, or {choose}", code="no_installation")
    except PermissionError as error:
        text = f"{folder} may not be looked into: run this as the hub's user, or {choose}"
        raise ConfigError(text, code="no_installation") from error
