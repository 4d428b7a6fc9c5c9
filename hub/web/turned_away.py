"""Attempts to get round what guards the pages, as the audit log has them: summed, because anybody can make them without end.

The three kinds are those that the pages refuse before they know who asks: a form that another site or no page of ours sent, one
without the token of this browser's session, and a logout token that no provider of ours signed (ASVS 5.0, 16.3.3).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from hub.access.trail import UNKNOWN
from hub.audit.actions import Action
from hub.audit.entries import Entry, Outcome
from hub.audit.sums import Log, Sums
from hub.clock import Clock

__all__ = ["TurnedAway"]

_EVERY: Final = timedelta(minutes=1)


class TurnedAway:
    """One per application. What cannot be written yet is kept and tried again: the refusal itself stands whatever is away."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._sums = Sums(log, clock, lambda _: _EVERY)

    def count(self, rule: Literal["foreign_origin", "form_token", "logout_token"]) -> None:
        """One more; an entry a minute and kind says how many."""
        self._sums.count(Entry(UNKNOWN, Action.REQUEST_REFUSED, outcome=Outcome.DENY, rule=rule))

    def write_due(self, *, everything: bool = False) -> None:
        """Write what has waited for a minute, or all of it at the end."""
        self._sums.write_due(everything=everything)
