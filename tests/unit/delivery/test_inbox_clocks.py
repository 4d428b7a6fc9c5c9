"""A task that comes is to be answered within the team's own working days."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from sqlalchemy import Engine

from hub.clock import STOCKHOLM, ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.topics import CONSENTS, PRESENCE_TASKS, TASKS_OUTREACH
from hub.delivery.clocks import Clocks
from hub.delivery.inbox import Inbox
from hub.working_time import WorkingTime
from tests.unit.delivery.make import Desk, make_consent, make_presence, make_task

FRIDAY = datetime(2025, 5, 23, 10, tzinfo=STOCKHOLM)
CLOCKS = Clocks({"outreach": SimpleNamespace(working_time=WorkingTime(), follow_up_within_days=20)})


def test_a_weekend_takes_nothing_of_the_time_to_answer(engine: Engine, desk: Desk, clock: ManualClock) -> None:
    desk.inbox = Inbox(engine, desk.codec, clock, CLOCKS)
    ref = new_youth_ref()
    task = make_task(ref).model_copy(update={"created_at": FRIDAY, "respond_by": FRIDAY + timedelta(days=2)})
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    (view,) = desk.worklist.of_team("outreach")
    assert (view.respond_by, view.due_by) == (datetime(2025, 5, 27, 10, tzinfo=STOCKHOLM),) * 2


def test_a_place_has_until_its_week_ends_whatever_the_teams_working_days_are(
    engine: Engine, desk: Desk, clock: ManualClock
) -> None:
    desk.inbox = Inbox(engine, desk.codec, clock, CLOCKS)
    presence = make_presence(week="2025-W21")
    desk.inbox.take([desk.record(PRESENCE_TASKS, presence.area, presence)])
    (view,) = desk.worklist.of_team("outreach")
    assert (view.respond_by, view.due_by) == (datetime(2025, 5, 26, tzinfo=STOCKHOLM),) * 2
