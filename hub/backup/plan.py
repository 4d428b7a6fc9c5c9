"""What a restore will do, looked at and refused before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from hub.backup.continuing import continues, is_log
from hub.backup.fresh_kafka import begins_anew
from hub.backup.manifest import SHRED_LIST, Manifest, lacking, read_manifest, sha256_of, verify
from hub.backup.stores import check_places, find_parts
from hub.backup.unlisted import check_former
from hub.errors import ConfigError
from hub.installation import CONSENT_FILE
from hub.process import read_announcements
from hub.settings import Settings

__all__ = ["Plan", "check_kinds", "make_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a restore will do. `keyring` is where the data keys come from; None: they are in a database and stay there.

    `former_registry`: the address of the registry that is replaced, where it is not under `data/`; what ended there ends again.
    """

    settings: Settings
    backup: Path
    manifest: Manifest
    keyring: Path | None
    lists: tuple[Path, ...] = field(default=())
    former_registry: str = field(default="", repr=False)

    @property
    def replaces(self) -> bool:
        """Whether there is data that will be put aside."""
        return self.settings.data.is_dir() and any(self.settings.data.iterdir())

    @property
    def continues_log(self) -> bool:
        """Whether the installation's own audit log goes on from the backup's, and stays. Raises RetriableError."""
        return continues(self.settings, self.backup, self.manifest)

    @property
    def begins_kafka_anew(self) -> bool:
        """Whether the installation runs its own Kafka, which is put aside and is in no backup."""
        return begins_anew(self.settings)

    @property
    def lacking(self) -> list[str]:
        """What decides and is not in the backup: the installation's own stays."""
        return lacking(self.manifest)

    @property
    def consent_file(self) -> Path | None:
        """The backup's rules of consent; None: one of an older version has none, and the installation's own decide."""
        return None if CONSENT_FILE in self.lacking else self.backup / "settings" / CONSENT_FILE

    @property
    def replaces_rules(self) -> bool:
        """Whether the installation's rules of consent are others than the backup's, which are put back."""
        return self.consent_file is not None and not _is_same(self.settings.consent_file, self.consent_file)

    @property
    def differing(self) -> list[str]:
        """Other files that decide and are not as they were when the backup was made: nothing is done to them."""
        places = [Path(one.path) for one in self.manifest.files if one.path.startswith("settings/")]
        pairs = [(place.relative_to("settings").as_posix(), self.backup / place) for place in places]
        own = {name: self.settings.home / name for name, _ in pairs if name not in {CONSENT_FILE, "hub.toml"}}
        return [name for name, file in pairs if name in own and not _is_same(own[name], file)]


def make_plan(
    settings: Settings,
    backup: Path,
    keyring: Path | None,
    lists: Sequence[Path],
    *,
    former_registry: str | None = None,
    without_copy: bool = False,
) -> Plan:
    """Look at everything, change nothing. `without_copy`: go on though the copy of the shred list that the settings name is gone.

    `former_registry`: the address of the registry that is replaced, empty when it is lost; a registry on a server needs it.

    Raises ConfigError when the installation runs, the backup is damaged or of another kind of database than the settings name,
    the data keys, a shred list or the former registry are missing, or a setting puts a database where no restore brings it.
    RetriableError when a database does not answer.
    """
    check_places(settings)
    running = [entry.name for entry in read_announcements(settings)]
    if running or _is_up(settings):
        raise ConfigError(f"{settings.home} is running ({', '.join(running) or 'hub up'}): stop it first", code="runs_already")
    manifest = read_manifest(backup)
    faults = verify(backup)
    if faults:
        raise ConfigError(f"{backup} is damaged: {'; '.join(faults)}", code="damaged_backup")
    check_kinds(settings, backup, manifest)
    keyring = _keyring(settings, keyring)
    known = [*lists, *sorted(backup.parent.glob(f"hub-backup-*/{SHRED_LIST}")), backup / SHRED_LIST]
    known += _copy_elsewhere(settings, without_copy=without_copy)
    former = check_former(settings, manifest, former_registry)
    return Plan(settings, backup, manifest, keyring, tuple(dict.fromkeys(path.resolve() for path in known)), former)


def _keyring(settings: Settings, given: Path | None) -> Path | None:
    """Where the data keys come from; None: they are where a setting says, and stay there."""
    if settings.registry.keyring_url:
        if given is not None:
            text = (
                "--keyring names a copy, and registry.keyring_url says where the data keys are: no restore replaces those. "
                "Where they are lost, put the copy there first (a .dump with pg_restore into a new, empty database, a .db as "
                "the file), name that in registry.keyring_url, and restore without --keyring"
            )
            raise ConfigError(text, code="keyring_elsewhere")
        return None
    own = settings.data / "keyring" / "keyring.db"
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"{given} is not there", code="no_keyring")
        return given
    if not own.is_file():
        text = f"no data keys: {own} is not there, and no backup holds them; name a copy of the keyring with --keyring"
        raise ConfigError(text, code="no_keyring")
    return own


def _copy_elsewhere(settings: Settings, *, without_copy: bool) -> list[Path]:
    """The copy of the shred list on another disk, where the settings name one: it is the newest, when this machine was lost."""
    if not settings.registry.shred_list_copy:
        return []
    elsewhere = settings.home / settings.registry.shred_list_copy
    if elsewhere.is_file():
        return [elsewhere]
    if without_copy:
        return []
    text = (
        "registry.shred_list_copy names a file that is not there: without it, whoever was shredded since the last backup would "
        "come back. Mount its disk, or correct the setting; only when it is lost or was never written: --without-list-copy"
    )
    raise ConfigError(text, code="no_shred_list")


def check_kinds(settings: Settings, backup: Path, manifest: Manifest) -> None:
    """A file of SQLite is not put on a server, nor the reverse: what the settings name would be begun anew, and empty.

    Raises ConfigError that names the setting; RetriableError when the audit log's server does not answer.
    """
    for part, (setting, url) in find_parts(settings).items():
        on_server = not url.startswith("sqlite")
        wrong = (f"{part}/{part}", ".db") if on_server else (part, ".dump")
        other = next((one for one in manifest.files if (one.store, Path(one.path).suffix) == wrong), None)
        if other is None or (is_log(other) and continues(settings, backup, manifest)):  # else its copy is not needed
            continue
        why = (
            f"is a file of SQLite and {setting} names a server: leave the setting empty, as it was when the backup was made"
            if on_server
            else f"is of PostgreSQL and {setting} is empty: name a new, empty database there"
        )
        raise ConfigError(f"{part} in {backup} {why}", code="other_database")


def _is_same(own: Path, theirs: Path) -> bool:
    return own.is_file() and sha256_of(own) == sha256_of(theirs)


def _is_up(settings: Settings) -> bool:
    if not (settings.data / "up.lock").exists():
        return False
    try:
        with FileLock(settings.data / "up.lock", timeout=0):
            return False
    except Timeout:
        return True
