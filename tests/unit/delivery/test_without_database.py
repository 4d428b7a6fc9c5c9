"""Delivery while its database has no room, or is down: it stops taking in, says so, and has everything once when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from hub.clock import SystemClock
from hub.contract.ids import new_youth_ref
from hub.contract.topics import TASKS_OUTREACH
from hub.database import build_engine
from hub.delivery.calls import Calls
from hub.delivery.errands import ErrandWriter
from hub.delivery.ladder import Ladder
from hub.delivery.process import run_delivery
from hub.delivery.tables import CallRow, TaskRow
from hub.testing import MemoryPublisher
from tests.postgres import running_cluster
from tests.unit.delivery.conftest import migrate_inbox
from tests.unit.delivery.make import Desk, MemoryReader, make_task
from tests.unit.delivery.receiving import Receiver, dispatching, errands
from tests.unit.delivery.test_calls import TEAMS

BATCH, BATCHES = 25, 4
ALL = BATCH * BATCHES
CALLS = 2  # of each task, long past its day when it comes: its deputy, and the head
PATIENCE_SECONDS = 30.0


class Narrow:
    """A SQLite file that may not grow: what asks for another page meets SQLITE_FULL, as on a full disk."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._pages = engine, 0
        event.listen(engine, "connect", self._bound)

    def fill(self) -> None:
        with self._engine.connect() as connection:
            self._pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        self._engine.dispose()  # so that every connection is a bounded one

    def free(self) -> None:
        self._pages = 0
        self._engine.dispose()

    def _bound(self, connection, _entry) -> None:
        if self._pages:
            connection.execute(f"PRAGMA max_page_count={self._pages}").close()


class Running:
    """The whole of delivery over a bus in memory, with a system that is told of each task."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.desk = Desk(engine, SystemClock())
        self.reader, self.publisher, self.receiver = MemoryReader(), MemoryPublisher(), Receiver()
        self.reader.when_empty = lambda: time.sleep(0.05)  # as a bus on which nothing comes
        self.failed: list[BaseException] = []
        self._stop = threading.Event()

    def come(self, batches: int) -> None:
        """Tasks stand on the bus."""
        for _ in range(batches):
            refs = [new_youth_ref() for _ in range(BATCH)]
            self.reader.waiting.append([self.desk.record(TASKS_OUTREACH, ref, make_task(ref)) for ref in refs])

    @contextmanager
    def up(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(timeout=PATIENCE_SECONDS)
        assert self.failed == []

    def until(self, met: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not met():
            assert self.failed == []
            so_far = f"{len(self.publisher.records)} told, {len(self.receiver.has)} handed over"  # the database may be away
            assert time.monotonic() < ends, f"not within {PATIENCE_SECONDS:.0f} s: {what}; {so_far}"
            time.sleep(0.05)

    def waits(self) -> bool:
        return bool(REGISTRY.get_sample_value("hub_delivery_waiting_since_seconds", {"part": "inbox"}))

    def count(self, row: type) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(row)) or 0

    def is_done(self) -> bool:
        """All of it, down to the last thing that is written: who was told is told before that is recorded."""
        told = len(self.publisher.records) >= ALL and len(self.reader.committed) >= ALL
        return told and self.count(CallRow) >= CALLS * ALL and [row.status for row in errands(self.engine)] == ["delivered"] * ALL

    def has_everything_once(self) -> None:
        assert (self.count(TaskRow), self.count(CallRow)) == (ALL, CALLS * ALL)
        assert self.desk.worklist.counts() == {(TASKS_OUTREACH.name, "opened"): ALL}
        assert len({(record.key, record.value) for record in self.publisher.records}) == ALL
        assert [row.status for row in errands(self.engine)] == ["delivered"] * ALL
        assert len(self.receiver.has) == ALL
        assert len(self.reader.committed) == ALL

    def _run(self) -> None:
        ends = dict.fromkeys(self.desk.offsets, 10 * ALL) or {(TASKS_OUTREACH.name, 0): 10 * ALL}
        try:
            run_delivery(
                self.engine, self.desk.codec, self.desk.clock, ends=lambda: ends, reader=self.reader, publisher=self.publisher,
                stop=self._stop, calls=Calls(self.engine, self.desk.clock, Ladder(TEAMS)),
                errands=ErrandWriter({"outreach": ("system",)}), dispatchers=[dispatching(self.desk, self.receiver)],
            )  # fmt: skip
        except BaseException as error:  # noqa: BLE001 - the test's to tell
            self.failed.append(error)


def test_without_room_it_stops_says_so_and_catches_up(sqlite_engine: Engine, report: Callable[[str], None]) -> None:
    narrow, running = Narrow(sqlite_engine), Running(sqlite_engine)
    narrow.fill()
    running.come(BATCHES)
    with running.up():
        running.until(running.waits, "it waits")
        taken, left = running.count(TaskRow), len(running.reader.waiting)
        assert taken < ALL
        assert len(running.reader.committed) == taken
        narrow.free()
        began = time.monotonic()
        running.until(running.is_done, "it has caught up")
    report(f"disk full: {taken} of {ALL} taken, {left} batches left on the bus; all {time.monotonic() - began:.1f} s after")
    running.has_everything_once()
    assert not running.waits()


def test_without_a_server_it_stops_says_so_and_catches_up(report: Callable[[str], None]) -> None:
    with running_cluster() as cluster, cluster.database(migrate_inbox) as url:
        engine = build_engine(url)
        running = Running(engine)
        running.come(1)
        with running.up():
            running.until(lambda: len(running.publisher.records) == BATCH, "the first batch is told")
            cluster.halt()
            running.come(BATCHES - 1)
            running.until(running.waits, "it waits")
            left = len(running.reader.waiting)
            cluster.resume()
            began = time.monotonic()
            running.until(running.is_done, "it has caught up")
        report(f"server down: {BATCH} of {ALL} taken, {left} batches left on the bus; all {time.monotonic() - began:.1f} s after")
        running.has_everything_once()
        assert not running.waits()
        engine.dispose()
