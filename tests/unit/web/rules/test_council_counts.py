"""The numbers of the council's page are plain counts of the inbox that it reads: of what teams, consents and corrections did."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.contract.models import ReferralTask, TaskState
from hub.delivery.moves import Asked, DeclineReason, Move, Outcome, Who
from hub.delivery.tables import TaskRow
from tests.unit.web.conftest import Visit
from tests.unit.web.rules.test_council import HEAD, put_in_force, rules_with, section
from tests.unit.web.rules.test_figures import TOLD
from tests.unit.web.town import NOW, PagesTown, make_task

ANNA = Who("account-anna")
DECLINE, UNDO = Asked(Move.DECLINE, DeclineReason.NO_CAPACITY.value), Asked(Move.UNDO)
ACCEPT, START = Asked(Move.ACCEPT, concern=False), Asked(Move.START)
COMPLETE = Asked(Move.COMPLETE, Outcome.ASSISTANCE.value)
DONE = (
    *[(DECLINE,)] * 12,
    *[(ACCEPT,)] * 4,
    *[(ACCEPT, START)] * 3,
    *[(ACCEPT, START, COMPLETE)] * 5,
    *[(ACCEPT, UNDO)] * 5,
    *[()] * 5,
)
"""What is done with a task: 12 are declined, 12 accepted in one way or another, and 10 wait, five of them after all."""
PLAIN = {
    "Accepted by the team": {TaskState.ACCEPTED, TaskState.IN_PROGRESS, TaskState.COMPLETED},
    "Declined by the team": {TaskState.REJECTED},
    "Recalled: the ground was corrected": {TaskState.RECALLED},
    "Ended: no consent any more": {TaskState.CANCELLED},
}


def handled(town: PagesTown, number: int, deeds: tuple[Asked, ...], *, days: int) -> ReferralTask:
    """A task that came so many days later, opened where anything is done with it."""
    task = town.add(f"task {number}", make_task("absence-alone", created=NOW + timedelta(days=days), days=5))
    if deeds:
        version = town.worklist.open_task(task.task_id, task.team).version
        for asked in deeds:
            version = town.answering.move(task.task_id, task.team, asked, ANNA, seen=version, record=lambda: None).version
    return task


def test_tasks_outcomes_and_shares_are_those_of_the_inbox_in_the_eight_weeks(empty_town: PagesTown, visit: Visit) -> None:
    put_in_force(empty_town, rules_with())
    for number, deeds in enumerate(DONE):
        handled(empty_town, number, deeds, days=number)
    for number in range(9):
        empty_town.lose_ground(handled(empty_town, 100 + number, (), days=number))
    for number in range(7):
        empty_town.withdraw(handled(empty_town, 200 + number, (), days=number))
    for number in range(6):
        handled(empty_town, 300 + number, (DECLINE,), days=56)
    empty_town.clock.set(TOLD)
    with Session(empty_town.engine) as session:
        rows = session.scalars(select(TaskRow)).all()
    ours = [row for row in rows if row.received_at < NOW + timedelta(days=55)]
    states = Counter(TaskState(row.state) for row in ours)
    assert (len(rows), len(ours)) == (56, 50)
    assert [states[one] for one in (TaskState.REJECTED, TaskState.RECALLED, TaskState.CANCELLED)] == [12, 9, 7]
    client = visit(HEAD)
    client.get("/language/en")
    told = section(client.get("/rules").text, "absence-alone")
    waiting = Counter(row.opened_at is not None for row in ours if row.state == TaskState.RECEIVED)
    plain = {label: sum(states[state] for state in of) for label, of in PLAIN.items()}
    plain |= {"Opened, without an answer": waiting[True], "Not opened": waiting[False]}
    assert sum(plain.values()) == len(ours)
    assert f"Proposed {len(ours)}, about 6.2 a week" in told
    for label, number in plain.items():
        assert f"{label} {number} ({round(100 * number / len(ours))} %)" in told, label
