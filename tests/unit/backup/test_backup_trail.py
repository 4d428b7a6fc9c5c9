"""Whoever makes a copy, brings one back or removes what a restore put aside is in the audit log, first."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.cli import app
from hub.clock import ManualClock, SystemClock
from hub.contract.codec import Codec
from hub.errors import ConfigError, RetriableError
from hub.registry.opening import open_registry
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.registry.support import START


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    open_registry(load_settings(tmp_path / "home"), ManualClock(START), Codec.load()).close()
    return tmp_path / "home"


def call(home: Path, *words: str, typed: str = ""):
    return CliRunner().invoke(app, ["backup", *words, "--home", str(home)], input=typed)


def told(home: Path) -> list[tuple[str, str, str]]:
    """(action, purpose, rule) of the entries that the machine's user made, oldest first."""
    log = open_audit(load_settings(home), SystemClock())
    entries = the_latest(log.engine, Filter(), 100)[::-1]
    log.close()
    return [(one.action, one.purpose, one.rule) for one in entries if one.account.startswith("os:")]


def test_each_is_an_entry_and_that_of_a_backup_is_in_it(home: Path, tmp_path: Path) -> None:
    assert call(home, "discard", "--yes").exit_code == 0  # nothing to remove: no entry
    assert call(home, "create", str(tmp_path / "backups")).exit_code == 0
    assert call(home, "keyring", str(tmp_path / "keys")).exit_code == 0
    (backup,) = (tmp_path / "backups").iterdir()
    (home / "data" / "audit" / "audit.db").unlink()
    asked = call(home, "restore", str(backup), "--yes")
    assert asked.exit_code == 0, (asked.output, asked.exception)
    assert "audit log: the backup's" in asked.output
    assert "audit log: the one that is here goes on" in call(home, "restore", str(backup), typed="n\n").output
    assert call(home, "keyring", str(tmp_path / "keys")).exit_code == 0
    assert call(home, "discard", "--yes").exit_code == 0
    made_at = backup.name.removeprefix("hub-backup-").lower()
    assert told(home) == [
        ("backup_made", "databases", ""),
        ("backup_restored", made_at, "log_of_backup.lost0"),
        ("backup_made", "keyring", ""),
        ("backup_discarded", "n1", ""),
    ]


@pytest.mark.parametrize(("command", "what"), [("create", "databases"), ("keyring", "keyring")])
def test_a_copy_that_fails_says_so_behind_its_entry(home: Path, tmp_path: Path, command: str, what: str) -> None:
    (tmp_path / "no-folder").touch()
    failed = call(home, command, str(tmp_path / "no-folder"))
    assert isinstance(failed.exception, ConfigError)
    assert failed.exception.code == "cannot_write"
    assert told(home) == [("backup_made", what, ""), ("backup_made", what, "failed")]


@pytest.mark.parametrize(
    "words", [("create", "{folder}"), ("keyring", "{folder}"), ("discard", "--yes")], ids=lambda words: words[0]
)
def test_where_the_log_cannot_be_written_nothing_is_copied_or_removed(home: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    (home / "data.before-20250519T053000Z").mkdir()
    log = open_audit(load_settings(home), SystemClock())
    with log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO away"))
    log.close()
    refused = call(home, *(word.format(folder=tmp_path / "copies") for word in words))
    assert isinstance(refused.exception, RetriableError)
    assert refused.exception.code == "audit"
    assert not list((tmp_path / "copies").glob("hub-*"))
    assert (home / "data.before-20250519T053000Z").is_dir()
