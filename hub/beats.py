"""Answers at whole beats: how long the work behind one took cannot be read from when it came.

A withdrawal that meets a consent writes more than one that meets nothing; an officer's consent takes longer to change when
another cooperation's follows it in silence; an agency's word that somebody is protected stops her only where there is something
to stop. Whoever sends a number or a reference would learn from the clock what the answer does not say.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

__all__ = ["BEAT_SECONDS", "Beats"]

BEAT_SECONDS = 1.0  # a withdrawal takes a tenth, and half of it on a machine that is busy with much else
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Beats:
    """`pause` sleeps so many seconds without a thread; `ticks` is a clock of seconds that never goes back."""

    seconds: float = BEAT_SECONDS
    ticks: Callable[[], float] = time.monotonic
    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep

    async def answer(self, work: Callable[[], _Answer]) -> _Answer:
        """What `work` returns or raises, in a thread, at the first whole beat after it is done.

        Beats are counted from when the work itself begins: not from the arrival, for whoever sends a form slowly, or keeps the
        threads busy, would choose how much of a beat is left when it begins.
        """
        begun = self.ticks()

        def timed() -> _Answer:
            nonlocal begun
            begun = self.ticks()
            return work()

        try:
            answer = await run_in_threadpool(timed)
        except Exception:
            await self._rest(begun)
            raise
        await self._rest(begun)
        return answer

    async def _rest(self, begun: float) -> None:
        taken = self.ticks() - begun
        await self.pause(max(1, math.ceil(taken / self.seconds)) * self.seconds - taken)
