"""The worker's figures come from what is durable."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_client import REGISTRY

from hub.contract.topics import CONSENTS, PLACE_EVENTS, RULES, SCHOOL_ABSENCES
from hub.errors import RetriableError
from hub.runtime.driver import Driver
from hub.runtime.gauges import Gauges
from hub.runtime.progress import Progress
from hub.runtime.runs import run_of
from tests.unit.core.make import ago, make_absence, make_consent
from tests.unit.runtime.fakes import MemoryLog, SumProgram, until
from tests.unit.runtime.test_driver import Brake, make_driver, position


def progress_of(driver: Driver) -> Progress:
    return Progress({driver: 1}, lambda _changelog: 1, limit_seconds=60)


def ledger(topic: str) -> float | None:
    return REGISTRY.get_sample_value("hub_ledger_events", {"topic": topic, "outcome": "processed", "reason": ""})


def lag(topic: str) -> float | None:
    return REGISTRY.get_sample_value("hub_worker_lag", {"topic": topic})


def test_ledger_lag_and_recovery_are_told(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        driver = make_driver(tmp_path, log, [])
        gauges = Gauges([driver], log, progress_of(driver))
        log.put(CONSENTS, make_consent())
        await driver.own({0}, 1)
        await gauges.publish()
        assert REGISTRY.get_sample_value("hub_worker_recovering") == 1
        driver.start(Brake())
        await until(lambda: driver.ready)
        events = [log.put(SCHOOL_ABSENCES, make_absence(number, ago(1))) for number in range(3)]
        driver.put(run_of(events[0]))
        await until(lambda: position(driver, SCHOOL_ABSENCES) == 1 and not any(lane.in_flight for lane in driver.lanes))
        await gauges.publish()
        assert (ledger(SCHOOL_ABSENCES.name), lag(SCHOOL_ABSENCES.name), lag(CONSENTS.name)) == (1, 2, 0)
        assert REGISTRY.get_sample_value("hub_worker_recovering") == 0
        assert REGISTRY.get_sample_value("hub_worker_in_flight") == 0
        await driver.release()
        await gauges.publish()
        assert ledger(SCHOOL_ABSENCES.name) == 0

    asyncio.run(story())


def test_a_broker_that_does_not_answer_is_no_reason_to_end_but_to_say_so(tmp_path: Path) -> None:
    class Silent(MemoryLog):
        async def bounds(self, partitions: object) -> dict[tuple[str, int], tuple[int, int]]:
            raise RetriableError("no answer")

    async def story() -> None:
        driver, log = make_driver(tmp_path, MemoryLog(), []), MemoryLog()
        await driver.own({0}, 1)
        driver.start(Brake())
        await until(lambda: driver.ready)
        progress = progress_of(driver)
        await Gauges([driver], log, progress).publish()
        assert REGISTRY.get_sample_value("hub_worker_recovering") == 0
        assert REGISTRY.get_sample_value("hub_worker_partitions", {"table": driver.name}) == 1
        await Gauges([driver], Silent(), progress).publish()
        assert REGISTRY.get_sample_value("hub_worker_recovering") == 1  # nobody may take it for caught up
        await driver.release()

    asyncio.run(story())


def test_what_two_programs_read_is_counted_once(tmp_path: Path) -> None:
    class Areas(SumProgram):
        topics = (PLACE_EVENTS.name,)  # type: ignore[assignment]

    async def story() -> None:
        log = MemoryLog()
        youths = make_driver(tmp_path / "youths", log, [])
        areas = make_driver(tmp_path / "areas", MemoryLog(), [], Areas())
        for driver in (youths, areas):
            await driver.own({0}, 1)
            driver.start(Brake())
            await until(lambda driver=driver: driver.ready)
        await Gauges([youths, areas], log, Progress({youths: 1, areas: 1}, lambda _: 1, limit_seconds=60)).publish()
        assert ledger(RULES.name) == 1
        for driver in (youths, areas):
            assert [lane.owned.position(RULES.name) for lane in driver.lanes] == [1]
            await driver.release()

    asyncio.run(story())
