"""What was confirmed as ended, and whose line on the shred list was cut off, ends again in a restore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hub.backup.copying import mark
from hub.backup.create import create_backup
from hub.backup.restore import Restored, make_plan, restore
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.core.consent_rules import Signatory
from hub.errors import ConfigError, RetriableError
from hub.registry.opening import open_registry
from hub.registry.registry import Registry
from hub.registry.work import Tools
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import START, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)


class Unwritable:
    """A keyring whose list can be read and not be written."""

    def __init__(self, keys: object) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> object:
        return getattr(self._keys, name)

    def end(self, _endings: object) -> None:
        raise RetriableError("the disk is full", code="database")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


def at(settings: Settings, url: str) -> Settings:
    """The same installation, its registry where the URL says; in its own place where that is a file."""
    registry = settings.registry.model_copy(update={"database_url": "" if url.startswith("sqlite") else url})
    return settings.model_copy(update={"registry": registry})


def backed_up(settings: Settings, clock: ManualClock, into: Path) -> Path:
    """A backup with two in force; since then one has withdrawn and the other is blocked, and no list says it."""
    with closing(open_registry(settings, clock, Codec.load())) as opened:
        for person in (PERSON, OTHER):
            opened.registry.grant(make_grant(person))
        backup, _ = create_backup(settings, into, clock.now())
        tools: Tools = replace(opened.tools, keys=Unwritable(opened.keyring))  # type: ignore[arg-type]
        registry = Registry(opened.engine, tools, opened.registry.rules, clock)
        registry.withdraw(PERSON)
        registry.block(OTHER, Signatory.YOUTH)
        assert opened.keyring.endings() == []
    return backup


def restored(settings: Settings, backup: Path, clock: ManualClock, former: str | None = None) -> Restored:
    return restore(make_plan(settings, backup, None, (), former_registry=former), clock, Codec.load())


def test_a_withdrawal_and_a_block_that_no_list_says_are_brought_back_from_the_registry_that_is_replaced(
    settings: Settings, databases: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.registry.endings._again", lambda call, *arguments: call(*arguments))
    clock, former = ManualClock(START), at(settings, databases())
    backup = backed_up(former, clock, tmp_path / "backups")
    settings = at(settings, databases())
    assert restored(settings, backup, clock, former.registry.database_url or None).ended == 2
    assert not (settings.data / "looked-through").exists()
    with closing(open_registry(settings, clock, Codec.load())) as opened:
        assert opened.registry.references([PERSON]) == [None]
        assert opened.registry.show(OTHER).status == "suspended"
        assert len(opened.keyring.ages()) == 1


def test_a_registry_that_cannot_be_read_any_more_keeps_nobody_from_restoring(settings: Settings, tmp_path: Path) -> None:
    clock = ManualClock(START)
    with closing(open_registry(settings, clock, Codec.load())) as opened:
        opened.registry.grant(make_grant(PERSON))
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
    (settings.data / "registry" / "registry.db").write_bytes(b"no database at all" * 100)
    assert restored(settings, backup, clock).ended == 0


def test_a_file_of_sqlite_that_was_moved_away_is_looked_through_where_it_is_named_and_stays_as_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.registry.endings._again", lambda call, *arguments: call(*arguments))
    clock = ManualClock(START)
    backup = backed_up(settings, clock, tmp_path / "backups")
    former = (settings.data / "registry" / "registry.db").rename(tmp_path / "former.db")
    content = former.read_bytes()
    assert restored(settings, backup, clock, f"sqlite:///{former}").ended == 2
    assert former.read_bytes() == content


@pytest.mark.postgres
def test_a_registry_on_a_server_is_restored_only_when_the_former_is_named_or_said_to_be_lost(
    settings: Settings, postgres, tmp_path: Path
) -> None:
    clock = ManualClock(START)
    with postgres.database() as first, postgres.database() as second:
        there = at(settings, first)
        open_registry(there, clock, Codec.load()).close()
        backup, _ = create_backup(there, tmp_path / "backups", clock.now())
        settings = at(settings, second)
        with pytest.raises(ConfigError, match=r"--former-registry.*--without-former-registry") as refused:
            restored(settings, backup, clock)
        assert refused.value.code == "no_former_registry"
        for wrong in (second, "no address", f"sqlite:///{tmp_path / 'not-there.db'}"):
            with pytest.raises(ConfigError, match="--former-registry"):
                restored(settings, backup, clock, wrong)
        assert not (tmp_path / "not-there.db").exists()
        with pytest.raises(RetriableError, match="--former-registry"):
            restored(settings, backup, clock, "postgresql+psycopg://hub:secret@127.0.0.1:1/away")
        mark(first, backup.name)  # what an unfinished restore has filled is no former registry
        with pytest.raises(ConfigError, match="--former-registry"):
            restored(settings, backup, clock, first)
        asked = ["backup", "restore", str(backup), "--home", str(settings.home), "--yes", "--without-former-registry"]
        env = {"HUB_REGISTRY__DATABASE_URL": second}
        both = CliRunner().invoke(app, [*asked, "--former-registry", first], env=env)
        assert both.exit_code == 2
        done = CliRunner().invoke(app, asked, env=env)
        assert done.exit_code == 0, (done.output, done.exception)
