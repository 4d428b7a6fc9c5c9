"""The clocks of a report of concern (socialtjänstlagen, SoL 2025:400, 20 kap. 2 §).

Both run in calendar days from the day the report came in to the municipality's own message system, in Swedish time; our
poll, our store and public holidays change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from hub.clock import stockholm_date

__all__ = ["NEAR_DAYS", "Deadlines", "Press", "deadlines"]

_DECIDE_DAYS = 14
_PROTECT_DAYS = 1
NEAR_DAYS = 3
"""So many days before its last one the decision is near; the protection assessment is near on its last day."""


class Press(StrEnum):
    """How a clock stands."""

    FINE = "fine"
    NEAR = "near"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Stockholm dates, each the last day: `protect_by` for the immediate-protection assessment (skyddsbedömning: the same
    or the next day), `decide_by` for the decision whether to open an inquiry (within fourteen days).
    """

    arrived_on: date
    protect_by: date
    decide_by: date

    def protect(self, now: datetime) -> Press:
        """How the clock of the immediate-protection assessment stands at an instant (aware)."""
        return _press(self.protect_by, now, 0)

    def decide(self, now: datetime) -> Press:
        """How the clock of the decision stands."""
        return _press(self.decide_by, now, NEAR_DAYS)


def deadlines(arrived_at: datetime) -> Deadlines:
    """The clocks of a message that arrived at this instant (aware)."""
    day = stockholm_date(arrived_at)
    return Deadlines(day, day + timedelta(days=_PROTECT_DAYS), day + timedelta(days=_DECIDE_DAYS))


def _press(last_day: date, now: datetime, near_days: int) -> Press:
    left = (last_day - stockholm_date(now)).days
    return Press.PAST if left < 0 else Press.NEAR if left <= near_days else Press.FINE
