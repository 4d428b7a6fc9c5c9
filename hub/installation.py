"""The files of one installation, `HUB_HOME`: written by `hub init`, read by every process."""

from __future__ import annotations

import base64
import re
import secrets
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from nacl.public import PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.contract.models import AreaCode, Code, Cooperation, InfoKind
from hub.errors import ConfigError
from hub.resources import defaults_folder
from hub.settings import Settings

__all__ = [
    "Agency",
    "Area",
    "Places",
    "Team",
    "initialise",
    "load_agencies",
    "load_places",
    "load_teams",
    "read_key",
    "read_secret",
]

_KEY_BYTES = 32
_SYMMETRIC = ("registry.key", "worklist.key")


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agency(Entry):
    """A source agency and the kinds of information it may carry."""

    title: str
    kinds: tuple[InfoKind, ...]


class Team(Entry):
    """A receiving team: the functions it takes, the cooperation it stands under, the days it has to respond."""

    title: str
    cooperation: Cooperation
    functions: tuple[Code, ...]
    respond_within_days: Annotated[int, Field(ge=1)]


class Area(Entry):
    """A place: its title, the names sources use for it, and whether it is exposed (then it gets presence tasks)."""

    title: str
    names: tuple[str, ...]
    exposed: bool


class _Agencies(Entry):
    agencies: dict[Code, Agency]


class _Teams(Entry):
    teams: dict[Code, Team]


class _Areas(Entry):
    areas: dict[AreaCode, Area]


def _slug(name: str) -> str:
    """A place name as an area code: ASCII, at most eight words, no run of digits that could be a birth date."""
    ascii_name = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    words = [word for word in re.findall(r"[a-z0-9]+", ascii_name) if not re.fullmatch(r".*\d{5}.*", word)]
    return "-".join(words[:8])[:64].strip("-") or "unknown"


@dataclass(frozen=True)
class Places:
    """The gazetteer: areas by code, and the code of any name a source uses."""

    areas: dict[str, Area]

    def area_code(self, name: str) -> str:
        """The configured code of `name`, else `place-` and its slug."""
        wanted = " ".join(name.split()).casefold()
        for code, area in self.areas.items():
            if wanted == code or wanted in (known.casefold() for known in area.names):
                return code
        return f"place-{_slug(name)}"

    def title(self, code: str) -> str:
        """What people call the area; the code itself when it is not configured."""
        return self.areas[code].title if code in self.areas else code.removeprefix("place-").replace("-", " ").title()

    @property
    def exposed(self) -> frozenset[str]:
        """Codes of the areas that get presence tasks."""
        return frozenset(code for code, area in self.areas.items() if area.exposed)


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: run `hub init`, or restore it", code="missing_file") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}", code="bad_yaml") from error


def _refuse(path: Path, error: ValidationError) -> ConfigError:
    places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False))
    return ConfigError(f"{path}: {places}", code="bad_file")


def load_agencies(home: Path) -> dict[str, Agency]:
    """`agencies.yaml`. Raises ConfigError naming file and field."""
    path = home / "agencies.yaml"
    try:
        return _Agencies.model_validate(_load(path)).agencies
    except ValidationError as error:
        raise _refuse(path, error) from error


def load_teams(home: Path) -> dict[str, Team]:
    """`teams.yaml`. Raises ConfigError naming file and field."""
    path = home / "teams.yaml"
    try:
        return _Teams.model_validate(_load(path)).teams
    except ValidationError as error:
        raise _refuse(path, error) from error


def load_places(home: Path) -> Places:
    """`areas.yaml`. Raises ConfigError naming file and field."""
    path = home / "areas.yaml"
    try:
        return Places(_Areas.model_validate(_load(path)).areas)
    except ValidationError as error:
        raise _refuse(path, error) from error


def read_secret(settings: Settings, name: str) -> str:
    """One secret's text from `keys/`. Raises ConfigError that says which file is missing, never what it held."""
    path = settings.keys / name
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the secret {path} cannot be read: run `hub init`, or put it there", code="missing_secret") from error


def read_key(settings: Settings, name: str) -> bytes:
    """One 32-byte key from `keys/` (base64). Raises ConfigError when it is missing or of another form."""
    try:
        key = base64.b64decode(read_secret(settings, name), validate=True)
    except ValueError as error:
        raise ConfigError(f"the key {settings.keys / name} is not base64", code="bad_key_file") from error
    if len(key) != _KEY_BYTES:
        raise ConfigError(f"the key {settings.keys / name} must hold {_KEY_BYTES} bytes", code="bad_key_file")
    return key


def _write_secret(path: Path, text: str) -> bool:
    """Create, readable to its owner only; a secret that exists is never touched."""
    if path.exists():
        return False
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
    return True


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def initialise(home: Path) -> list[Path]:
    """Write a working installation into `home`: settings, rules, teams, areas, agencies, keys. Returns what was written.

    Nothing that exists is changed, so it is safe to run again, for example after a new agency was added.
    """
    written: list[Path] = []
    for folder in (home, home / "keys", home / "data", home / "rules", home / "inbox" / "observations"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for source in sorted(defaults_folder().rglob("*")):
        target = home / source.relative_to(defaults_folder())
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            written.append(target)
    keys = home / "keys"
    fresh = {name: _new_key() for name in _SYMMETRIC}
    for agency in load_agencies(home):
        fresh[f"agency-{agency}.hmac"] = _new_key()
        fresh[f"agency-{agency}.token"] = secrets.token_urlsafe(32)
    if not (keys / "statutory.public").exists():
        private = PrivateKey.generate()
        fresh["statutory.private"] = base64.b64encode(bytes(private)).decode()
        fresh["statutory.public"] = base64.b64encode(bytes(private.public_key)).decode()
    written.extend(keys / name for name, text in fresh.items() if _write_secret(keys / name, text))
    return written
