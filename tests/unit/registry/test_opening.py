from __future__ import annotations

import base64
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.installation import initialise
from hub.registry.keyring import open_keyring
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.unit.registry.support import SCHOOL, START, make_grant


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialise(tmp_path)
    return load_settings(tmp_path)


def open_it(settings: Settings) -> None:
    open_registry(settings, ManualClock(START), Codec.load()).close()


def test_a_fresh_installation_opens_and_knows_its_agencies_teams_and_connectors(settings: Settings) -> None:
    opened = open_registry(settings, ManualClock(START), Codec.load())
    assert opened.tools.agencies[SCHOOL].instances == ("ss12000",)
    assert opened.registry.grant(make_grant()).status == "in_force"
    opened.close()


def test_a_database_is_not_opened_with_keys_under_which_nobody_would_be_found(settings: Settings) -> None:
    open_it(settings)
    open_it(settings)
    (settings.keys / "registry.key").write_text(base64.b64encode(bytes(32)).decode(), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"restore registry\.key") as caught:
        open_it(settings)
    assert caught.value.code == "other_keys"


def granted(settings: Settings) -> None:
    opened = open_registry(settings, ManualClock(START), Codec.load())
    opened.registry.grant(make_grant())
    opened.close()


def keys_and_endings(settings: Settings) -> tuple[int, int]:
    with closing(open_keyring(settings.keyring_database)) as keyring:
        return len(keyring.ages()), len(keyring.endings())


def test_a_new_database_is_not_opened_beside_a_keyring_that_knows_people_and_neither_is_changed(
    settings: Settings, tmp_path: Path
) -> None:
    granted(settings)
    (settings.data / "registry").rename(tmp_path / "lost")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"hub backup restore") as caught:
            open_it(settings)
        assert caught.value.code == "lost_database"
    assert keys_and_endings(settings) == (1, 0)
    with closing(sqlite3.connect(settings.data / "registry" / "registry.db")) as new:
        assert new.execute("SELECT * FROM sqlite_master").fetchall() == []  # a restore may fill it yet
    shutil.rmtree(settings.data / "registry")
    (tmp_path / "lost").rename(settings.data / "registry")
    open_it(settings)


def test_a_database_that_was_opened_before_a_first_key_was_left_by_a_crash_is_opened_again(settings: Settings) -> None:
    open_it(settings)
    with closing(open_keyring(settings.keyring_database)) as keyring:
        keyring.put({"f" * 32: b"k"}, START)
    open_it(settings)
    assert keys_and_endings(settings) == (1, 0)


@pytest.mark.parametrize("name", ["registry.key", f"agency-{SCHOOL}.hmac", f"agency-{SCHOOL}.token"])
def test_a_missing_key_says_what_to_do_and_leaves_no_database(settings: Settings, name: str) -> None:
    (settings.keys / name).unlink()
    with pytest.raises(ConfigError, match="hub init"):
        open_it(settings)
    assert not (settings.data / "registry").exists()


@pytest.mark.parametrize(
    ("name", "text"), [("registry.key", "short"), (f"agency-{SCHOOL}.token", ""), (f"agency-{SCHOOL}.token", "x")]
)
def test_a_key_of_another_form_is_refused_without_showing_it(settings: Settings, name: str, text: str) -> None:
    (settings.keys / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_it(settings)
    assert caught.value.code == "bad_key_file"
