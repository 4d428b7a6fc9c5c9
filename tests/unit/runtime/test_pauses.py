"""What is paused is told where everybody finds it, and an answer reaches the lane, whoever was down meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from hub.contract.topics import SCHOOL_ABSENCES
from hub.dead_letters.pauses import Mark, MemoryBoard
from hub.errors import RetriableError
from hub.kafka import Outgoing
from hub.runtime.driver import Driver
from hub.runtime.effects import Effects
from hub.runtime.gauges import Gauges
from hub.runtime.limits import Limit
from hub.runtime.pauses import PauseWatch
from tests.unit.core.make import NOW
from tests.unit.runtime.fakes import YOUTH_KEY, MemoryLog, until
from tests.unit.runtime.test_driver import Brake, make_driver, position
from tests.unit.runtime.test_gauges import progress_of

ABSENCES = SCHOOL_ABSENCES.name
WHERE = (ABSENCES, 0)
SINCE = int(NOW.timestamp())
PAUSED = Mark(ABSENCES, 0, 101, 101, 200, SINCE)


class Counted(MemoryBoard):
    """Counts how often it is asked; `away`: it does not answer."""

    asked, away = 0, False

    def read(self) -> Mapping[tuple[str, int], Mark]:
        self.asked += 1
        if self.away:
            raise RetriableError("away")
        return super().read()

    def write(self, marks: Iterable[Mark]) -> None:
        super().write(marks)


class Stage:
    """One driver over partition 0, whose absences are all bad."""

    def __init__(self, folder: Path) -> None:
        self.log, self.board = MemoryLog(), Counted()
        self.driver: Driver = make_driver(folder, self.log, [])
        self.now = 0.0
        self.watch = self.watching()

    def watching(self) -> PauseWatch:
        return PauseWatch([self.driver], self.board, seconds=2.0, clock=lambda: self.now)

    async def begin(self, generation: int = 1) -> None:
        await self.driver.own({0}, generation)
        self.driver.start(Brake())
        await until(lambda: self.driver.ready)

    async def flood(self, number: int) -> None:
        lane = next(self.driver.lanes)
        await lane.owned.commit(Effects(positions={ABSENCES: position(self.driver, SCHOOL_ABSENCES)}))
        for _ in range(number):
            self.log.add(Outgoing(ABSENCES, YOUTH_KEY, b"bad"))
        lane.fetch(ABSENCES, 0, len(self.log.topics[WHERE]))

    async def look(self) -> None:
        self.now += 2.0
        await self.watch.look()

    def gauge(self) -> float | None:
        return REGISTRY.get_sample_value("hub_worker_paused_since_seconds", {"topic": ABSENCES, "partition": "0"})


Story = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        async def whole() -> None:
            stage = Stage(tmp_path)
            await stage.begin()
            await story(stage)
            await stage.driver.release()

        asyncio.run(whole())

    return run


Play = Callable[[Story], None]


def test_a_pause_is_told_and_its_answer_taken(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.flood(150)
        await until(lambda: position(stage.driver, SCHOOL_ABSENCES) == 101)
        await stage.look()
        assert stage.board.marks == {WHERE: PAUSED}
        stage.board.write([PAUSED.answered(1000)])
        await stage.look()
        await until(lambda: not next(stage.driver.lanes).owned.record.paused)
        next(stage.driver.lanes).fetch(ABSENCES, 0, 150)
        await until(lambda: position(stage.driver, SCHOOL_ABSENCES) == 150)

    play(story)


def test_nobody_is_asked_while_nothing_is_paused(play: Play) -> None:
    async def story(stage: Stage) -> None:
        for _ in range(3):
            await stage.look()
        assert stage.board.asked == 0

    play(story)


def test_it_is_asked_every_two_seconds_and_not_at_every_look(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.flood(150)
        await until(lambda: next(stage.driver.lanes).owned.record.paused)
        for _ in range(8):
            stage.now += 0.5
            await stage.watch.look()
        assert stage.board.asked == 2

    play(story)


def test_an_answer_to_another_pause_is_none(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.board.write([replace(PAUSED, at=7).answered(0)])
        await stage.flood(150)
        await until(lambda: next(stage.driver.lanes).owned.record.paused)
        await stage.look()
        assert stage.board.marks == {WHERE: PAUSED}
        assert next(stage.driver.lanes).owned.record.paused

    play(story)


def test_an_answer_given_while_no_worker_ran_is_taken_by_the_next(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.flood(150)
        await until(lambda: next(stage.driver.lanes).owned.record.paused)
        await stage.look()
        await stage.driver.release()
        stage.board.write([PAUSED.answered(0)])
        await stage.begin(2)
        assert next(stage.driver.lanes).owned.record.paused
        await stage.look()
        await until(lambda: not next(stage.driver.lanes).owned.record.paused)

    play(story)


def test_a_board_that_is_away_is_asked_again(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.flood(150)
        await until(lambda: next(stage.driver.lanes).owned.record.paused)
        stage.board.away = True
        await stage.look()
        assert stage.board.marks == {}
        stage.board.away = False
        await stage.look()
        assert stage.board.marks == {WHERE: PAUSED}

    play(story)


def test_the_gauge_says_since_when_and_zero_when_it_goes_on(play: Play) -> None:
    async def story(stage: Stage) -> None:
        gauges = Gauges([stage.driver], stage.log, progress_of(stage.driver))
        await stage.flood(150)
        await until(lambda: next(stage.driver.lanes).owned.record.paused)
        await gauges.publish()
        assert stage.gauge() == SINCE
        next(stage.driver.lanes).resume(ABSENCES, 101, 0)
        await until(lambda: not next(stage.driver.lanes).owned.record.paused)
        await gauges.publish()
        assert stage.gauge() == 0

    play(story)


def test_the_limit_that_an_installation_begins_with_is_that_of_its_settings() -> None:
    from hub.sections import WorkerSettings

    assert Limit() == Limit(WorkerSettings().dead_letter_records, WorkerSettings().dead_letter_share)
