"""That somebody signed out is told whatever is away, and keeps nobody in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub.access.trail import note_sign_out
from hub.audit.log import AuditLog
from hub.audit.opening import migrate_audit
from hub.audit.spool import Spool
from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.access.make import FullLog
from tests.unit.audit.outage import Outage, told

KEY = b"k" * 32


@pytest.fixture
def audited(tmp_path: Path) -> Engine:
    engine = build_engine(f"sqlite:///{tmp_path / 'log.db'}")
    migrate_audit(engine)
    return engine


def test_that_one_signed_out_waits_on_the_disk_until_the_log_is_back(audited: Engine, clock: ManualClock, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "audit-waiting", KEY)
    log, outage = AuditLog(audited, KEY, clock, spool=spool), Outage(audited)
    outage.begin()
    note_sign_out(log, "local-1")
    assert spool.waits()
    outage.end()
    log.carry()
    assert [(action, rule) for action, _, rule in told(log)] == [("sign_out", ""), ("audit_carried", "n1.lost0")]
    log.close()


def test_when_it_can_wait_nowhere_the_application_log_says_so_without_whose(caplog: pytest.LogCaptureFixture) -> None:
    note_sign_out(FullLog(), "local-1")
    assert caplog.messages == ["sessions have ended, and the audit log does not say so (audit)"]
