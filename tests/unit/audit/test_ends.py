"""How far a log reaches, and whether another goes on from there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.checkpoints import Checkpoints
from hub.audit.ends import begin_anew, end_of, goes_on_from
from hub.audit.log import FIRST_CHAIN, AuditLog
from hub.audit.notes import Signer
from hub.audit.pruning import prune
from hub.audit.spool import Spooled
from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.audit.make import make_entry

SIGNER = Signer("hub/0581/audit", bytes(range(32)))


def end(log: AuditLog) -> tuple[int, str]:
    found = end_of(log.engine)
    assert found is not None
    return found


def test_a_log_goes_on_from_where_it_was_and_from_nothing_that_it_never_was(log: AuditLog) -> None:
    assert end(log) == (0, FIRST_CHAIN)
    log.append_many([make_entry(number) for number in range(3)])
    position, chain = end(log)
    log.append(make_entry(4))
    assert position == 3
    assert goes_on_from(log.engine, position, chain)
    assert goes_on_from(log.engine, 0, "")
    assert not goes_on_from(log.engine, position, FIRST_CHAIN)
    assert not goes_on_from(log.engine, 5, chain)


def test_where_there_are_no_tables_there_is_no_log(tmp_path: Path) -> None:
    engine = build_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert end_of(engine) is None
    assert not goes_on_from(engine, 0, "")
    engine.dispose()


def test_a_log_goes_on_from_what_retention_let_go_of(log: AuditLog, clock: ManualClock) -> None:
    log.append_many([make_entry(number) for number in range(3)])
    early = end(log)
    log.append(make_entry(4))
    last = end(log)
    Checkpoints(log.engine, SIGNER, clock, entries=1000, minutes=60).sign()
    clock.advance(timedelta(days=1))
    assert prune(log, SIGNER.verifier, clock.now()) == 4
    assert goes_on_from(log.engine, *early)
    assert goes_on_from(log.engine, *last)
    assert end(log) == last
    assert not goes_on_from(log.engine, last[0], FIRST_CHAIN)


@pytest.mark.parametrize("waits", [0, 2])
def test_what_waits_waits_on_under_a_new_name_and_what_is_lost_is_told_once(log: AuditLog, waits: int) -> None:
    assert log.spool is not None
    entries = [Spooled(log._values(make_entry(number), log.now())) for number in range(2 + waits)]
    log.spool.append(entries[:2])
    assert log.carry() == 2
    with log.engine.begin() as connection:  # an older log, which knows of neither
        for table in ("audit_carried", "audit_entry"):
            connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
            connection.execute(text(f"DELETE FROM {table}"))
    if waits:
        log.spool.append(entries[2:])
    before = log.spool.look().spool
    assert begin_anew(log) == 2
    assert begin_anew(log) == 0
    assert log.carry() == waits
    assert begin_anew(log) == 0
    assert log.spool.look().spool != before
