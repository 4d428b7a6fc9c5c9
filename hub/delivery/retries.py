"""When an errand that was not delivered is tried again. Pure: chance and time are arguments.

The waits are those of Standard Webhooks (its example of a schedule); after the last of them once a day, for as long as the task
is open. An errand has them in the database, not in a loop of a process: a restart does not begin anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

__all__ = ["WAITS", "wait_after"]

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
_DAILY: Final = timedelta(hours=24)
_SPREAD: Final = 0.1


def wait_after(attempts: int, chance: float, retry_after: float | None = None) -> timedelta:
    """After so many calls in vain (1 or more): the scheduled wait and, by `chance` (0 to 1), up to a tenth more.

    `retry_after`: seconds that the receiver asked for; they hold where they are longer, up to a day.
    """
    scheduled = WAITS[attempts - 1] if attempts <= len(WAITS) else _DAILY
    spread = scheduled * (1 + _SPREAD * chance)
    asked = timedelta(seconds=min(max(0.0, retry_after or 0.0), _DAILY.total_seconds()))
    return max(spread, asked)
