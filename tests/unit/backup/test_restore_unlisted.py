"""What was confirmed as ended, and whose line on the shred list was cut off, ends again in a restore."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hub.backup.create import create_backup
from hub.backup.restore import Restored, make_plan, restore
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.core.consent_rules import Signatory
from hub.errors import RetriableError
from hub.registry.opening import open_registry
from hub.registry.registry import Registry
from hub.registry.work import Tools
from hub.settings import Settings, load_settings
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


def restored(settings: Settings, backup: Path, clock: ManualClock) -> Restored:
    return restore(make_plan(settings, backup, None, ()), clock, Codec.load())


def test_a_withdrawal_and_a_block_that_no_list_says_are_brought_back_from_the_registry_that_is_put_aside(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.registry.endings._again", lambda call, *arguments: call(*arguments))
    clock = ManualClock(START)
    backup = backed_up(settings, clock, tmp_path / "backups")
    assert restored(settings, backup, clock).ended == 2
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
