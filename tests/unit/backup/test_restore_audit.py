"""A restore and the audit log: what waits on the disk for the log's database is not left behind, and what the restore does is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.actions import Action
from hub.audit.entries import SYSTEM, Entry, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.backup.create import create_backup
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


def test_what_waits_on_the_disk_is_carried_over_by_a_restore_and_comes_into_the_restored_log_once(
    settings: Settings, clock: ManualClock, tmp_path: Path, databases: Callable[..., str], request: pytest.FixtureRequest
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
    settings = elsewhere(settings, databases, request)
    for _twice in range(2):
        restore(make_plan(settings, backup, None, ()), clock, Codec.load())
        clock.advance(timedelta(minutes=1))
        settings = elsewhere(settings, databases, request)
    restored = restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    assert restored.aside is not None
    assert told(settings, clock) == [
        ("consent_withdrawn", ""), ("audit_carried", "n1.lost0"), ("consent_withdrawn", ""),
        ("consent_withdrawn", ""), ("consent_withdrawn", ""), ("audit_carried", "n2.lost0"),
    ]  # fmt: skip


def test_what_a_restore_ends_is_sealed_in_the_restored_log_and_a_failed_one_takes_nothing_that_waits(
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
    settings = elsewhere(settings, databases, request)
    (settings.keys / "registry.key").rename(tmp_path / "registry.key")
    with pytest.raises(ConfigError):
        restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    assert (settings.data / "audit-waiting" / "waiting.jsonl").read_bytes() == waiting
    (tmp_path / "registry.key").rename(settings.keys / "registry.key")
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    assert [action for action, _ in told(settings, clock)] == [
        "vault_sealed", "consent_withdrawn", "consent_withdrawn", "audit_carried", "vault_sealed",
    ]  # fmt: skip
