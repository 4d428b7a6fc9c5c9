"""The clocks of one's own tasks, for a calendar: by number and time, and of teams that one is still of."""

from __future__ import annotations

from datetime import timedelta

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.deadlines import Deadline
from hub.delivery.moves import Asked, Move, Who
from tests.unit.delivery.make import FOLLOW_UP, NOW, Desk, make_consent, make_task


def nothing() -> None:
    """An audit log that answers."""


def accepted(desk: Desk) -> str:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    seen = desk.worklist.open_task(task.task_id, "outreach").version
    asked = Asked(Move.ACCEPT, concern=False)
    desk.answering.move(task.task_id, "outreach", asked, Who("anna"), seen=seen, record=nothing)
    return task.task_id


def test_ones_own_tasks_are_told_by_number_and_time(desk: Desk) -> None:
    desk.answering.meet("outreach", "anna", "Anna")
    task = accepted(desk)
    assert desk.worklist.deadlines_of("anna") == [Deadline(task, "outreach", NOW + FOLLOW_UP, follow_up=True)]
    assert desk.worklist.deadlines_of("bo") == []


def test_whoever_has_not_been_at_the_teams_pages_lately_hears_no_more(desk: Desk, clock: ManualClock) -> None:
    desk.answering.meet("outreach", "anna", "Anna")
    accepted(desk)
    clock.advance(timedelta(days=31))
    assert desk.worklist.deadlines_of("anna") == []
