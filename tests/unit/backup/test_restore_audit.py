"""A restore and the audit log: it goes on, what waits on the disk for its database is not left behind, and the restore is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.actions import Action
from hub.audit.entries import SYSTEM, Actor, Entry, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit, open_checkpoints, open_verifier
from hub.audit.reading import Filter, the_latest
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.audit.verify import Given, verify
from hub.backup.create import create_backup
from hub.backup.manifest import MANIFEST
from hub.backup.manifest import verify as verify_backup
from hub.backup.restore import make_plan, restore
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.prepared import initialised
from tests.unit.registry.support import START, make_grant, make_identifier

PERSON = make_identifier()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def settings(tmp_path: Path, databases: Callable[..., str], request: pytest.FixtureRequest) -> Settings:
    """An installation whose audit log lies in its own folder, or on PostgreSQL."""
    initialised(tmp_path / "home")
    return elsewhere(load_settings(tmp_path / "home"), databases, request)


def elsewhere(settings: Settings, databases: Callable[..., str], request: pytest.FixtureRequest) -> Settings:
    """With an audit database of its own that is empty, where it is one of PostgreSQL."""
    if "sqlite" in request.node.callspec.id:
        return settings
    return settings.model_copy(update={"audit": settings.audit.model_copy(update={"database_url": databases()})})


@contextmanager
def logging(settings: Settings, clock: ManualClock) -> Iterator[AuditLog]:
    log = open_audit(settings, clock)
    try:
        yield log
    finally:
        log.close()


def withdrawn(log: AuditLog, number: int) -> None:
    with unstoppable(Unstoppable.WITHDRAWAL):
        log.append(Entry(SYSTEM, Action.CONSENT_WITHDRAWN, item=Subject(SubjectKind.CONSENT, f"consent-{number}")))


def wait(log: AuditLog, *numbers: int) -> None:
    """Entries that come while the database is away."""
    with log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO away"))
    for number in numbers:
        withdrawn(log, number)
    with log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit_entry"))


def told(settings: Settings, clock: ManualClock) -> list[tuple[str, str]]:
    """(action, rule) of the log's entries, oldest first, when all that waited is in it."""
    with logging(settings, clock) as log:
        log.carry()
        return [(one.action, one.rule) for one in the_latest(log.engine, Filter(), 1000)[::-1]]


def again(settings: Settings, backup: Path, clock: ManualClock) -> None:
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    clock.advance(timedelta(minutes=1))


def is_whole(settings: Settings, clock: ManualClock, *against: str) -> bool:
    """Whether nothing is wrong with the log, what waits for it and what another system kept of it."""
    with logging(settings, clock) as log:
        assert log.spool is not None
        given = [Given("kept elsewhere", note) for note in against]
        waiting = log.spool.look()
        return verify(log.engine, open_verifier(settings), given, waiting=waiting, named=log.document).whole


def lost(settings: Settings, databases: Callable[..., str], request: pytest.FixtureRequest) -> Settings:
    """The log's database is gone; on PostgreSQL an empty one is in its place."""
    if not settings.audit.database_url:
        (settings.data / "audit" / "audit.db").unlink()
    return elsewhere(settings, databases, request)


def test_what_was_logged_after_the_backup_is_found_and_verified_after_its_restore(
    settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    open_registry(settings, clock, Codec.load()).close()
    with logging(settings, clock) as log:
        withdrawn(log, 1)
        backup, manifest = create_backup(settings, tmp_path / "backups", clock.now())
        withdrawn(log, 2)
        note = open_checkpoints(settings, log.engine, clock).sign()
    assert manifest.log_end is not None
    assert manifest.log_end.position == 1
    assert note is not None
    plan = make_plan(settings, backup, None, ())
    assert plan.continues_log
    restore(plan, clock, Codec.load(), actor=Actor("os:1000", role="command"))
    assert told(settings, clock) == [
        ("consent_withdrawn", ""), ("consent_withdrawn", ""), ("backup_restored", "own_log"),
    ]  # fmt: skip
    with logging(settings, clock) as log:
        (entry,) = the_latest(log.engine, Filter(), 1)
        assert (entry.account, entry.purpose) == ("os:1000", f"{START:%Y%m%dt%H%M%Sz}")
    assert is_whole(settings, clock, note)


def test_what_waits_on_the_disk_is_carried_over_by_a_restore_and_comes_into_the_log_once(
    settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    with logging(settings, clock) as log:
        wait(log, 1)
        waiting = (settings.data / "audit-waiting" / "waiting.jsonl").read_bytes()
        withdrawn(log, 2)  # which carries the first over
        open_registry(settings, clock, Codec.load()).close()
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
        wait(log, 3, 4)
        file = settings.data / "audit-waiting" / "waiting.jsonl"
        file.write_bytes(waiting + file.read_bytes())  # as if a crash had come between the log and the letting go
    for _twice in range(2):
        again(settings, backup, clock)
    assert told(settings, clock) == [
        ("consent_withdrawn", ""), ("audit_carried", "n1.lost0"), ("consent_withdrawn", ""),
        ("consent_withdrawn", ""), ("consent_withdrawn", ""), ("audit_carried", "n2.lost0"),
        ("backup_restored", "own_log"), ("backup_restored", "own_log"),
    ]  # fmt: skip
    assert is_whole(settings, clock)


def test_where_the_log_was_lost_the_backups_comes_back_what_waits_comes_into_it_and_what_is_gone_is_told_once(
    settings: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    with logging(settings, clock) as log:
        wait(log, 1)
        withdrawn(log, 2)
        open_registry(settings, clock, Codec.load()).close()
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
        wait(log, 3)
        withdrawn(log, 4)  # which carries that over, into a log that will be lost
        wait(log, 5)
    settings = lost(settings, databases, request)
    plan = make_plan(settings, backup, None, ())
    assert not plan.continues_log
    restore(plan, clock, Codec.load())
    assert told(settings, clock) == [
        ("consent_withdrawn", ""), ("audit_carried", "n1.lost0"), ("consent_withdrawn", ""),
        ("consent_withdrawn", ""), ("audit_carried", "n1.lost0"), ("backup_restored", "log_of_backup.lost1"),
    ]  # fmt: skip
    with logging(settings, clock) as log:
        wait(log, 6)
    assert told(settings, clock)[-2:] == [("consent_withdrawn", ""), ("audit_carried", "n1.lost0")]
    assert is_whole(settings, clock)


def test_what_a_restore_ends_is_sealed_in_the_restored_log_and_a_failed_one_takes_nothing_that_waits_and_says_so(
    settings: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    opened = open_registry(settings, clock, Codec.load())
    opened.registry.grant(make_grant(PERSON))
    backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
    clock.advance(timedelta(days=1))
    opened.registry.withdraw(PERSON)
    wait(opened.sealed.log, 1, 2)
    opened.close()
    waiting = (settings.data / "audit-waiting" / "waiting.jsonl").read_bytes()
    settings = lost(settings, databases, request)
    (settings.keys / "registry.key").rename(tmp_path / "registry.key")
    with pytest.raises(ConfigError):
        restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    assert (settings.data / "audit-waiting" / "waiting.jsonl").read_bytes() == waiting
    (tmp_path / "registry.key").rename(settings.keys / "registry.key")
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    actions = [action for action, _ in told(settings, clock)]
    rules = [rule for action, rule in told(settings, clock) if action == "backup_restored"]
    assert rules == (["log_of_backup.lost0", "failed", "own_log"] if settings.audit.database_url else ["log_of_backup.lost0"])
    assert actions[0] == "vault_sealed"
    assert actions[-1] == "vault_sealed"
    assert [actions.count(one) for one in ("consent_withdrawn", "audit_carried")] == [2, 1]


def test_a_log_that_is_another_or_is_none_any_more_is_put_aside_and_the_backups_comes_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    initialised(tmp_path / "home")
    settings = load_settings(tmp_path / "home")
    file = settings.data / "audit" / "audit.db"
    open_registry(settings, clock, Codec.load()).close()
    with logging(settings, clock) as log:
        withdrawn(log, 1)
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
    file.unlink()
    with logging(settings, clock) as log:
        withdrawn(log, 2)
        withdrawn(log, 3)
    again(settings, backup, clock)
    file.write_bytes(b"no database at all" * 100)
    again(settings, backup, clock)
    assert told(settings, clock) == [("consent_withdrawn", ""), ("backup_restored", "log_of_backup.lost0")]
    assert is_whole(settings, clock)


def test_a_backup_that_does_not_say_how_far_its_log_reached_is_asked_itself(tmp_path: Path, clock: ManualClock) -> None:
    initialised(tmp_path / "home")
    settings = load_settings(tmp_path / "home")
    open_registry(settings, clock, Codec.load()).close()
    with logging(settings, clock) as log:
        withdrawn(log, 1)
        backup, manifest = create_backup(settings, tmp_path / "backups", clock.now())
        withdrawn(log, 2)
    older = manifest.model_dump(mode="json", exclude={"log_end"})
    (backup / MANIFEST).write_text(json.dumps(older), encoding="utf-8")
    again(settings, backup, clock)
    assert told(settings, clock)[1:] == [("consent_withdrawn", ""), ("backup_restored", "own_log")]
    assert verify_backup(backup) == []
