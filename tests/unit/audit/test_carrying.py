"""While the log's database is away: what nothing may stop waits on the disk, and comes into the chain in order, each once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from nacl.public import PrivateKey
from sqlalchemy import Engine, text

from hub.audit.actions import Action
from hub.audit.carrying import lost
from hub.audit.log import AuditLog
from hub.audit.reading import Filter, the_latest
from hub.audit.sealed import Part, PartKind, SealedVault
from hub.audit.spool import Spool, Spooled, Waiting
from hub.audit.unstoppable import MAY_WAIT, Unstoppable, may_wait, unstoppable
from hub.audit.verify import verify
from hub.clock import ManualClock
from hub.errors import RejectedError, RetriableError
from tests.unit.audit.kept import KEY, SIGNER
from tests.unit.audit.make import make_entry
from tests.unit.audit.outage import Outage, items, told, withdraw

_CHILD = """
import os, signal, sys
from pathlib import Path
from hub.audit.log import AuditLog
from hub.audit.spool import Spool
from hub.clock import SystemClock
from hub.database import build_engine

class Dying(Spool):
    def clear(self, waiting):
        os.kill(os.getpid(), signal.SIGKILL)

AuditLog(build_engine(sys.argv[1]), bytes(32), SystemClock(), spool=Dying(Path(sys.argv[2]), bytes(32))).carry()
"""
WITHDRAWN = make_entry(1, action=Action.CONSENT_WITHDRAWN)


@pytest.fixture
def log(engine: Engine, clock: ManualClock, spool: Spool) -> AuditLog:
    return AuditLog(engine, KEY, clock, spool=spool)


def test_what_waited_comes_before_the_next_entry_in_its_order_with_its_own_time(
    log: AuditLog, spool: Spool, outage: Outage, clock: ManualClock
) -> None:
    log.append(make_entry(1))
    outage.begin()
    assert [withdraw(log, number) for number in (2, 3)] == [0, 0]
    at = clock.now()
    clock.advance(timedelta(hours=1))
    outage.end()
    assert spool.waits()
    assert log.append(make_entry(4)) == 5
    one, two, three, four = items(log, 1, 2, 3, 4)
    assert told(log) == [
        ("task_opened", one, ""), ("consent_withdrawn", two, ""), ("consent_withdrawn", three, ""),
        ("audit_carried", "", "n2.lost0"), ("task_opened", four, ""),
    ]  # fmt: skip
    assert [entry.at for entry in the_latest(log.engine, Filter(actions=("consent_withdrawn",)), 9)] == [at, at]
    assert verify(log.engine, SIGNER.verifier, waiting=spool.look()).whole
    assert not spool.waits()


def test_only_what_belongs_to_the_purpose_may_wait(log: AuditLog, spool: Spool, outage: Outage) -> None:
    outage.begin()
    with pytest.raises(RetriableError):
        log.append(WITHDRAWN)  # outside a withdrawal
    for purpose in Unstoppable:
        first, *others = sorted(set(Action) - MAY_WAIT[purpose])
        with unstoppable(purpose):
            assert not any(may_wait([min(MAY_WAIT[purpose]), action]) for action in others)
            with pytest.raises(RetriableError) as caught:
                log.append_many([make_entry(action=min(MAY_WAIT[purpose])), make_entry(action=first)])
        assert caught.value.code == "audit"
    assert not spool.folder.exists()


def test_after_the_purpose_nothing_may_wait() -> None:
    with suppress(RejectedError), unstoppable(Unstoppable.STATUTORY):
        assert may_wait([Action.REPORT_OPENED])
        raise RejectedError("no", code="no")
    assert not may_wait([Action.REPORT_OPENED])


def test_a_log_without_a_disk_to_wait_on_fails_closed(engine: Engine, clock: ManualClock, outage: Outage) -> None:
    outage.begin()
    with pytest.raises(RetriableError):
        withdraw(AuditLog(engine, KEY, clock))


def test_when_the_disk_refuses_too_nothing_is_done(log: AuditLog, spool: Spool, outage: Outage) -> None:
    spool.folder.write_text("no folder")
    outage.begin()
    with pytest.raises(RetriableError) as caught:
        withdraw(log)
    assert caught.value.code == "audit"


def test_while_it_answers_nothing_waits(log: AuditLog, spool: Spool) -> None:
    assert withdraw(log) == 1
    assert not spool.folder.exists()


def test_the_sealed_part_of_a_withdrawal_waits_with_its_entry(log: AuditLog, outage: Outage, clock: ManualClock) -> None:
    key = PrivateKey.generate()
    vault = SealedVault(log, bytes(key.public_key))
    outage.begin()
    with unstoppable(Unstoppable.WITHDRAWAL):
        vault.append([Part("consent-1", PartKind.END, {"by": "youth"})], clock.now())
    outage.end()
    log.append(make_entry())
    assert [part.content for part in vault.open("consent-1", bytes(key))] == [{"by": "youth"}]
    assert verify(log.engine, SIGNER.verifier).whole


def test_who_dies_between_the_commit_and_the_letting_go_carries_nothing_twice(
    log: AuditLog, spool: Spool, outage: Outage
) -> None:
    outage.begin()
    withdraw(log, 1)
    withdraw(log, 2)
    outage.end()
    url = log.engine.url.render_as_string(hide_password=False)
    child = subprocess.run([sys.executable, "-c", _CHILD, url, str(spool.folder)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert spool.waits()
    before = told(log)
    assert [action for action, _, _ in before] == ["consent_withdrawn", "consent_withdrawn", "audit_carried"]
    assert log.carry() == 0
    assert told(log) == before
    assert not spool.waits()
    assert verify(log.engine, SIGNER.verifier, waiting=spool.look()).whole


def test_an_entry_that_waits_survives_whoever_dies_before_the_deed(log: AuditLog, spool: Spool, outage: Outage) -> None:
    """The other order cannot be: an entry of something that did not happen, and never a deed that nobody logged."""
    outage.begin()
    if os.fork() == 0:
        try:
            withdraw(log)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == -signal.SIGKILL
    outage.end()
    assert log.carry() == 1


def test_nobody_waits_for_whoever_carries_over_and_is_not_answered(
    log: AuditLog, spool: Spool, outage: Outage, engine: Engine, clock: ManualClock
) -> None:
    """The database stops answering in the middle: another's withdrawal is taken meanwhile, and none is lost."""

    class Interrupted(Spool):
        def look(self) -> Waiting:
            found = super().look()
            with ThreadPoolExecutor(1) as other:
                other.submit(self.append, [Spooled({**found.entries[0].values, "rule": "meanwhile"})]).result(timeout=20)
            return found

    outage.begin()
    withdraw(log)
    outage.end()
    assert AuditLog(engine, KEY, clock, spool=Interrupted(spool.folder, KEY)).carry() == 1
    assert [one.values["rule"] for one in spool.look().entries] == ["meanwhile"]
    assert log.carry() == 1
    assert verify(log.engine, SIGNER.verifier, waiting=spool.look()).whole


def test_a_database_that_is_still_away_leaves_everything_where_it_is(log: AuditLog, spool: Spool, outage: Outage) -> None:
    outage.begin()
    withdraw(log)
    before = spool.look()
    for attempt in (log.carry, lambda: log.append(make_entry())):
        with pytest.raises(RetriableError):
            attempt()
    assert spool.look() == before


def test_the_numbers_that_are_lost_are_told_apart_from_those_that_came() -> None:
    assert lost(Waiting("s", 4, ()), 2) == [3, 4]


def test_the_log_refuses_to_forget_what_was_carried_over(log: AuditLog, spool: Spool, outage: Outage) -> None:
    outage.begin()
    withdraw(log)
    outage.end()
    log.carry()
    for statement in ("UPDATE audit_carried SET number = 9", "DELETE FROM audit_carried"):
        with pytest.raises(Exception, match="only appended to"), log.engine.begin() as connection:
            connection.execute(text(statement))
