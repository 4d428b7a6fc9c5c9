"""Answers at whole beats: the first after the work, counted from the work itself, while nothing stands still."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hub.beats import Beats
from hub.errors import RetriableError


class Time:
    """Seconds that pass only where something is done."""

    def __init__(self) -> None:
        self.now = 100.25

    def ticks(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def beats(self) -> Beats:
        """Beats that cost no time."""
        return Beats(1.0, self.ticks, self.pause)


@pytest.mark.parametrize(("taken", "answered"), [(0, 1), (0.05, 1), (0.15, 1), (0.999, 1), (1, 1), (1.001, 2), (2.5, 3)])
@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_and_a_failure_come_at_the_first_whole_beat_after_the_work(
    taken: float, answered: float, *, fails: bool
) -> None:
    time = Time()
    beats = time.beats()

    def work() -> str:
        time.now += taken
        if fails:
            raise RetriableError("away", code="audit")
        return "done"

    began = time.now
    if fails:
        with pytest.raises(RetriableError):
            asyncio.run(beats.answer(work))
    else:
        assert asyncio.run(beats.answer(work)) == "done"
    assert time.now - began == pytest.approx(answered)


def test_beats_are_counted_from_the_work_itself_however_long_it_waits_for_a_thread() -> None:
    """Else whoever keeps the threads busy until just before a beat would see on which side of it the work ends."""
    looks, waited = iter([0.0, 0.95, 1.03]), []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    asyncio.run(Beats(1.0, looks.__next__, pause).answer(lambda: None))
    assert waited == [pytest.approx(0.92)]


def test_nothing_of_the_server_stands_still_while_an_answer_waits_for_its_beat() -> None:
    """More wait than there are threads."""
    together, reached = 60, threading.Semaphore(0)

    async def main() -> None:
        everybody = asyncio.Event()
        waiting = 0

        async def pause(_seconds: float) -> None:
            nonlocal waiting
            waiting += 1
            if waiting == together:
                everybody.set()
            await everybody.wait()

        beats = Beats(1.0, pause=pause)
        await asyncio.wait_for(asyncio.gather(*(beats.answer(reached.release) for _ in range(together))), timeout=20)

    asyncio.run(main())
    assert all(reached.acquire(blocking=False) for _ in range(together))
