"""Partitions come, are restored, work, and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from hub.contract.topics import CONSENTS, RULES, SCHOOL_ABSENCES, Topic
from hub.kafka import Outgoing
from hub.runtime.driver import Driver, Kit
from hub.runtime.edges import Edges
from hub.runtime.effects import Change
from hub.runtime.fence import stamp
from hub.runtime.limits import Pause
from hub.runtime.ownership import Changelog
from hub.runtime.runs import run_of
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.timers import sealed
from tests.unit.core.make import ago, make_absence, make_consent
from tests.unit.runtime.fakes import (
    CHANGELOG,
    CODEC,
    RULEBOOK,
    MemoryLog,
    SumProgram,
    make_clock,
    make_marker,
    make_record,
    until,
)

NO_CLOCK = sealed(Change(b"state"))


class Brake:
    def pause(self, partition: int) -> None: ...

    def resume(self, partition: int) -> None: ...

    def leave_out(self, partition: int, topics: frozenset[str]) -> None: ...

    def settle(self, partition: int, positions: Mapping[str, int]) -> None: ...


def position(driver: Driver, topic: Topic, partition: int = 0) -> int:
    """Where a lane stands; -1 without one."""
    return next((lane.owned.position(topic.name) for lane in driver.lanes if lane.partition == partition), -1)


def activate(log: MemoryLog, version: str = "first") -> None:
    """A rule marker in both partitions."""
    record = make_record(RULES, 0, make_marker(version))
    for partition in (0, 1):
        log.add(Outgoing(RULES.name, record.key, record.value, (), partition))


def make_driver(
    folder: Path, log: MemoryLog, failures: list[BaseException], program: SumProgram | None = None, **given: int
) -> Driver:
    kit = Kit(log, CODEC, make_clock(), folder, StoreCache(), RULEBOOK, failures.append)
    activate(log)
    return Driver("youths", program or SumProgram(), Changelog(CHANGELOG, {}), kit, consents=CONSENTS.name, **given)


def test_partitions_are_claimed_before_their_lanes_work(tmp_path: Path) -> None:
    async def story() -> None:
        log, failures = MemoryLog(), list[BaseException]()
        driver = make_driver(tmp_path, log, failures)
        await driver.own({0, 1}, 3)
        assert not driver.ready
        assert (driver.reaches(0), driver.reaches(9)) == (1, None)
        driver.start(Brake())
        await until(lambda: driver.ready)
        assert driver.reaches(1) == 3  # the claim, the rules and the record
        await driver.release()
        assert list(driver.lanes) == []
        assert failures == []

    asyncio.run(story())


def test_how_far_restoring_has_come_is_told_by_the_share_of_the_changelog_that_is_in_the_folder(tmp_path: Path) -> None:
    class Watched(MemoryLog):
        """Notes the share before each read of a partition, and behind it."""

        async def read(self, topic: str, partition: int, start: int, stop: int | None, sink: Callable) -> int:
            shares.append(driver.restored)
            reached = await super().read(topic, partition, start, stop, sink)
            shares.append(driver.restored)
            return reached

    async def story() -> None:
        for partition, records in ((0, 6), (1, 2)):
            for number in range(records):
                log.add(Outgoing(CHANGELOG, b"k%d" % number, NO_CLOCK, (stamp((1, b"o" * 16), 1),), partition))
        assert driver.restored == 1
        await driver.own({0, 1}, 2)
        assert driver.restored == 1
        await driver.release()

    log, shares = Watched(), list[float]()
    driver = make_driver(tmp_path, log, [])
    asyncio.run(story())
    assert shares == [0.0, 0.75, 0.75, 1.0]  # each is read to its end; the claim right behind that is its own


def test_a_record_of_a_partition_that_is_not_owned_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [])
        driver.put(run_of(log.put(SCHOOL_ABSENCES, make_absence(1, ago(1)))))
        await driver.release()
        assert log.history == []

    asyncio.run(story())


def test_a_partition_taken_back_goes_on_where_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [])
        log.put(CONSENTS, make_consent())
        event = log.put(SCHOOL_ABSENCES, make_absence(1, ago(1)))
        for generation in (1, 2):
            await driver.own({0}, generation)
            driver.start(Brake())
            driver.put(run_of(event))
            await until(lambda: driver.ready and not any(lane.in_flight for lane in driver.lanes))
        [lane] = driver.lanes
        assert lane.owned.record.counts[SCHOOL_ABSENCES.name, "processed", ""] == 1
        await driver.release()

    asyncio.run(story())


def test_stores_and_flow_are_those_of_its_edges(tmp_path: Path) -> None:
    class Settled(Brake):
        def __init__(self) -> None:
            self.partitions: list[int] = []

        def settle(self, partition: int, positions: Mapping[str, int]) -> None:
            self.partitions.append(partition)

    async def story() -> None:
        log, opened, settled = MemoryLog(), list[Path](), Settled()

        def store(path: Path, shared: StoreCache) -> PartitionStore:
            opened.append(path)
            return PartitionStore(path, shared)

        edges = Edges(store=store, flow=lambda _: settled)
        kit = Kit(log, CODEC, make_clock(), tmp_path, StoreCache(), RULEBOOK, list[BaseException]().append, edges=edges)
        activate(log)
        driver = Driver("youths", SumProgram(), Changelog(CHANGELOG, {}), kit)
        await driver.own({1}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        assert opened == [tmp_path / "youths-1"]
        assert settled.partitions == [1]
        await driver.release()

    asyncio.run(story())


def test_a_fault_in_a_lane_ends_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        log, failures = MemoryLog(), list[BaseException]()
        driver = make_driver(tmp_path, log, failures)
        await driver.own({0}, 1)
        log.put(CONSENTS, make_consent())
        driver.start(Brake())
        log.fail = RuntimeError("broken")
        await until(lambda: failures)
        assert isinstance(failures[0], RuntimeError)
        await driver.release()

    asyncio.run(story())


def test_markers_that_faust_does_not_bring_are_read_as_soon_as_they_are_there(tmp_path: Path) -> None:
    class Areas(SumProgram):
        topics = (CONSENTS.name, SCHOOL_ABSENCES.name)  # type: ignore[assignment]

    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [], Areas())
        await driver.own({0, 1}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        assert driver.followed == (RULES.name,)
        assert {lane.owned.rules.version for lane in driver.lanes if lane.owned.rules} == {"first"}
        activate(log, "second")
        driver.observe(await log.bounds([(RULES.name, 0), (RULES.name, 1)]))
        await until(lambda: all(lane.owned.rules.version == "second" for lane in driver.lanes if lane.owned.rules))
        assert not driver.awaits_rules
        await driver.release()

    asyncio.run(story())


def test_markers_are_read_at_once_in_every_partition_and_passed_over_when_faust_brings_them(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [])
        await driver.own({0, 1}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        activate(log, "second")
        driver.observe(await log.bounds([(RULES.name, 0), (RULES.name, 1)]))
        await until(lambda: all(lane.owned.rules and lane.owned.rules.version == "second" for lane in driver.lanes))
        driver.put(run_of(make_record(RULES, 1, make_marker("second"))))
        await until(lambda: not any(lane.in_flight for lane in driver.lanes))
        lane = next(lane for lane in driver.lanes if lane.partition == 0)
        assert lane.owned.record.counts[RULES.name, "processed", ""] == 2
        await driver.release()

    asyncio.run(story())


def test_a_program_with_more_partitions_than_the_markers_have_reads_those_there_are(tmp_path: Path) -> None:
    class Areas(SumProgram):
        topics = (CONSENTS.name, SCHOOL_ABSENCES.name)  # type: ignore[assignment]

    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [], Areas(), rules_partitions=2)
        await driver.own({1, 2}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        assert {where for where in driver.sources() if where[0] == RULES.name} == {(RULES.name, 1), (RULES.name, 0)}
        activate(log, "second")
        driver.observe(await log.bounds(driver.sources()))
        await until(lambda: all(lane.owned.rules and lane.owned.rules.version == "second" for lane in driver.lanes))
        await driver.release()

    asyncio.run(story())


def test_a_lane_learns_how_far_it_is_behind_on_the_sources_that_are_read(tmp_path: Path) -> None:
    async def story() -> None:
        driver = make_driver(tmp_path, MemoryLog(), [])
        await driver.own({0, 1}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        bounds = {(SCHOOL_ABSENCES.name, 0): (100, 5000), (CONSENTS.name, 0): (0, 7), (SCHOOL_ABSENCES.name, 1): (0, 3)}
        driver.observe(bounds)
        assert {lane.partition: lane.behind for lane in driver.lanes} == {0: 4907, 1: 3}
        paused = next(lane for lane in driver.lanes if lane.partition == 0)
        paused.owned.record.paused[SCHOOL_ABSENCES.name] = Pause(0, 150, 200, 0)
        driver.observe(bounds)
        assert paused.behind == 7
        await driver.release()

    asyncio.run(story())
