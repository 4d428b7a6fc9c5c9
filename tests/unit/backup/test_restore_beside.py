"""A restore and whoever works beside it, and one that was killed in the middle: nothing is confirmed and then undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hub.audit.opening import open_audit
from hub.backup.create import create_backup
from hub.backup.restore import make_plan, restore
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.in_use import used
from hub.registry.opening import OpenRegistry, open_registry
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import START, make_grant, make_identifier

PERSON = make_identifier()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def opened(settings: Settings, clock: ManualClock) -> OpenRegistry:
    return open_registry(settings, clock, Codec.load())


@pytest.fixture
def backup(settings: Settings, clock: ManualClock, tmp_path: Path) -> Path:
    """Of a registry with one consent."""
    registry = opened(settings, clock)
    registry.registry.grant(make_grant(PERSON))
    registry.close()
    return create_backup(settings, tmp_path / "backups", clock.now())[0]


def restored(settings: Settings, backup: Path, clock: ManualClock, say: Callable[[str], None] = lambda _text: None) -> None:
    restore(make_plan(settings, backup, None, ()), clock, Codec.load(), say)


def test_while_a_restore_is_at_work_nobody_opens_registry_or_audit_log_and_no_process_starts(
    settings: Settings, backup: Path, clock: ManualClock
) -> None:
    refusals: list[str] = []

    def try_it(_step: str) -> None:
        for attempt in (lambda: opened(settings, clock), lambda: open_audit(settings, clock), used(settings.home).__enter__):
            with pytest.raises(ConfigError, match="being restored") as refused:
                attempt()
            refusals.append(refused.value.code)
        told = CliRunner().invoke(app, ["consent", "list", "--home", str(settings.home)])
        refusals.append(told.exception.code if isinstance(told.exception, ConfigError) else told.output)

    restored(settings, backup, clock, try_it)
    assert set(refusals) == {"restoring"}
    registry = opened(settings, clock)
    assert registry.registry.show(PERSON).status == "in_force"
    registry.close()


def test_a_restore_is_refused_while_the_registry_is_open_and_changes_nothing(
    settings: Settings, backup: Path, clock: ManualClock
) -> None:
    registry, other = opened(settings, clock), opened(settings, clock)
    registry.close()
    with pytest.raises(ConfigError, match="works with") as refused:
        restored(settings, backup, clock)
    assert refused.value.code == "in_use"
    other.registry.withdraw(PERSON)
    other.close()
    other.close()
    restored(settings, backup, clock)
    registry = opened(settings, clock)
    assert registry.registry.references([PERSON]) == [None]
    registry.close()


def test_an_opening_that_fails_holds_nothing(settings: Settings, backup: Path, clock: ManualClock, tmp_path: Path) -> None:
    key, store = settings.keys / "registry.key", settings.data / "registry" / "registry.db"
    key.rename(tmp_path / "registry.key")
    with pytest.raises(ConfigError):
        opened(settings, clock)
    (tmp_path / "registry.key").rename(key)
    store.write_bytes(b"no database at all" * 100)  # met when the keyring and the audit log are open
    with pytest.raises(ConfigError):
        opened(settings, clock)
    (settings.data / "audit" / "audit.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError):
        open_audit(settings, clock)
    restored(settings, backup, clock)
    assert list(settings.home.glob("data.before-*"))


def cut_in_two(settings: Settings) -> Path:
    """As a restore leaves it that is killed between its two renames."""
    aside = settings.home / "data.before-20250519T053000Z"
    settings.data.rename(aside)
    (settings.home / "data.restoring" / "keyring").mkdir(parents=True)
    return aside


def test_a_restore_that_was_killed_in_its_last_step_is_undone_by_whatever_command_comes_next(
    settings: Settings, backup: Path, clock: ManualClock
) -> None:
    registry = opened(settings, clock)
    registry.registry.withdraw(PERSON)
    registry.close()
    aside = cut_in_two(settings)
    listed = CliRunner().invoke(app, ["consent", "list", "--json", "--home", str(settings.home)])
    assert json.loads(listed.stdout)["counts"]["withdrawn"] == 1, listed.output
    assert not aside.exists()
    restored(settings, backup, clock)
    registry = opened(settings, clock)
    assert registry.registry.references([PERSON]) == [None]
    registry.close()


def test_a_restore_reads_the_shred_list_of_what_was_put_aside_too(
    settings: Settings, backup: Path, clock: ManualClock, tmp_path: Path
) -> None:
    shutil.copy(settings.data / "keyring" / "keyring.db", tmp_path / "keyring.db")
    registry = opened(settings, clock)
    registry.registry.withdraw(PERSON)
    registry.close()
    settings.data.rename(settings.home / "data.before-20250519T053000Z")
    clock.advance(timedelta(hours=1))
    restore(make_plan(settings, backup, tmp_path / "keyring.db", ()), clock, Codec.load())
    registry = opened(settings, clock)
    assert registry.registry.references([PERSON]) == [None]
    registry.close()


def test_no_empty_installation_is_begun_where_the_data_are_put_aside(settings: Settings, clock: ManualClock) -> None:
    settings.data.rename(settings.home / "data.before-20250519T053000Z")
    for attempt in (lambda: opened(settings, clock), used(settings.home).__enter__):
        with pytest.raises(ConfigError, match=r"data\.before-20250519T053000Z to data") as refused:
            attempt()
        assert refused.value.code == "no_data"
    assert not settings.data.exists()
