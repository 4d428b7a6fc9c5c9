"""Gives a task that comes its team and its clock, and another team when a later consent says more of who may have it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from hub.contract.models import ConsentRecord, PresenceTask, ReferralTask
from hub.core.consent import Purpose
from hub.delivery.clocks import Clocks
from hub.delivery.moves import UNANSWERED
from hub.delivery.permission import decide_task
from hub.delivery.place_weeks import end_of_week
from hub.delivery.routing import PRESENCE_TEAM, Place, Routed, Routing
from hub.delivery.tables import TaskRow

__all__ = ["Placing"]

_UNANSWERED = frozenset(state.value for state in UNANSWERED)


class Placing:
    """Without `clocks` a task is answered by when it says itself, without `routing` it goes to whom it names."""

    def __init__(self, clocks: Clocks | None, routing: Routing | None) -> None:
        self._clocks = clocks
        self._routing = routing

    def place(self, row: TaskRow, task: ReferralTask, consent: ConsentRecord | None, now: datetime) -> None:
        """Set the row's team, why it is that, and its clocks. Of a consent not yet heard of no other team may have it."""
        if self._routing is not None:
            found = self._routing.place(task, partial(_permits, consent, task, now))
            _put(row, found, task.team)
        row.respond_by = row.due_by = (
            task.respond_by if self._clocks is None else self._clocks.respond(row.team, task.created_at, task.respond_by)
        )
        row.call_at = now

    def set_week(self, row: TaskRow, task: PresenceTask, now: datetime) -> None:
        """Set the clock of a presence task, which needs no consent, and the one team that is out there."""
        if self._routing is not None:
            _put(row, self._routing.presence, PRESENCE_TEAM)
        row.respond_by = row.due_by = end_of_week(task.week, now)
        row.call_at = now

    def place_again(self, row: TaskRow, consent: ConsentRecord, now: datetime) -> None:
        """The same under a newer consent, while nobody has opened or answered the task; nothing moves that stays where it is."""
        if self._routing is None or row.kind != "referral" or row.payload is None:
            return
        if row.opened_at is not None or row.answered_at is not None or row.state not in _UNANSWERED:
            return
        task = ReferralTask.model_validate_json(row.payload)
        found = self._routing.place(task, partial(_permits, consent, task, now))
        if (found.team, found.why.value) != (row.team, row.routed or Routed.NAMED.value):
            self.place(row, task, consent, now)

    def place_elsewhere(self, row: TaskRow, consent: ConsentRecord | None, now: datetime, known: Collection[str]) -> bool:
        """Place an open task of a team that is gone, or one that the fallback has; whether another of `known` has it now."""
        if self._routing is None or row.payload is None:
            return False
        if row.kind == "presence":
            if self._routing.presence.team == row.team or self._routing.presence.team not in known:
                return False
            _put(row, self._routing.presence, PRESENCE_TEAM)
            row.call_at = now  # its week stays the week it is
            return True
        task = ReferralTask.model_validate_json(row.payload)
        found = self._routing.place(task, partial(_permits, consent, task, now))
        if found.team == row.team or found.team not in known:
            return False
        self.place(row, task, consent, now)
        return True


def _put(row: TaskRow, found: Place, named: str) -> None:
    row.team, row.routed = found.team, None if found.why is Routed.NAMED else found.why.value
    row.addressed_to = None if found.team == named else named


def _permits(consent: ConsentRecord | None, task: ReferralTask, now: datetime, team: str) -> bool:
    return consent is not None and decide_task(consent, task, purpose=Purpose.DELIVER, at=now, recipient=team).permit
