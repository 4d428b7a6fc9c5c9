"""The installation's log, when its database does not answer as a process starts."""

from __future__ import annotations

import pytest

from hub.audit.actions import Action
from hub.audit.opening import open_audit
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.clock import ManualClock
from hub.errors import ConfigError, RetriableError
from hub.settings import Settings
from tests.unit.audit.make import make_entry

NOBODY_THERE = "postgresql+psycopg://hub@127.0.0.1:1/audit?connect_timeout=2"


def elsewhere(settings: Settings) -> Settings:
    return settings.model_copy(update={"audit": settings.audit.model_copy(update={"database_url": NOBODY_THERE})})


def test_a_database_that_does_not_answer_is_met_by_whoever_appends(settings: Settings, clock: ManualClock) -> None:
    log = open_audit(elsewhere(settings), clock)
    with pytest.raises(RetriableError) as caught:
        log.append(make_entry())
    assert caught.value.code == "audit"
    with unstoppable(Unstoppable.STATUTORY):
        assert log.append(make_entry(action=Action.REPORT_LISTED)) == 0
    log.close()
    back = open_audit(settings, clock)
    assert back.append(make_entry()) == 3  # behind the one that waited, and what says so
    back.close()


def test_a_file_that_is_no_database_stops_all_but_what_nothing_may_stop(settings: Settings, clock: ManualClock) -> None:
    file = settings.data / "audit" / "audit.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"no database" * 100)
    with pytest.raises(ConfigError):
        open_audit(settings, clock)
    with unstoppable(Unstoppable.WITHDRAWAL):
        log = open_audit(settings, clock)
        assert log.append(make_entry(action=Action.CONSENT_WITHDRAWN)) == 0
        with pytest.raises(ConfigError):
            log.append(make_entry())
    log.close()
