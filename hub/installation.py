"""The files of one installation, `HUB_HOME`: written by `hub init`, read by every process."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import yaml
from nacl.public import PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.contract.fields import AreaCode
from hub.contract.models import Code, Cooperation, InfoKind
from hub.errors import ConfigError
from hub.gazetteer import Area, Areas, Places
from hub.resources import defaults_folder
from hub.settings import Settings, wrong_fields
from hub.teams import HEAD_NEXT_DAY, Addressee, AgeSpan, CalledNext, problems_of
from hub.working_time import OFFICE_HOURS, WorkingTime
from hub.yaml_file import RepeatedNameError, load_marked, load_yaml
from hub.yaml_form import UnreadableYamlError, decoded

__all__ = [
    "CONSENT_FILE",
    "CONSENT_VARIANT",
    "FORMER",
    "Agency",
    "Area",
    "Places",
    "Team",
    "consent_variants",
    "initialise",
    "load_agencies",
    "load_mapping",
    "load_places",
    "load_teams",
    "read_key",
    "read_secret",
    "write_closed",
]

CONSENT_FILE = "consent.yaml"
CONSENT_VARIANT = "norrkoping"
FORMER = ".former"
"""Ends the name of the key or token that an agency had before, for as long as it is valid too."""
_VARIANTS = "consent"
_KEY_BYTES = 32
_ORDERED = frozenset({"information", "parental_support", "group_support"})
# audit.key is the seed of the Ed25519 key that signs the audit log's checkpoints, audit-subject.key makes its pseudonyms.
_PAIRS = ("statutory", "protected", "sealed")
_SYMMETRIC = ("registry.key", "worklist.key", "audit.key", "audit-subject.key")
_RESTORE = "restore it from its copy"


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agency(Entry):
    """A source agency and the kinds of information it may carry."""

    title: str
    kinds: tuple[InfoKind, ...]


class Team(Entry):
    """A receiving team: the functions it takes, the cooperation it stands under, the days it has to respond and to follow up.

    Days are working days of its `working_time`. `areas` and `ages` say for whom it is there, of several teams that take a
    function; the `fallback` gets what fits none of them. `deputy` (another team, or accounts of this one) is called when a clock
    runs out, then the steps of `escalation`; `remind_before_days` before it the team itself (0: it is not).
    `cases`: whether it keeps the cooperation's cases (`hub.cases`). `sinks`: its systems, of hub.toml, that hear of its tasks.
    """

    title: str
    cooperation: Cooperation
    functions: tuple[Code, ...]
    respond_within_days: Annotated[int, Field(ge=1)]
    follow_up_within_days: Annotated[int, Field(ge=1, le=250)] = 20
    working_time: WorkingTime = OFFICE_HOURS
    cases: bool = False
    areas: tuple[AreaCode, ...] = ()
    ages: AgeSpan | None = None
    fallback: bool = False
    deputy: Addressee | None = None
    remind_before_days: Annotated[int, Field(ge=0, le=60)] = 1
    escalation: tuple[CalledNext, ...] = HEAD_NEXT_DAY
    sinks: tuple[str, ...] = ()

    @property
    def takes_orders(self) -> bool:
        """Whether it gives what can be ordered without a person: information, support to groups or to parents."""
        return not _ORDERED.isdisjoint(self.functions)


class _Agencies(Entry):
    agencies: dict[Code, Agency]


class _Teams(Entry):
    teams: dict[Code, Team]


def load_mapping(path: Path) -> Any:
    """The content of a YAML file that must hold names and values. Raises ConfigError naming the file and what is wrong."""
    try:
        content = load_yaml(decoded(path.read_bytes()))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: {_RESTORE}, or run `hub init` for the shipped one", code="missing_file") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path} cannot be read ({why}): it must be a readable file", code="missing_file") from error
    except RepeatedNameError as error:
        raise ConfigError(f"{path}: {error}", code="repeated_name") from error
    except UnreadableYamlError as error:
        line, column = error.where
        raise ConfigError(f"{path}:{line}:{column}: {error}", code="bad_yaml") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(f"{path} holds what is no text, number, list or mapping{where}", code="bad_yaml") from error
    if isinstance(content, dict):
        return content
    raise ConfigError(f"{path} is no mapping of names to values: compare it with the shipped one", code="bad_file")


def _refuse(path: Path, error: ValidationError) -> ConfigError:
    return ConfigError(f"{path}: {wrong_fields(error)}", code="bad_file")


def load_agencies(home: Path) -> dict[str, Agency]:
    """`agencies.yaml`. Raises ConfigError naming file and field."""
    path = home / "agencies.yaml"
    try:
        return _Agencies.model_validate(load_mapping(path)).agencies
    except ValidationError as error:
        raise _refuse(path, error) from error


def load_teams(home: Path) -> dict[str, Team]:
    """`teams.yaml`. Raises ConfigError naming file, line and field."""
    path = home / "teams.yaml"
    try:
        teams = _Teams.model_validate(load_mapping(path)).teams
    except ValidationError as error:
        place = _place(path, error.errors()[0]["loc"])
        raise ConfigError(f"{path}{place}: {wrong_fields(error)}", code="bad_file") from error
    areas = frozenset(load_places(home).areas) if any(team.areas for team in teams.values()) else frozenset()
    wrong = [f"{path}{_place(path, where)}: {_dotted(where)}: {text}" for where, text in problems_of(teams, areas)]
    if wrong:
        raise ConfigError("; ".join(wrong), code="bad_file")
    return teams


def _place(path: Path, where: tuple[int | str, ...]) -> str:
    """Line and column, as an editor takes them; nothing for a file whose merges (`<<`) hide where a value stands."""
    try:
        line, column = load_marked(decoded(path.read_bytes())).where(where)
    except (OSError, UnreadableYamlError):
        return ""
    return f":{line}:{column}"


def _dotted(where: tuple[int | str, ...]) -> str:
    return ".".join(map(str, where))


def load_places(home: Path) -> Places:
    """`areas.yaml`. Raises ConfigError naming file and field."""
    path = home / "areas.yaml"
    try:
        return Places(Areas.model_validate(load_mapping(path)).areas)
    except ValidationError as error:
        raise _refuse(path, error) from error


def read_secret(settings: Settings, name: str) -> str:
    """One secret's text from `keys/`. Raises ConfigError that says which file is missing or wrong, never what it held."""
    return _secret(settings.keys / name)


def read_key(settings: Settings, name: str) -> bytes:
    """One 32-byte key from `keys/` (base64). Raises ConfigError when it is missing or of another form."""
    return _key(settings.keys / name)


def _secret(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        told = f"the secret {path} is missing: {_RESTORE}, or put it there; `hub init` makes the hub's own"
        raise ConfigError(told, code="missing_secret") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        told = f"the secret {path} cannot be read ({why}): it must be a file that the user who runs the hub may read"
        raise ConfigError(told, code="missing_secret") from error
    except UnicodeDecodeError:
        raise ConfigError(f"the secret {path} is not text in UTF-8: {_RESTORE}", code="bad_key_file") from None
    if not text:
        raise ConfigError(f"the secret {path} is empty: {_RESTORE}", code="bad_key_file")
    return text


def _key(path: Path) -> bytes:
    try:
        key = base64.b64decode(_secret(path), validate=True)
    except ValueError as error:
        raise ConfigError(f"the key {path} is not base64: {_RESTORE}", code="bad_key_file") from error
    if len(key) != _KEY_BYTES:
        raise ConfigError(f"the key {path} must hold {_KEY_BYTES} bytes in base64: {_RESTORE}", code="bad_key_file")
    return key


def write_closed(path: Path, content: bytes) -> None:
    """Create, for its owner only, whole or not at all: what stands here may seal data from the next moment on."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{fresh} cannot be written: {error.strerror}", code="cannot_write") from error


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _fresh_secrets(home: Path) -> dict[str, str]:
    """A value for every secret the installation should have, by file name."""
    sealed = home / "data" / "registry" / "registry.db"
    if sealed.exists() and not (home / "keys" / "registry.key").exists():
        told = f"{home / 'keys' / 'registry.key'} is missing: {_RESTORE}; {sealed} is sealed with it, and a new one opens nothing"
        raise ConfigError(told, code="missing_secret")
    fresh = {name: _new_key() for name in _SYMMETRIC}
    for agency in load_agencies(home):
        fresh |= {f"agency-{agency}.hmac": _new_key(), f"agency-{agency}.token": secrets.token_urlsafe(32)}
    for name in _PAIRS:
        fresh |= _fresh_pair(home / "keys", name)
    return fresh


def _fresh_pair(keys: Path, name: str) -> dict[str, str]:
    """A private key and its public one, unless the public one is here: the private one may be kept elsewhere."""
    if (keys / f"{name}.public").exists():
        return {}
    known = (keys / f"{name}.private").exists()
    # What is sealed with another public key than its private one's would never open again.
    private = PrivateKey(_key(keys / f"{name}.private")) if known else PrivateKey.generate()
    public = base64.b64encode(bytes(private.public_key)).decode()
    return {f"{name}.private": base64.b64encode(bytes(private)).decode(), f"{name}.public": public}


def consent_variants() -> list[str]:
    """The municipal variants of the consent rules that are shipped."""
    return sorted(path.stem for path in (defaults_folder() / _VARIANTS).glob("*.yaml"))


def _default_files(home: Path, variant: str) -> dict[Path, Path]:
    """The shipped files by where they belong. A rule set that exists is whole: what was taken out of it stays out."""
    shipped, skip = defaults_folder(), home / "rules" if (home / "rules").exists() else None
    if variant not in consent_variants():
        told = f"no variant {variant} of the consent rules: there are {', '.join(consent_variants())}"
        raise ConfigError(told, code="unknown_variant")
    files = {home / path.relative_to(shipped): path for path in sorted(shipped.rglob("*")) if path.is_file()}
    files = {path: source for path, source in files.items() if path.parent not in {skip, home / _VARIANTS}}
    return {**files, home / CONSENT_FILE: shipped / _VARIANTS / f"{variant}.yaml"}


def initialise(home: Path, variant: str = CONSENT_VARIANT) -> list[Path]:
    """Write a working installation into `home`: settings, rules, teams, areas, agencies, keys. Returns what was written.

    `variant` is one of `consent_variants()`: whose rules of consent to begin with.
    Nothing that exists is changed, so it is safe to run again, for example after a new agency was added. What is written
    only its owner may read. Raises ConfigError when `home` cannot be written, or holds files that are wrong.
    """
    defaults = _default_files(home, variant)
    try:
        for name in ("", "keys", "data", "rules", "rules/examples", "inbox", "inbox/observations", "inbox/planned"):
            (home / name).mkdir(parents=not name, exist_ok=True, mode=0o700)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        at = error.filename or home
        told = f"{home} cannot be made an installation ({at}: {why}): name a folder that may be written"
        raise ConfigError(told, code="cannot_write") from error
    written = [path for path in defaults if not path.exists()]
    for path in written:
        write_closed(path, defaults[path].read_bytes())
    for name, text in _fresh_secrets(home).items():
        path = home / "keys" / name
        if not path.exists():
            write_closed(path, f"{text}\n".encode())
            written.append(path)
    return written
