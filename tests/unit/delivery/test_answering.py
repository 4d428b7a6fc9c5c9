"""What people of a team do with a task: what then stands in the inbox, what the correlation is told, and who is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, PRESENCE_TASKS, TASK_EVENTS, TASKS_OUTREACH
from hub.core.state import new_state
from hub.core.step import step
from hub.delivery.moves import Asked, DeclineReason, Move, Outcome, Who
from hub.delivery.views import TaskView
from hub.errors import RejectedError, RetriableError
from tests.unit.core.make import NOW as CORE_NOW
from tests.unit.core.make import YOUTH, make_absence
from tests.unit.core.make import make_consent as make_core_consent
from tests.unit.core.make_rules import make_rules
from tests.unit.delivery.make import FOLLOW_UP, NOW, Desk, make_consent, make_presence, make_task

ANNA, BO, HEAD = Who("anna"), Who("bo"), Who("chef", for_others=True)
ACCEPT = Asked(Move.ACCEPT, concern=False)
DECLINE = Asked(Move.DECLINE, DeclineReason.CONFLICT_OF_INTEREST.value)
COMPLETE = Asked(Move.COMPLETE, Outcome.ASSISTANCE.value)


def nothing() -> None:
    """An audit log that answers."""


def opened(desk: Desk, *, ref: str = "") -> TaskView:
    ref = ref or new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, task)])
    return desk.worklist.open_task(task.task_id, "outreach")


def do(
    desk: Desk, task: TaskView, asked: Asked, who: Who = ANNA, *, seen: int | None = None, record: Callable[[], object] = nothing
) -> TaskView:
    version = task.version if seen is None else seen
    return desk.answering.move(task.task_id, task.team, asked, who, seen=version, record=record)


def told(desk: Desk) -> list[tuple[TaskState, str | None]]:
    return [(one.state, one.reason) for one in desk.outbox(TASK_EVENTS) if isinstance(one, TaskEvent)]


def test_a_task_goes_from_received_to_its_outcome_and_each_step_is_told(desk: Desk) -> None:
    task = opened(desk)
    for asked in (ACCEPT, Asked(Move.START), COMPLETE):
        task = do(desk, task, asked)
    assert (task.state, task.reason, task.holder, task.closed_at) == (TaskState.COMPLETED, "assistance", "anna", NOW)
    assert told(desk) == [
        (TaskState.RECEIVED, None), (TaskState.ACCEPTED, None), (TaskState.IN_PROGRESS, None), (TaskState.COMPLETED, "assistance")
    ]  # fmt: skip


def test_a_decline_is_told_with_its_reason_and_frees_the_place_for_another_proposal(desk: Desk) -> None:
    ref = new_youth_ref()
    declined = do(desk, opened(desk, ref=ref), DECLINE)
    assert (declined.state, declined.reason, declined.answered_at) == (TaskState.REJECTED, "conflict_of_interest", NOW)
    assert told(desk)[-1] == (TaskState.REJECTED, "conflict_of_interest")
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2"))])
    assert sorted(desk.states()) == [(TaskState.RECEIVED, None), (TaskState.REJECTED, "conflict_of_interest")]


def test_the_correlation_lets_a_declined_rule_rest(desk: Desk) -> None:
    """What the inbox says of a decline is what the core ends an episode by."""
    rules = make_rules(
        when=[{"id": "a", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}]
    )
    consented = step(new_state(YOUTH), make_core_consent(), rules, CORE_NOW)
    proposed = step(consented.state, make_absence(1, CORE_NOW - timedelta(hours=2)), rules, CORE_NOW)
    (task,) = proposed.tasks
    desk.inbox.take([desk.record(CONSENTS, YOUTH, make_core_consent()), desk.record(TASKS_OUTREACH, YOUTH, task)])
    desk.clock.set(CORE_NOW)
    do(desk, desk.worklist.open_task(task.task_id, task.team), DECLINE)
    (event,) = [one for one in desk.outbox(TASK_EVENTS) if isinstance(one, TaskEvent) and one.state is TaskState.REJECTED]
    after = step(proposed.state, event, rules, CORE_NOW)
    assert proposed.state.episodes
    assert not after.state.episodes
    assert not step(after.state, make_absence(2, CORE_NOW - timedelta(hours=3)), rules, CORE_NOW).tasks


def test_undoing_gives_the_task_back_with_its_own_clock(desk: Desk) -> None:
    task = do(desk, opened(desk), ACCEPT)
    assert (task.holder, task.due_by) == ("anna", NOW + FOLLOW_UP)
    task = do(desk, task, Asked(Move.UNDO))
    assert (task.state, task.holder, task.due_by, task.answered_at) == (TaskState.RECEIVED, None, task.respond_by, None)
    assert told(desk)[-1] == (TaskState.RECEIVED, None)


def test_a_task_is_handed_to_a_colleague_who_has_been_at_the_pages_and_nobody_is_told(desk: Desk, clock: ManualClock) -> None:
    task = do(desk, opened(desk), ACCEPT)
    with pytest.raises(RejectedError) as refused:
        do(desk, task, Asked(Move.HAND_OVER, to="bo"))
    assert refused.value.code == "unknown_colleague"
    desk.answering.meet("sig", "bo", "Bo")
    desk.answering.meet("outreach", "bo", "Bo")
    before = told(desk)
    task = do(desk, task, Asked(Move.HAND_OVER, to="bo"))
    assert (task.state, task.holder) == (TaskState.ACCEPTED, "bo")
    assert told(desk) == before
    clock.advance(timedelta(days=91))
    assert desk.answering.colleagues("outreach") == []
    assert desk.answering.names("outreach") == {"bo": "Bo"}


def test_the_history_says_who_did_what_and_why(desk: Desk, clock: ManualClock) -> None:
    task = do(desk, opened(desk), Asked(Move.ACCEPT, concern=True))
    clock.advance(timedelta(hours=1))
    task = do(desk, task, COMPLETE, HEAD)
    history = [(one.at, one.account, one.move, one.detail) for one in desk.answering.history(task.task_id, "outreach")]
    assert history == [(NOW, "anna", Move.ACCEPT, "concern"), (NOW + timedelta(hours=1), "chef", Move.COMPLETE, "assistance")]


def test_whoever_comes_second_is_refused_and_changes_nothing(desk: Desk) -> None:
    task = opened(desk)
    do(desk, task, ACCEPT, ANNA)
    with pytest.raises(RejectedError) as refused:
        do(desk, task, DECLINE, BO)
    assert refused.value.code == "illegal_move"
    with pytest.raises(RejectedError) as refused:
        do(desk, task, COMPLETE, HEAD)  # possible, but the head has not seen that it is accepted
    assert refused.value.code == "changed_meanwhile"
    assert told(desk)[-1] == (TaskState.ACCEPTED, None)


def test_of_two_at_the_same_instant_one_has_the_task(desk: Desk) -> None:
    task, together, said = opened(desk), threading.Barrier(2), []

    def answer(who: Who) -> None:
        together.wait()
        try:
            said.append(do(desk, task, ACCEPT, who).holder)
        except RejectedError as error:
            said.append(error.code)

    threads = [threading.Thread(target=answer, args=(who,)) for who in (ANNA, BO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*said} & {"anna", "bo"}) == 1
    assert len({*said} & {"illegal_move", "changed_meanwhile"}) == 1
    assert len([one for one in told(desk) if one[0] is TaskState.ACCEPTED]) == 1


def test_nothing_is_done_that_the_audit_log_does_not_have(desk: Desk) -> None:
    task = opened(desk)

    def refuses() -> None:
        raise RetriableError("no log", code="audit")

    with pytest.raises(RetriableError):
        do(desk, task, ACCEPT, record=refuses)
    assert desk.worklist.open_task(task.task_id, "outreach") == task
    assert desk.answering.history(task.task_id, "outreach") == []
    assert told(desk) == [(TaskState.RECEIVED, None)]


@pytest.mark.parametrize("team", ["sig", "sspf"])
def test_another_teams_task_is_unknown(desk: Desk, team: str) -> None:
    task = opened(desk)
    with pytest.raises(RejectedError) as refused:
        desk.answering.move(task.task_id, team, ACCEPT, ANNA, seen=task.version, record=nothing)
    assert refused.value.code == "unknown_task"


def test_without_consent_nobody_begins_but_everybody_may_let_go(desk: Desk) -> None:
    ref = new_youth_ref()
    task = make_task(ref)
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, task)])  # its consent has not been read yet
    view = desk.worklist.open_task(task.task_id, "outreach")
    with pytest.raises(RejectedError) as refused:
        do(desk, view, ACCEPT)
    assert refused.value.code == "not_shown"
    assert do(desk, view, DECLINE).state is TaskState.REJECTED


def test_nobody_begins_while_withdrawals_may_wait_unread(desk: Desk) -> None:
    task, desk.is_stale = opened(desk), True
    with pytest.raises(RejectedError) as refused:
        do(desk, task, ACCEPT)
    assert refused.value.code == "not_shown"


def test_a_place_needs_no_consent(desk: Desk) -> None:
    presence = make_presence()
    desk.inbox.take([desk.record(PRESENCE_TASKS, presence.area, presence)])
    task = desk.worklist.open_task(presence.task_id, "outreach")
    assert do(desk, task, ACCEPT).state is TaskState.ACCEPTED
    assert told(desk)[-1] == (TaskState.ACCEPTED, None)


def test_a_withdrawal_takes_an_accepted_task_back_and_nothing_can_be_done_with_it(desk: Desk) -> None:
    ref = new_youth_ref()
    task = do(desk, opened(desk, ref=ref), ACCEPT)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    assert desk.states() == [(TaskState.RECALLED, "consent_withdrawn")]
    with pytest.raises(RejectedError) as refused:
        do(desk, task, COMPLETE)
    assert refused.value.code == "illegal_move"
    assert "it has ended" in str(refused.value)


def test_lost_ground_annotates_a_task_that_somebody_has_accepted(desk: Desk) -> None:
    ref = new_youth_ref()
    task = do(desk, opened(desk, ref=ref), ACCEPT)
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    found = desk.worklist.open_task(task.task_id, "outreach")
    assert (found.state, found.ground_lost_at) == (TaskState.ACCEPTED, NOW)
    assert do(desk, found, COMPLETE).state is TaskState.COMPLETED


@pytest.mark.parametrize("move", [Move.CANCEL, Move.RECALL, Move.RECEIVE])
def test_people_do_not_do_what_messages_do(desk: Desk, move: Move) -> None:
    with pytest.raises(RejectedError) as refused:
        do(desk, opened(desk), Asked(move))
    assert refused.value.code == "illegal_move"
