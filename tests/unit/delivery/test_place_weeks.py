"""A presence task has a clock, an owner and an outcome: it is late when its week is over, and ends a week after that."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.models import Action, PresenceTask, TaskEvent, TaskState
from hub.contract.topics import PRESENCE_TASKS, TASK_EVENTS
from hub.delivery.calls import Calls
from hub.delivery.deadlines import deadlines_of
from hub.delivery.errands import ErrandWriter
from hub.delivery.ladder import Ladder
from hub.delivery.listing import Shown
from hub.delivery.moves import Asked, Move, Outcome, Who
from hub.delivery.place_weeks import KEPT, WEEK_OVER, PlaceWeeks, end_of_week
from hub.delivery.process import run_delivery
from hub.delivery.retention import inbox_kinds
from hub.delivery.tables import OutboxRow, TaskRow
from hub.delivery.views import TaskView
from hub.retention_settings import RetentionSettings
from hub.testing import MemoryPublisher
from tests.unit.delivery.make import NOW, Desk, MemoryReader, make_presence
from tests.unit.delivery.receiving import Receiver, dispatching, stand, with_sinks
from tests.unit.delivery.test_ladder import Calls as TeamCalls

WEEK, ENDS = "2025-W21", datetime(2025, 5, 25, 22, tzinfo=UTC)  # the week of NOW, a Monday
ANNA = Who("account-anna")
ACCEPT = Asked(Move.ACCEPT, concern=False)


def nothing() -> None:
    """An audit log that answers."""


@pytest.fixture
def weeks(desk: Desk) -> PlaceWeeks:
    return PlaceWeeks(desk.engine, desk.codec, desk.clock, ErrandWriter())


def come(desk: Desk, **changes: str) -> PresenceTask:
    task = make_presence(**{"week": WEEK} | changes)
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, task)])
    return task


def view(desk: Desk) -> TaskView:
    (found,) = desk.worklist.all_tasks()
    return found


def do(desk: Desk, asked: Asked) -> TaskView:
    task = view(desk)
    return desk.answering.move(task.task_id, "outreach", asked, ANNA, seen=task.version, record=nothing)


@pytest.mark.parametrize(
    ("week", "received_at", "ends"),
    [
        (WEEK, NOW, ENDS),
        ("2025-W22", NOW, datetime(2025, 6, 1, 22, tzinfo=UTC)),
        ("2025-W20", datetime(2025, 5, 18, 21, 59, tzinfo=UTC), datetime(2025, 5, 18, 22, tzinfo=UTC)),
        ("2025-W20", datetime(2025, 5, 18, 22, 0, tzinfo=UTC), ENDS),  # it was told when its week was over
        ("2025-W13", datetime(2025, 3, 25, tzinfo=UTC), datetime(2025, 3, 30, 22, tzinfo=UTC)),  # to summer time that Sunday
        ("2025-W43", datetime(2025, 10, 21, tzinfo=UTC), datetime(2025, 10, 26, 23, tzinfo=UTC)),  # and back
        ("2026-W01", datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 1, 4, 23, tzinfo=UTC)),
    ],
)
def test_its_clock_is_the_end_of_its_week_in_sweden(week: str, received_at: datetime, ends: datetime) -> None:
    assert end_of_week(week, received_at) == ends


def test_it_is_late_when_its_week_is_over_in_every_list_and_figure(desk: Desk, clock: ManualClock) -> None:
    come(desk)
    for instant, late in ((ENDS, 0), (ENDS + timedelta(seconds=1), 1)):
        clock.set(instant)
        assert view(desk).late is bool(late)
        assert desk.worklist.counts_of("outreach", "x", is_head=True)[Shown.LATE] == late
        assert desk.worklist.overdue_by_team().get("outreach", 0) == late
        assert sum(week.late for week in desk.worklist.weeks_of(["outreach"])["outreach"]) == late


def test_its_team_is_reminded_and_its_head_called_but_no_other_team(desk: Desk, clock: ManualClock) -> None:
    task, calls = come(desk), Calls(desk.engine, clock, Ladder({"outreach": TeamCalls(deputy="sspf")}))
    for day in range(14):
        clock.set(NOW + timedelta(days=day))
        calls.make_due()
    assert [(one.step, one.to) for one in desk.answering.calls(task.task_id, "outreach")] == [
        ("reminder", "own"),
        ("chain-1", "head"),
    ]


def test_whoever_accepts_it_has_the_same_time_as_before_and_so_after_an_undo(desk: Desk) -> None:
    come(desk)
    assert do(desk, ACCEPT).due_by == ENDS
    desk.answering.meet("outreach", ANNA.account, "Anna")
    (deadline,) = deadlines_of(desk.engine, ANNA.account, NOW)
    assert (deadline.due_by, deadline.follow_up) == (ENDS, False)
    assert do(desk, Asked(Move.UNDO)).due_by == ENDS


@pytest.mark.parametrize("moves", [(), (ACCEPT,), (ACCEPT, Asked(Move.START))], ids=["unanswered", "accepted", "under way"])
def test_a_week_after_its_own_it_ends_with_an_outcome_of_its_own(
    desk: Desk, clock: ManualClock, weeks: PlaceWeeks, moves: tuple[Asked, ...]
) -> None:
    come(desk)
    for asked in moves:
        do(desk, asked)
    clock.set(ENDS + KEPT - timedelta(seconds=1))
    assert weeks.end_due() == 0
    clock.set(ENDS + KEPT)
    assert (weeks.end_due(), weeks.end_due()) == (1, 0)
    task = view(desk)
    assert (task.state, task.reason, task.closed_at) == (TaskState.CANCELLED, WEEK_OVER, clock.now())
    assert (task.late, desk.worklist.open_by_team()) == (False, {})
    week = next(week for week in desk.worklist.weeks_of(["outreach"])["outreach"] if week.came)
    assert (week.to_follow_up, week.followed_up, week.late) == (1, 0, 0)


def test_what_has_an_outcome_keeps_it(desk: Desk, clock: ManualClock, weeks: PlaceWeeks) -> None:
    come(desk)
    do(desk, ACCEPT)
    do(desk, Asked(Move.COMPLETE, reason=Outcome.SERVICE))
    clock.set(ENDS + timedelta(days=400))
    assert weeks.end_due() == 0
    assert (view(desk).state, view(desk).reason) == (TaskState.COMPLETED, "service")


def test_its_end_is_told_to_the_worker_and_a_repeat_or_lost_ground_changes_nothing(
    desk: Desk, clock: ManualClock, weeks: PlaceWeeks
) -> None:
    task = come(desk)
    clock.set(ENDS + KEPT)
    weeks.end_due()
    told = desk.outbox(TASK_EVENTS)[-1]
    assert isinstance(told, TaskEvent)
    assert (told.task_id, told.area, told.state, told.reason) == (task.task_id, task.area, TaskState.CANCELLED, WEEK_OVER)
    come(desk)
    desk.inbox.take([desk.record(PRESENCE_TASKS, task.area, make_presence(week=WEEK, action=Action.GROUND_LOST))])
    assert desk.states() == [(TaskState.CANCELLED, WEEK_OVER)]


def test_a_new_proposal_of_another_week_is_a_task_beside_it(desk: Desk, clock: ManualClock, weeks: PlaceWeeks) -> None:
    come(desk)
    clock.set(ENDS + KEPT)
    come(desk, opened_by="2025-W23", week="2025-W23")
    assert weeks.end_due() == 1
    assert {one.state for one in desk.worklist.all_tasks()} == {TaskState.CANCELLED, TaskState.RECEIVED}


def test_the_systems_that_have_it_are_told_to_let_it_go(desk: Desk, clock: ManualClock) -> None:
    with_sinks(desk, "system")
    come(desk)
    receiver = Receiver()
    dispatching(desk, receiver).run_once()
    clock.set(ENDS + KEPT)
    PlaceWeeks(desk.engine, desk.codec, clock, ErrandWriter({"outreach": ("system",)})).end_due()
    assert stand(desk.engine) == [("system", "requested", "delivered"), ("system", "cancelled", "waiting")]


def test_retention_lets_go_of_what_it_said(desk: Desk, clock: ManualClock, weeks: PlaceWeeks) -> None:
    come(desk)
    clock.set(ENDS + KEPT)
    weeks.end_due()
    with Session(desk.engine) as session, session.begin():
        session.query(OutboxRow).delete()  # the worker has heard of it
    clock.advance(timedelta(days=1))
    (tasks,) = (kind for kind in inbox_kinds(desk.engine, RetentionSettings()) if kind.name == "tasks")
    assert tasks.due(clock.now()).due == tasks.let_go(clock.now(), 10) == 1
    with Session(desk.engine) as session:
        assert session.scalars(select(TaskRow.payload)).all() == [None]


def test_the_process_ends_what_is_due(desk: Desk, clock: ManualClock) -> None:
    come(desk)
    clock.set(ENDS + KEPT)
    stop = threading.Event()

    class Reader(MemoryReader):
        def caught_up(self) -> list[tuple[str, int]]:
            stop.set()
            return []

    reader, publisher = Reader(), MemoryPublisher()
    run_delivery(
        desk.engine,
        desk.codec,
        clock,
        ends=lambda: dict.fromkeys(desk.offsets, 10),
        reader=reader,
        publisher=publisher,
        stop=stop,
    )
    assert desk.states() == [(TaskState.CANCELLED, WEEK_OVER)]
