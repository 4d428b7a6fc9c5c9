"""Tells the board of paused sources, and hears from it which may go on: a command reaches a worker that has no database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from hub.dead_letters.pauses import Board, Mark
from hub.errors import RetriableError
from hub.logs import get_logger
from hub.runtime.driver import Driver
from hub.runtime.lane import Lane
from hub.runtime.limits import Pause

__all__ = ["PauseWatch"]

_log = get_logger(__name__)
_EVERY_SECONDS = 2.0


class PauseWatch:
    """Looked at again and again; it asks Kafka only while something is paused, and then every two seconds."""

    def __init__(
        self,
        drivers: Sequence[Driver],
        board: Board,
        *,
        seconds: float = _EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._drivers = drivers
        self._board = board
        self._seconds = seconds
        self._clock = clock
        self._looked = clock() - seconds

    async def look(self) -> None:
        """Write what the board does not know yet, and hand answers on to the lanes. A Kafka that is away is asked again."""
        paused = list(self._paused())
        if not paused or self._clock() - self._looked < self._seconds:
            return
        self._looked = self._clock()
        try:
            marks = await asyncio.to_thread(self._board.read)
            fresh = list(_unknown(paused, marks))
            if fresh:
                await asyncio.to_thread(self._board.write, fresh)
        except RetriableError:
            _log.warning("what is paused could not be told, nor who may go on: Kafka does not answer")
            return
        for lane, topic, pause in paused:
            mark = marks.get((topic, lane.partition))
            if mark is not None and mark.at == pause.at and mark.resumed:
                lane.resume(topic, mark.at, mark.allowed)

    def _paused(self) -> Iterator[tuple[Lane, str, Pause]]:
        for driver in self._drivers:
            for lane in driver.lanes:
                for topic, pause in lane.owned.record.paused.items():
                    yield lane, topic, pause


def _unknown(paused: Sequence[tuple[Lane, str, Pause]], marks: Mapping[tuple[str, int], Mark]) -> Iterator[Mark]:
    for lane, topic, pause in paused:
        mark = marks.get((topic, lane.partition))
        if mark is None or mark.at != pause.at:
            yield Mark(topic, lane.partition, pause.at, pause.letters, pause.records, pause.since)
