"""Retention: what is old enough goes, nothing else does, and verifying goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from hub.audit.actions import Action
from hub.audit.checkpoints import Checkpoints
from hub.audit.entries import SYSTEM, Entry
from hub.audit.log import AuditLog
from hub.audit.notes import Signer
from hub.audit.pruning import least_of, limit_of, prunable, prune
from hub.audit.verify import verify
from hub.clock import ManualClock
from hub.database import build_engine
from hub.errors import RejectedError
from tests.unit.audit.kept import migrate_url
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import COLUMNS, run

SIGNER = Signer("hub/0581/audit", bytes(range(32)))


@pytest.fixture
def log(databases: Callable[..., str], clock: ManualClock) -> Iterator[AuditLog]:
    log = AuditLog(build_engine(databases("audit", migrate_url)), bytes(32), clock)
    yield log
    log.close()


@pytest.fixture
def checkpoints(log: AuditLog, clock: ManualClock) -> Checkpoints:
    return Checkpoints(log.engine, SIGNER, clock, entries=1000, minutes=60)


def grow(log: AuditLog, checkpoints: Checkpoints, number: int) -> None:
    log.append_many([make_entry(each) for each in range(number)])
    checkpoints.sign()


def positions(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT position FROM audit_entry ORDER BY position")).scalars())


def test_only_what_an_old_checkpoint_covers_goes(log: AuditLog, checkpoints: Checkpoints, clock: ManualClock) -> None:
    grow(log, checkpoints, 3)
    log.append(make_entry())  # as old, but signed over only later
    clock.advance(timedelta(days=3 * 365))
    grow(log, checkpoints, 2)
    clock.advance(timedelta(days=3 * 365))
    grow(log, checkpoints, 1)
    limit = limit_of(clock, 5)
    assert prunable(log, SIGNER.verifier, limit) == 3
    assert prune(log, SIGNER.verifier, limit) == 3
    assert positions(log.engine) == [4, 5, 6, 7]
    assert prune(log, SIGNER.verifier, limit) == 0


def test_verifying_and_signing_go_on_behind_it(log: AuditLog, checkpoints: Checkpoints, clock: ManualClock) -> None:
    grow(log, checkpoints, 3)
    clock.advance(timedelta(days=6 * 365))
    grow(log, checkpoints, 2)
    limit = limit_of(clock, 5)
    prune(log, SIGNER.verifier, limit)
    grow(log, checkpoints, 4)
    verdict = verify(log.engine, SIGNER.verifier, oldest=limit)
    assert (verdict.whole, verdict.first, verdict.size) == (True, 4, 9)
    run(log.engine, "UPDATE audit_entry SET role = 'auditor' WHERE position = 4")
    assert [one.first for one in verify(log.engine, SIGNER.verifier, oldest=limit).findings] == [4]


def test_a_log_that_lost_everything_to_retention_goes_on(log: AuditLog, checkpoints: Checkpoints, clock: ManualClock) -> None:
    grow(log, checkpoints, 3)
    clock.advance(timedelta(days=6 * 365))
    prune(log, SIGNER.verifier, limit_of(clock, 5))
    assert positions(log.engine) == []
    assert log.append(make_entry()) == 4
    checkpoints.sign()
    assert verify(log.engine, SIGNER.verifier, oldest=limit_of(clock, 5)).whole


def test_young_entries_stay(log: AuditLog, checkpoints: Checkpoints, clock: ManualClock) -> None:
    grow(log, checkpoints, 3)
    clock.advance(timedelta(days=4 * 365))
    assert prune(log, SIGNER.verifier, limit_of(clock, 5)) == 0
    assert positions(log.engine) == [1, 2, 3]


def test_nothing_goes_from_a_log_that_does_not_verify(log: AuditLog, checkpoints: Checkpoints, clock: ManualClock) -> None:
    grow(log, checkpoints, 3)
    clock.advance(timedelta(days=6 * 365))
    run(log.engine, "UPDATE audit_entry SET role = 'auditor' WHERE position = 2")
    with pytest.raises(RejectedError, match="hub audit verify"):
        prune(log, SIGNER.verifier, limit_of(clock, 5))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET role = 'auditor' WHERE position = 2",
        "DELETE FROM audit_entry WHERE position = 2",
        f"INSERT INTO audit_entry SELECT 9, {COLUMNS} FROM audit_entry WHERE position = 1",
        "UPDATE audit_checkpoint SET note = ''",
        "DELETE FROM audit_checkpoint",
    ],
)
def test_otherwise_the_database_itself_refuses_every_change(log: AuditLog, checkpoints: Checkpoints, statement: str) -> None:
    grow(log, checkpoints, 3)
    with pytest.raises(DBAPIError, match="only appended to"), log.engine.begin() as connection:
        connection.execute(text(statement))
    assert positions(log.engine) == [1, 2, 3]


def test_postgresql_refuses_to_empty_the_table_too(postgres, clock: ManualClock) -> None:
    with postgres.database(migrate_url) as url:
        engine = build_engine(url)
        AuditLog(engine, bytes(32), clock).append(make_entry())
        with pytest.raises(DBAPIError, match="only appended to"), engine.begin() as connection:
            connection.execute(text("TRUNCATE audit_entry"))
        assert positions(engine) == [1]
        engine.dispose()


def test_five_years_before_a_leap_day_is_a_day_too() -> None:
    assert limit_of(ManualClock(datetime(2028, 2, 29, tzinfo=UTC)), 5) == datetime(2023, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("said", [True, False])
def test_what_went_under_a_shorter_retention_is_no_deletion_under_a_longer_one_where_the_log_says_so(
    log: AuditLog, checkpoints: Checkpoints, clock: ManualClock, said: bool
) -> None:
    grow(log, checkpoints, 3)
    clock.advance(timedelta(days=6 * 365))
    if said:
        log.append(Entry(SYSTEM, Action.AUDIT_PRUNED, purpose="n3"))
    assert prune(log, SIGNER.verifier, limit_of(clock, 5)) == 3
    grow(log, checkpoints, 2)
    longer, least = limit_of(clock, 10), least_of(clock, 10)
    assert verify(log.engine, SIGNER.verifier, oldest=longer, least=least).whole is said
    if said:
        assert prune(log, SIGNER.verifier, longer, least) == 0
        young = limit_of(clock, 7)  # nobody lets go of what is younger than any installation may
        assert not verify(log.engine, SIGNER.verifier, oldest=young, least=young).whole
