"""Where databases may lie: a file that no backup would find, or a keyring that each would hold, is refused before anything is done."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub.backup.create import create_backup, create_key_copy
from hub.backup.restore import Plan, make_plan, restore
from hub.backup.stores import check_places
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import START

PARTS = {"registry": "registry", "audit": "audit", "delivery": "delivery", "login": "access"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


def told(settings: Settings, section: str, name: str, url: str) -> Settings:
    """The same installation, one setting of a section another."""
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update={name: url})})


def refusal(settings: Settings) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        check_places(settings)
    assert str(settings.home.parent) not in str(refused.value)
    return refused.value


def test_an_installation_as_it_is_made_and_one_on_servers_are_as_they_should_be(settings: Settings) -> None:
    check_places(settings)
    for section in PARTS:
        settings = told(settings, section, "database_url", f"postgresql+psycopg://hub:secret@127.0.0.1:1/{section}")
    check_places(told(settings, "registry", "keyring_url", "postgresql+psycopg://hub:secret@127.0.0.1:1/keys"))


@pytest.mark.parametrize(
    "place", ["/elsewhere/some.db", "relative.db", "{data}/{part}/{part}.db", "file:/elsewhere/some.db?uri=true"]
)
@pytest.mark.parametrize("section", PARTS)
def test_a_file_of_sqlite_that_a_setting_names_is_refused_wherever_it_lies(settings: Settings, section: str, place: str) -> None:
    url = f"sqlite:///{place.format(data=settings.data, part=PARTS[section])}"
    refused = refusal(told(settings, section, "database_url", url))
    assert refused.code == "unsaved_database"
    assert f"{section}.database_url" in str(refused)
    assert f"data/{PARTS[section]}/{PARTS[section]}.db" in str(refused)


def within(settings: Settings) -> str:
    return str(settings.data / "ring" / "keys.db")


def default(settings: Settings) -> str:
    return str(settings.data / "keyring" / "keyring.db")


def relative(settings: Settings) -> str:
    return os.path.relpath(settings.data / "keys.db")


def around(settings: Settings) -> str:
    return f"{settings.keys}/../data/keys.db"


def linked(settings: Settings) -> str:
    """Under `data/`, by a link that leads there."""
    (settings.home / "link").symlink_to(settings.data)
    return str(settings.home / "link" / "keys.db")


def moved(settings: Settings) -> str:
    """On the disk to which `data` is a link."""
    disk = settings.home.parent / "disk"
    settings.data.rename(disk)
    settings.data.symlink_to(disk)
    return str(disk / "keys.db")


def reached(settings: Settings) -> str:
    """Elsewhere, with a link under `data/` that leads there."""
    keys = settings.home.parent / "keys.db"
    keys.touch()
    (settings.data / "some.db").symlink_to(keys)
    return str(keys)


@pytest.mark.parametrize("place", [within, default, relative, around, linked, moved, reached])
def test_a_keyring_that_a_setting_puts_under_data_is_refused_however_it_is_reached(
    settings: Settings, place: Callable[[Settings], str]
) -> None:
    settings.data.mkdir(exist_ok=True)
    refused = refusal(told(settings, "registry", "keyring_url", f"sqlite:///{place(settings)}"))
    assert refused.code == "keyring_in_backups"
    assert "registry.keyring_url" in str(refused)


def test_a_keyring_on_another_disk_is_in_no_backup_and_stays_there_when_one_is_restored(
    settings: Settings, tmp_path: Path
) -> None:
    settings = told(settings, "registry", "keyring_url", f"sqlite:///{tmp_path / 'keys.db'}")
    open_registry(settings, ManualClock(START), Codec.load()).close()
    backup, manifest = create_backup(settings, tmp_path / "backups", START)
    assert not [one.path for one in manifest.files if "keys" in one.path]
    restore(make_plan(settings, backup, None, ()), ManualClock(START), Codec.load())
    with closing(sqlite3.connect(tmp_path / "keys.db")) as keys:
        assert keys.execute("SELECT count(*) FROM data_key").fetchone() == (0,)


@pytest.mark.parametrize(
    ("section", "name"), [("registry", "database_url"), ("registry", "keyring_url"), ("login", "database_url")]
)
def test_neither_a_backup_nor_a_copy_of_the_keys_nor_a_restore_is_begun(
    settings: Settings, tmp_path: Path, section: str, name: str
) -> None:
    open_registry(settings, ManualClock(START), Codec.load()).close()
    backup, manifest = create_backup(settings, tmp_path / "backups", START)
    wrong = told(settings, section, name, f"sqlite:///{settings.data / 'ring.db'}")
    before = sorted(tmp_path.rglob("*"))
    plan = Plan(wrong, backup, manifest, settings.data / "keyring" / "keyring.db")
    for attempt in (
        lambda: create_backup(wrong, tmp_path / "backups", START + timedelta(hours=1)),
        lambda: create_key_copy(wrong, tmp_path / "keys", START, timedelta(days=7)),
        lambda: make_plan(wrong, backup, None, ()),
        lambda: restore(plan, ManualClock(START), Codec.load()),
    ):
        with pytest.raises(ConfigError, match=f"{section}.{name}"):
            attempt()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("place", ["registry", "audit", "connect/ss12000", "statutory/messages"])
def test_a_linked_folder_in_which_no_backup_would_look_is_refused(settings: Settings, tmp_path: Path, place: str) -> None:
    (settings.data / place).mkdir(parents=True, exist_ok=True)
    (settings.data / place).rename(tmp_path / "disk")
    (settings.data / place).symlink_to(tmp_path / "disk")
    refused = refusal(settings)
    assert refused.code == "linked_folder"
    assert f"data/{place} " in str(refused)


def test_what_makes_itself_anew_may_lie_behind_a_link_and_so_may_all_data(settings: Settings, tmp_path: Path) -> None:
    settings.data.mkdir(exist_ok=True)
    (settings.data / "broker").symlink_to(tmp_path)
    check_places(settings)
    settings.data.rename(tmp_path / "disk")
    settings.data.symlink_to(tmp_path / "disk")
    check_places(settings)


def test_the_command_names_the_setting_and_not_its_value(settings: Settings, tmp_path: Path) -> None:
    env = {"HUB_AUDIT__DATABASE_URL": f"sqlite:///{tmp_path / 'a-place-of-ours.db'}"}
    made = CliRunner().invoke(app, ["backup", "create", str(tmp_path / "backups"), "--home", str(settings.home)], env=env)
    assert isinstance(made.exception, ConfigError)
    assert "audit.database_url" in str(made.exception)
    assert "a-place-of-ours" not in f"{made.output}{made.exception}"
    assert not (tmp_path / "backups").exists()
