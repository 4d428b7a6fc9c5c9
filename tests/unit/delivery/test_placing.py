"""A task that comes lies with the team that is there for it, answers to that team's clock, and is told by its rule's name."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentRecord, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, TASK_EVENTS, TASKS_OUTREACH
from hub.delivery.calls import Calls
from hub.delivery.clocks import Clocks
from hub.delivery.inbox import Inbox
from hub.delivery.ladder import Ladder
from hub.delivery.listing import Shown
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.routing import Routing
from hub.working_time import WorkingTime
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.delivery.test_routing import Receives, span

CLOCKS = Clocks(
    {
        "outreach": SimpleNamespace(working_time=WorkingTime(), follow_up_within_days=20),
        "field": SimpleNamespace(working_time=WorkingTime(days=("fri",)), follow_up_within_days=20),
    }
)
FIELD = {"outreach": Receives(), "field": Receives(areas=("0581-hageby",))}


@pytest.fixture
def routed(desk: Desk, engine: Engine, clock: ManualClock) -> Desk:
    desk.inbox = Inbox(engine, desk.codec, clock, CLOCKS, routing=Routing(FIELD))
    return desk


def naming(ref: str, *recipients: str, version: int = 1) -> ConsentRecord:
    consent = make_consent(ref, version)
    return consent.model_copy(update={"scopes": (consent.scopes[0].model_copy(update={"recipients": recipients}),)})


def test_it_lies_with_the_team_of_its_area_by_that_teams_days(routed: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref, respond_by=NOW + timedelta(days=1))
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", "field")), routed.record(TASKS_OUTREACH, ref, task)])
    (view,) = routed.worklist.of_team("field")
    assert (view.routed, routed.worklist.of_team("outreach")) == ("fits", [])
    assert view.respond_by is not None
    assert view.respond_by - NOW > timedelta(days=7)  # its first day is Friday, its second the Friday after
    (told,) = routed.outbox(TASK_EVENTS)
    assert isinstance(told, TaskEvent)
    assert told.team == "outreach"
    assert routed.worklist.open_task(task.task_id, "field").content is not None


def test_a_consent_that_comes_after_its_task_moves_what_nobody_has_opened(routed: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    routed.inbox.take([routed.record(TASKS_OUTREACH, ref, task)])
    assert [one.team for one in routed.worklist.all_tasks()] == ["outreach"]
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", "field"))])
    assert [one.team for one in routed.worklist.all_tasks()] == ["field"]


def test_what_a_newer_consent_moves_comes_without_whom_the_team_before_handed_it_to_or_was_called_for_it(
    routed: Desk, clock: ManualClock
) -> None:
    ref, calling = new_youth_ref(), {"outreach": TeamCalls(deputy="sspf"), "field": TeamCalls()}
    task, calls = make_task(ref), Calls(routed.engine, clock, Ladder(calling))
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach")), routed.record(TASKS_OUTREACH, ref, task)])
    routed.answering.meet("outreach", "bo", "Bo")
    (view,) = routed.worklist.all_tasks()
    handed = Asked(Move.HAND_OVER, to="bo")
    routed.answering.move(task.task_id, "outreach", handed, Who("anna"), seen=view.version, record=int)
    clock.set(NOW + timedelta(days=9))
    assert calls.make_due() == 3
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", "field", version=2))])
    (moved,) = routed.worklist.all_tasks()
    assert (moved.team, moved.holder) == ("field", None)
    assert (routed.answering.history(task.task_id, "field"), routed.answering.calls(task.task_id, "field")) == ([], [])
    assert routed.worklist.of_team("sspf", Shown.CALLED) == []
    clock.set(NOW + timedelta(days=90))
    assert calls.make_due() == 2  # its own reminder and head, whatever the team before it was reminded of


def test_a_team_that_the_newer_consent_leaves_out_loses_what_it_has_not_opened_to_the_named_one(routed: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", "field")), routed.record(TASKS_OUTREACH, ref, task)])
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", version=2))])
    assert [(one.team, one.state) for one in routed.worklist.all_tasks()] == [("outreach", TaskState.RECEIVED)]


def test_what_that_team_has_opened_is_cancelled_and_not_handed_on_unasked(routed: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", "field")), routed.record(TASKS_OUTREACH, ref, task)])
    routed.worklist.open_task(task.task_id, "field")
    routed.inbox.take([routed.record(CONSENTS, ref, naming(ref, "outreach", version=2))])
    assert [(one.team, one.state) for one in routed.worklist.all_tasks()] == [("field", TaskState.CANCELLED)]


def test_what_fits_nobody_is_in_sight_for_itself(desk: Desk, engine: Engine, clock: ManualClock) -> None:
    desk.inbox = Inbox(engine, desk.codec, clock, None, routing=Routing({"outreach": Receives(ages=span(16, 20))}))
    ref = new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    assert [one.routed for one in desk.worklist.of_team("outreach", Shown.UNFIT)] == ["unfit"]
    assert desk.worklist.counts_of("outreach", "anna")[Shown.UNFIT] == 1


def test_a_fallback_that_no_consent_names_sees_that_there_is_a_task_and_not_for_whom(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    desk.inbox = Inbox(engine, desk.codec, clock, None, routing=Routing({"last": Receives(functions=(), fallback=True)}))
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2))])
    (listed,) = desk.worklist.of_team("last", Shown.UNFIT)
    opened = desk.worklist.open_task(task.task_id, "last")
    assert (listed.routed, opened.content, opened.opened_at, opened.state) == ("fallback", None, None, TaskState.RECEIVED)
