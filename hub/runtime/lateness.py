"""How late an event was told. Late ones count like any other; that they are many is for a person to see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

__all__ = ["LATE_DAYS", "days_late"]

LATE_DAYS: Final = (28, 7, 1)
"""Days after its own time, the most first: longer than one is late, for a source that tells every day."""
_LIMITS: Final = tuple((days, timedelta(days=days)) for days in sorted(LATE_DAYS))


def days_late(occurred_at: datetime, now: datetime) -> int:
    """The most of LATE_DAYS that lie between an event's time and now; 0: it is not late."""
    age, late = now - occurred_at, 0
    for days, limit in _LIMITS:
        if age <= limit:
            break
        late = days
    return late
