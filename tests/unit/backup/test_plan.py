"""What a restore refuses before anything is changed: other kinds of databases, and a missing copy of the shred list."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.backup.create import create_backup
from hub.backup.manifest import Copied, LogEnd, Manifest
from hub.backup.plan import check_kinds, make_plan
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import START

SERVER = "postgresql+psycopg://hub:secret@127.0.0.1:1/some"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    open_registry(settings, ManualClock(START), Codec.load()).close()
    return create_backup(settings, tmp_path / "backups", START)[0]


def told(settings: Settings, section: str, name: str, value: str) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update={name: value})})


def holding(store: str, ending: str, end: LogEnd | None = None) -> Manifest:
    """A backup of one database."""
    copied = Copied(path=f"databases/{store}{ending}", sha256="", size=1, store=store)
    return Manifest(name="some", made_at=START, municipality="0581", files=(copied,), log_end=end)


@pytest.mark.parametrize(("section", "part"), [("registry", "registry"), ("delivery", "delivery"), ("login", "access")])
def test_a_copy_of_another_kind_of_database_than_the_settings_name_is_refused(
    settings: Settings, section: str, part: str
) -> None:
    on_server = told(settings, section, "database_url", SERVER)
    of_file, of_server = holding(f"{part}/{part}", ".db"), holding(part, ".dump")
    check_kinds(settings, settings.home, of_file)
    check_kinds(on_server, settings.home, of_server)
    for wrong, manifest in ((on_server, of_file), (settings, of_server)):
        with pytest.raises(ConfigError, match=f"{section}.database_url") as refused:
            check_kinds(wrong, settings.home, manifest)
        assert refused.value.code == "other_database"
        assert "secret" not in str(refused.value)


def test_an_audit_log_is_of_another_kind_only_where_the_installations_own_does_not_go_on(
    settings: Settings, backup: Path
) -> None:
    check_kinds(settings, backup, holding("audit", ".dump", LogEnd(position=0, chain="")))
    with pytest.raises(ConfigError, match=r"audit\.database_url"):
        check_kinds(settings, backup, holding("audit", ".dump", LogEnd(position=9, chain="another")))


def test_a_backup_on_files_is_not_planned_for_a_server(settings: Settings, backup: Path) -> None:
    with pytest.raises(ConfigError, match=r"registry\.database_url"):
        make_plan(told(settings, "registry", "database_url", SERVER), backup, None, ())


def test_without_the_copy_of_the_shred_list_that_a_setting_names_nothing_is_restored_unless_that_is_said(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "disk" / "shred-list.jsonl"
    settings = told(settings, "registry", "shred_list_copy", str(copy))
    with pytest.raises(ConfigError, match=r"registry\.shred_list_copy.*--without-list-copy") as refused:
        make_plan(settings, backup, None, ())
    assert refused.value.code == "no_shred_list"
    assert copy not in make_plan(settings, backup, None, (), without_copy=True).lists
    copy.parent.mkdir()
    copy.touch()
    assert copy in make_plan(settings, backup, None, ()).lists


def test_a_copy_of_the_keyring_is_not_taken_where_a_setting_says_where_the_keys_are(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    elsewhere = told(settings, "registry", "keyring_url", f"sqlite:///{tmp_path / 'keys.db'}")
    with pytest.raises(ConfigError, match=r"--keyring.*registry\.keyring_url") as refused:
        make_plan(elsewhere, backup, settings.data / "keyring" / "keyring.db", ())
    assert refused.value.code == "keyring_elsewhere"
    assert make_plan(elsewhere, backup, None, ()).keyring is None


def test_the_command_takes_the_word_for_it_that_the_copy_is_lost(settings: Settings, backup: Path, tmp_path: Path) -> None:
    env = {"HUB_REGISTRY__SHRED_LIST_COPY": str(tmp_path / "disk" / "shred-list.jsonl")}
    asked = ["backup", "restore", str(backup), "--home", str(settings.home), "--yes"]
    refused = CliRunner().invoke(app, asked, env=env)
    assert isinstance(refused.exception, ConfigError)
    assert not list(settings.home.glob("data.before-*"))
    done = CliRunner().invoke(app, [*asked, "--without-list-copy"], env=env)
    assert done.exit_code == 0, (done.output, done.exception)
