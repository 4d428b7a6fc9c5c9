"""The plan is made from the presence tasks that are open in the inbox, and from no person's task."""

from __future__ import annotations

from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action
from hub.contract.topics import CONSENTS, PRESENCE_TASKS, TASKS_OUTREACH
from hub.presence.proposals import proposals
from tests.unit.delivery.make import Desk, make_consent, make_presence, make_task


def test_an_open_presence_task_is_a_proposal_until_its_ground_is_gone(engine: Engine, clock: ManualClock) -> None:
    desk, ref = Desk(engine, clock), new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(PRESENCE_TASKS, "0581-hageby", make_presence())])
    assert [(one.content.area, one.content.week, one.ground_lost) for one in proposals(engine)] == [
        ("0581-hageby", "2025-W20", False)
    ]
    assert [len(proposals(engine, area)) for area in ("0581-hageby", "0581-city")] == [1, 0]
    desk.inbox.take([desk.record(PRESENCE_TASKS, "0581-hageby", make_presence(action=Action.GROUND_LOST))])
    assert proposals(engine) == []


def test_one_that_somebody_had_read_stays_and_says_that_its_ground_is_corrected(engine: Engine, clock: ManualClock) -> None:
    desk, task = Desk(engine, clock), make_presence()
    desk.inbox.take([desk.record(PRESENCE_TASKS, "0581-hageby", task)])
    desk.worklist.open_task(task.task_id, "outreach")
    desk.inbox.take([desk.record(PRESENCE_TASKS, "0581-hageby", make_presence(action=Action.GROUND_LOST))])
    assert [one.ground_lost for one in proposals(engine)] == [True]
