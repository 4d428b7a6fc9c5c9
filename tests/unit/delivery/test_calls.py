"""Reminders and escalation: each call happens once, whatever dies or runs beside it, and only while the clock runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM, ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ReferralTask, TaskState
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.database import build_engine
from hub.delivery.calls import Calls
from hub.delivery.inbox import Inbox
from hub.delivery.ladder import Ladder, Step
from hub.delivery.listing import Shown
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.tables import CallRow, TaskRow
from hub.delivery.views import TaskView
from hub.errors import RejectedError, RetriableError
from hub.metrics import DELIVERY_CALLS
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task
from tests.unit.delivery.test_ladder import Calls as TeamCalls

DUE = datetime(2025, 5, 26, 9, tzinfo=STOCKHOLM)  # a Monday; NOW is the Monday before
ACCEPT = Asked(Move.ACCEPT, concern=False)
TEAMS = {"outreach": TeamCalls(deputy="sspf"), "sspf": TeamCalls()}


def nothing() -> None:
    """An audit log that answers."""


def make_calls(desk: Desk) -> Calls:
    return Calls(desk.engine, desk.clock, Ladder(TEAMS))


@pytest.fixture
def calls(desk: Desk) -> Calls:
    return make_calls(desk)


def come(desk: Desk, *, recipients: tuple[str, ...] = ("outreach",)) -> ReferralTask:
    ref = new_youth_ref()
    consent = make_consent(ref)
    consent = consent.model_copy(update={"scopes": (consent.scopes[0].model_copy(update={"recipients": recipients}),)})
    task = make_task(ref, respond_by=DUE)
    desk.inbox.take([desk.record(CONSENTS, ref, consent), desk.record(TASKS_OUTREACH, ref, task)])
    return task


def view(desk: Desk) -> TaskView:
    (found,) = desk.worklist.all_tasks()
    return found


def steps(desk: Desk, task: ReferralTask) -> list[tuple[str, str]]:
    return [(one.step, one.to) for one in desk.answering.calls(task.task_id, "outreach")]


def count(team: str, step: str) -> float:
    return DELIVERY_CALLS.labels(team=team, step=step)._value.get()


def test_each_step_is_made_at_its_time_once_and_said_when(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk)
    made = []
    for instant in (DUE - timedelta(days=3), DUE, DUE + timedelta(hours=5), DUE + timedelta(days=1), DUE + timedelta(days=9)):
        clock.set(instant)
        made.append(calls.make_due())
    assert made == [1, 1, 0, 1, 0]
    told = [(one.at, one.step, one.to) for one in desk.answering.calls(task.task_id, "outreach")]
    assert told == [
        (DUE - timedelta(days=3), "reminder", "own"), (DUE, "deadline", "team:sspf"), (DUE + timedelta(days=1), "chain-1", "head")
    ]  # fmt: skip


def test_what_fell_into_a_standstill_is_made_up_for_and_counted(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task, before = come(desk), count("outreach", "deadline")
    clock.set(DUE + timedelta(days=30))
    assert (calls.make_due(), make_calls(desk).make_due()) == (3, 0)
    assert steps(desk, task) == [("reminder", "own"), ("deadline", "team:sspf"), ("chain-1", "head")]
    assert count("outreach", "deadline") == before + 1


def test_a_restart_calls_nobody_again_and_asks_every_clock_anew(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk)
    clock.set(DUE)
    calls.make_due()
    with_another = Calls(desk.engine, clock, Ladder({"outreach": TeamCalls(deputy=("account-1",))}))
    with_another.look_again()
    assert with_another.make_due() == 1
    assert steps(desk, task) == [("reminder", "own"), ("deadline", "team:sspf"), ("deadline", "account:account-1")]


class Beside(Ladder):
    """A ladder during whose reading another process makes its calls."""

    def __init__(self, other: Calls) -> None:
        super().__init__(TEAMS)
        self._others = [other]

    def steps(self, team: str, *, since: datetime, due_by: datetime, answered: bool, place: bool = False) -> list[Step]:
        while self._others:
            self._others.pop().make_due()
        return super().steps(team, since=since, due_by=due_by, answered=answered, place=place)


def test_of_two_processes_side_by_side_one_calls(desk: Desk, clock: ManualClock, calls: Calls, engine: Engine) -> None:
    task = come(desk)
    clock.set(DUE)
    second = Calls(engine, clock, Ladder(TEAMS))
    try:
        made = Calls(engine, clock, Beside(second)).make_due()
    except RetriableError:  # a database with one writer at a time says so, and delivery asks again
        made = calls.make_due()
    assert made == 0
    assert steps(desk, task) == [("reminder", "own"), ("deadline", "team:sspf")]


def test_the_database_itself_keeps_a_call_from_being_made_twice(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    come(desk)
    clock.set(DUE)
    calls.make_due()
    with Session(desk.engine) as session:
        row = session.scalars(select(CallRow)).first()
        assert row is not None
        session.add(CallRow(task_id=row.task_id, due_by=row.due_by, step=row.step, addressee=row.addressee, at=row.at))
        with pytest.raises(Exception, match=r"(?i)unique"):
            session.flush()


def test_a_call_does_not_make_anybodys_answer_be_refused(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk)
    seen = desk.worklist.open_task(task.task_id, "outreach").version
    clock.set(DUE)
    calls.look_again()
    assert calls.make_due() == 2
    assert desk.answering.move(task.task_id, "outreach", ACCEPT, Who("anna"), seen=seen, record=nothing).holder == "anna"


def test_an_answered_task_calls_for_its_answer_no_more_and_its_follow_up_has_steps_of_its_own(
    desk: Desk, clock: ManualClock, calls: Calls
) -> None:
    task = come(desk)
    seen = desk.worklist.open_task(task.task_id, "outreach").version
    done = desk.answering.move(task.task_id, "outreach", ACCEPT, Who("anna"), seen=seen, record=nothing)
    clock.set(DUE + timedelta(days=1))
    assert calls.make_due() == 0
    assert done.due_by is not None
    clock.set(done.due_by + timedelta(days=4))
    assert calls.make_due() == 2
    assert steps(desk, task) == [("reminder", "own"), ("chain-1", "head")]


@pytest.mark.parametrize("ended", ["recalled", "declined"])
def test_what_has_ended_calls_nobody(desk: Desk, clock: ManualClock, calls: Calls, ended: str) -> None:
    task = come(desk)
    if ended == "recalled":
        lost = task.model_copy(update={"action": Action.GROUND_LOST})
        desk.inbox.take([desk.record(TASKS_OUTREACH, task.youth_ref, lost)])
    else:
        seen = desk.worklist.open_task(task.task_id, "outreach").version
        desk.answering.move(task.task_id, "outreach", Asked(Move.DECLINE, "no_capacity"), Who("a"), seen=seen, record=nothing)
    clock.set(DUE + timedelta(days=9))
    calls.look_again()
    assert calls.make_due() == 0
    with Session(desk.engine) as session:
        assert session.scalars(select(TaskRow.call_at)).one() is None


def test_an_acceptance_undone_calls_again_for_those_who_were_called_and_not_once_more(
    desk: Desk, clock: ManualClock, calls: Calls
) -> None:
    task = come(desk)
    clock.set(DUE)
    calls.make_due()
    for move in (ACCEPT, Asked(Move.UNDO)):
        seen = view(desk).version
        desk.answering.move(task.task_id, "outreach", move, Who("anna"), seen=seen, record=nothing)
        listed = desk.worklist.of_team("sspf", Shown.CALLED)
        assert len(listed) == (move.move is Move.UNDO)
        assert calls.make_due() == 0


def test_the_lists_of_those_who_are_called_have_it_and_nobody_elses(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk)
    clock.set(DUE + timedelta(days=1))
    calls.make_due()

    def listed(team: str, *, is_head: bool) -> tuple[list[str], int]:
        found = desk.worklist.of_team(team, Shown.CALLED, account="anna", is_head=is_head)
        return [one.task_id for one in found], desk.worklist.counts_of(team, "anna", is_head=is_head)[Shown.CALLED]

    assert listed("sspf", is_head=False) == ([task.task_id], 1)
    assert listed("outreach", is_head=True) == ([task.task_id], 1)
    assert listed("outreach", is_head=False) == ([], 0)
    assert listed("sig", is_head=True) == ([], 0)


def take_over(desk: Desk, task: ReferralTask, team: str = "sspf", *, seen: int | None = None) -> TaskView:
    version = view(desk).version if seen is None else seen
    return desk.answering.take_over(task.task_id, team, "bo", seen=version, record=nothing)


def test_a_deputy_that_the_consent_names_takes_the_task_over_and_answers_it(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    clock.set(DUE)
    calls.make_due()
    taken = take_over(desk, task)
    assert (taken.team, desk.worklist.of_team("outreach")) == ("sspf", [])
    opened = desk.worklist.open_task(task.task_id, "sspf")
    assert opened.content is not None
    done = desk.answering.move(task.task_id, "sspf", ACCEPT, Who("bo"), seen=opened.version, record=nothing)
    assert (done.holder, [one.move for one in desk.answering.history(task.task_id, "sspf")]) == (
        "bo",
        [Move.TAKE_OVER, Move.ACCEPT],
    )


def test_a_team_that_had_read_the_task_is_called_back_for_it_and_takes_it_over_again(desk: Desk, clock: ManualClock) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    each_others = {"outreach": TeamCalls(deputy="sspf"), "sspf": TeamCalls(deputy="outreach")}
    calls = Calls(desk.engine, desk.clock, Ladder(each_others))
    desk.worklist.open_task(task.task_id, "outreach")
    clock.set(DUE)
    calls.make_due()
    take_over(desk, task)
    calls.make_due()
    (called,) = desk.worklist.of_team("outreach", Shown.CALLED)
    assert (called.former, called.team, called.state) == (False, "sspf", TaskState.RECEIVED)
    assert take_over(desk, task, "outreach", seen=called.version).team == "outreach"


@pytest.mark.parametrize(
    ("recipients", "team", "before", "code"),
    [
        (("outreach",), "sspf", 0, "not_shown"),
        (("outreach", "sig"), "sig", 0, "unknown_task"),
        (("outreach", "sspf"), "sspf", 1, "unknown_task"),
        (("outreach",), "outreach", 0, "unknown_task"),
    ],
)  # fmt: skip
def test_nobody_else_takes_a_task_over(desk: Desk, recipients: tuple[str, ...], team: str, before: int, code: str) -> None:
    task = come(desk, recipients=recipients)
    desk.clock.set(DUE - timedelta(minutes=before))
    make_calls(desk).make_due()
    with pytest.raises(RejectedError) as refused:
        take_over(desk, task, team)
    assert (refused.value.code, view(desk).team) == (code, "outreach")


def test_nothing_is_taken_over_while_withdrawals_may_wait_unread(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    clock.set(DUE)
    calls.make_due()
    desk.is_stale = True
    with pytest.raises(RejectedError) as refused:
        take_over(desk, task)
    assert (refused.value.code, view(desk).team) == ("not_shown", "outreach")


@contextmanager
def impatient(engine: Engine) -> Iterator[Engine]:
    """The same database, for one that waits for nobody."""
    url, is_postgresql = engine.url, engine.dialect.name == "postgresql"
    url = url.update_query_dict({"options": "-c lock_timeout=1"}) if is_postgresql else url
    found = build_engine(url.render_as_string(hide_password=False))
    if not is_postgresql:
        event.listen(found, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=0"))
    try:
        yield found
    finally:
        found.dispose()


def test_a_consent_that_comes_beside_a_take_over_waits_for_it_and_ends_the_task_of_a_team_it_does_not_name(
    desk: Desk, clock: ManualClock, calls: Calls
) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    clock.set(DUE)
    calls.make_due()
    narrower = desk.record(CONSENTS, task.youth_ref, make_consent(task.youth_ref, 2))
    with impatient(desk.engine) as beside:
        other = Inbox(beside, desk.codec, clock)

        def meanwhile() -> None:
            with pytest.raises(RetriableError):
                other.take([narrower])

        desk.answering.take_over(task.task_id, "sspf", "bo", seen=view(desk).version, record=meanwhile)
    desk.inbox.take([narrower])
    assert (view(desk).team, view(desk).state) == ("sspf", TaskState.CANCELLED)


def test_of_two_who_take_over_or_answer_the_second_is_refused(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    clock.set(DUE)
    calls.make_due()
    seen = view(desk).version
    desk.worklist.open_task(task.task_id, "outreach")
    with pytest.raises(RejectedError) as refused:
        take_over(desk, task, seen=seen)
    assert refused.value.code == "changed_meanwhile"
    take_over(desk, task)
    with pytest.raises(RejectedError) as late:
        desk.answering.move(task.task_id, "outreach", ACCEPT, Who("anna"), seen=seen, record=nothing)
    assert late.value.code == "unknown_task"


def test_a_team_that_takes_a_task_over_reads_nothing_of_what_the_team_before_it_did(
    desk: Desk, clock: ManualClock, calls: Calls
) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    for move in (Asked(Move.ACCEPT, concern=True), Asked(Move.UNDO)):
        desk.answering.move(task.task_id, "outreach", move, Who("anna"), seen=view(desk).version, record=nothing)
    clock.set(DUE)
    calls.make_due()
    take_over(desk, task)
    desk.answering.move(task.task_id, "sspf", ACCEPT, Who("bo"), seen=view(desk).version, record=nothing)
    told = [(one.account, one.move, one.detail) for one in desk.answering.history(task.task_id, "sspf")]
    assert told == [("bo", Move.TAKE_OVER, "outreach>sspf"), ("bo", Move.ACCEPT, "no_concern")]


def test_a_team_that_takes_a_task_over_reads_neither_whom_it_called_before_nor_when_it_was_opened(
    desk: Desk, clock: ManualClock, calls: Calls
) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    desk.answering.move(task.task_id, "outreach", ACCEPT, Who("anna"), seen=view(desk).version, record=nothing)
    clock.set(DUE + timedelta(days=9))
    calls.make_due()  # for the follow-up, which only what was accepted has
    desk.answering.move(task.task_id, "outreach", Asked(Move.UNDO), Who("anna"), seen=view(desk).version, record=nothing)
    calls.make_due()
    assert ("reminder", "own") in steps(desk, task)
    taken = take_over(desk, task)
    assert [(one.step, one.to) for one in desk.answering.calls(task.task_id, "sspf")] == [("deadline", "team:sspf")]
    assert (taken.opened_at, desk.worklist.open_task(task.task_id, "sspf").opened_at) == (clock.now(), clock.now())
    clock.set(clock.now() + timedelta(days=9))
    accepted = desk.answering.move(task.task_id, "sspf", ACCEPT, Who("bo"), seen=view(desk).version, record=nothing)
    assert accepted.due_by is not None
    clock.set(accepted.due_by + timedelta(days=4))
    calls.make_due()
    assert [one.step for one in desk.answering.calls(task.task_id, "sspf")] == ["deadline", "reminder", "chain-1"]


def test_a_team_that_had_a_task_before_reads_nothing_of_what_becomes_of_it(desk: Desk, clock: ManualClock, calls: Calls) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    desk.worklist.open_task(task.task_id, "outreach")
    clock.set(DUE)
    calls.make_due()
    take_over(desk, task)
    desk.answering.move(
        task.task_id, "sspf", Asked(Move.ACCEPT, concern=True), Who("bo"), seen=view(desk).version, record=nothing
    )
    assert (desk.answering.history(task.task_id, "outreach"), desk.answering.calls(task.task_id, "outreach")) == ([], [])


def test_nobody_is_called_before_anything_is_due(desk: Desk, calls: Calls) -> None:
    come(desk)
    assert desk.clock.now() == NOW
    assert calls.make_due() == 0
