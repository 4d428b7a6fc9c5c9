"""The relay: everything goes out, in order, by one relay at a time; a crash repeats, it never loses."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.topics import TASKS_OUTREACH
from hub.delivery.outbox import OutboxRelay, enqueue, pending
from hub.delivery.tables import Base
from hub.errors import RetriableError
from hub.kafka import Outgoing
from hub.lease import this_process
from hub.testing import MemoryPublisher
from tests.unit.delivery.make import Desk, make_task


class Crash(BaseException):
    """The process is gone."""


class CrashesAfterwards(MemoryPublisher):
    """Kafka acknowledges, then the process is gone before it could note that."""

    def publish(self, records):
        super().publish(records)
        raise Crash


def wait(engine: Engine, number: int) -> list[bytes]:
    values = [str(place).encode() for place in range(number)]
    with Session(engine) as session, session.begin():
        for value in values:
            enqueue(session, Outgoing("t", b"k", value, (("ce_id", value), ("name", "å".encode()))))
    return values


def test_the_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []


def test_all_goes_out_in_the_order_it_was_written_headers_included(engine: Engine, clock: ManualClock) -> None:
    values, publisher = wait(engine, 1200), MemoryPublisher()
    relay = OutboxRelay(engine, publisher, clock)
    assert [relay.run_once() for _ in range(4)] == [500, 500, 200, 0]
    assert [record.value for record in publisher.records] == values
    assert publisher.records[7] == Outgoing("t", b"k", b"7", (("ce_id", b"7"), ("name", "å".encode())))
    assert pending(engine) == 0


def test_what_was_rolled_back_is_not_told(engine: Engine) -> None:
    with Session(engine) as session:
        enqueue(session, Outgoing("t", b"k", b"v"))
        session.flush()
    assert pending(engine) == 0


def test_what_kafka_did_not_acknowledge_waits_and_goes_out_later(engine: Engine, clock: ManualClock) -> None:
    values, publisher = wait(engine, 3), MemoryPublisher()
    publisher.failures.append(RetriableError("away"))
    relay = OutboxRelay(engine, publisher, clock)
    with pytest.raises(RetriableError):
        relay.run_once()
    assert pending(engine) == 3
    assert relay.run_once() == 3
    assert [record.value for record in publisher.records] == values


def test_a_crash_between_acknowledgement_and_removal_repeats_the_same_ids(desk: Desk, clock: ManualClock) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    crashed, publisher = CrashesAfterwards(), MemoryPublisher()
    with pytest.raises(Crash):
        OutboxRelay(desk.engine, crashed, clock, "elsewhere/1/x").run_once()
    clock.advance(timedelta(seconds=91))
    assert OutboxRelay(desk.engine, publisher, clock).run_once() == 1
    assert publisher.records == crashed.records
    assert dict(publisher.records[0].headers)["ce_id"] == f"{make_task(ref).task_id}:received".encode()


def test_another_relay_takes_over_when_the_lease_has_run_out_and_not_before(engine: Engine, clock: ManualClock) -> None:
    publisher = MemoryPublisher()
    first, second = (OutboxRelay(engine, publisher, clock, f"elsewhere/{number}/x") for number in (1, 2))
    wait(engine, 1)
    assert first.run_once() == 1
    wait(engine, 1)
    clock.advance(timedelta(seconds=89))
    assert second.run_once() == 0
    clock.advance(timedelta(seconds=2))
    assert second.run_once() == 1
    wait(engine, 1)
    assert first.run_once() == 0


def test_a_lease_that_is_let_go_is_free_at_once(engine: Engine, clock: ManualClock) -> None:
    publisher = MemoryPublisher()
    first, second = (OutboxRelay(engine, publisher, clock, f"elsewhere/{number}/x") for number in (1, 2))
    wait(engine, 1)
    first.run_once()
    second.release()  # not its own: nothing happens
    wait(engine, 1)
    assert second.run_once() == 0
    first.release()
    assert second.run_once() == 1


def test_the_lease_of_a_dead_process_of_this_machine_need_not_run_out(engine: Engine, clock: ManualClock) -> None:
    host, _, nonce = this_process().split("/")
    wait(engine, 1)
    with pytest.raises(Crash):
        OutboxRelay(engine, CrashesAfterwards(), clock, f"{host}/{2**22 + 1}/{nonce}").run_once()
    alive = OutboxRelay(engine, MemoryPublisher(), clock, f"{host}/{os.getpid()}/{nonce}")
    assert alive.run_once() == 1
    wait(engine, 1)
    assert OutboxRelay(engine, MemoryPublisher(), clock).run_once() == 0


def test_an_idle_relay_writes_nothing(sqlite_engine: Engine, clock: ManualClock) -> None:
    relay = OutboxRelay(sqlite_engine, MemoryPublisher(), clock)
    log = Path(f"{sqlite_engine.url.database}-wal")
    wait(sqlite_engine, 1)
    assert relay.run_once() == 1
    before = log.read_bytes()
    for _ in range(3):
        assert relay.run_once() == 0
    assert log.read_bytes() == before


def test_the_relay_empties_the_outbox_only_when_kafka_has_acknowledged(desk: Desk, clock: ManualClock) -> None:
    ref = new_youth_ref()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    publisher = MemoryPublisher()
    relay, other = OutboxRelay(desk.engine, publisher, clock), OutboxRelay(desk.engine, publisher, clock)
    assert relay.run_once() == 1
    assert pending(desk.engine) == 0
    assert other.run_once() == 0  # the first holds the lease
