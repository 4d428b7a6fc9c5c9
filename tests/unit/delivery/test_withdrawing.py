"""Tasks when consent is withdrawn: cancelled or recalled, emptied, and acknowledged by those who had opened them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord, ConsentStatus, Erasure, ReferralTask, TaskState
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.readers import ReaderRow
from hub.delivery.tables import TaskRow
from hub.errors import RejectedError
from tests.unit.delivery.make import NOW, SCOPE, Desk, make_consent, make_erasure, make_task
from tests.unit.delivery.test_calls import DUE, come, make_calls, take_over

REF = "y" + "a" * 32
OTHER_SCOPE = "22222222-2222-4222-8222-222222222222"


def two_scopes(*, withdrawn: bool = False, version: int = 1, starts_days: int = 30) -> ConsentRecord:
    """Two scopes of the same reach; of the first one withdrawn or not. The second began so many days ago."""
    record = make_consent(REF, version)
    (first,) = record.scopes
    second = first.model_copy(update={"scope_id": OTHER_SCOPE, "valid_from": NOW - timedelta(days=starts_days)})
    first = first.model_copy(update={"withdrawn_at": NOW if withdrawn else None})
    return record.model_copy(update={"scopes": (first, second)})


def scope_erasure() -> Erasure:
    return make_erasure(REF).model_copy(update={"scope_id": SCOPE})


def take_task(desk: Desk, consent: ConsentRecord, *, opened: bool) -> str:
    task = make_task(REF)
    desk.inbox.take([desk.record(CONSENTS, REF, consent), desk.record(TASKS_OUTREACH, REF, task)])
    if opened:
        assert desk.worklist.open_task(task.task_id, "outreach").content is not None
    return task.task_id


def payloads(desk: Desk) -> list[tuple[str | None, str | None]]:
    with Session(desk.engine) as session:
        return [(row.subject, row.payload) for row in session.query(TaskRow)]


def awaited(desk: Desk) -> list[tuple[str | None, str | None]]:
    return [(one.component, one.awaits) for one in desk.outbox(ERASURES)]


@pytest.mark.parametrize("record_first", [True, False])
def test_an_opened_task_is_recalled_emptied_and_its_team_asked_to_acknowledge(desk: Desk, record_first: bool) -> None:
    task_id = take_task(desk, make_consent(REF), opened=True)
    withdrawal = desk.record(CONSENTS, REF, make_consent(REF, 2, status=ConsentStatus.WITHDRAWN))
    request = desk.record(ERASURES, REF, make_erasure(REF))
    desk.inbox.take([withdrawal, request] if record_first else [request, withdrawal])
    assert desk.states() == [(TaskState.RECALLED, "consent_withdrawn")]
    assert payloads(desk) == [(None, None)]
    assert awaited(desk) == [("delivery", None), ("delivery", "outreach")]
    (listed,) = desk.worklist.of_team("outreach")
    assert (listed.task_id, listed.recalled, listed.content) == (task_id, True, None)


def test_an_acknowledgement_is_told_once_and_then_nothing_ties_the_task_to_the_reference(desk: Desk) -> None:
    task_id = take_task(desk, make_consent(REF), opened=True)
    desk.inbox.take([desk.record(ERASURES, REF, make_erasure(REF))])
    assert desk.inbox.pass_on_acknowledgements() == 0
    desk.worklist.acknowledge(task_id, "outreach")
    desk.worklist.acknowledge(task_id, "outreach")
    assert [desk.inbox.pass_on_acknowledgements() for _ in range(2)] == [1, 0]
    assert awaited(desk)[-1] == ("receiver-outreach", None)
    assert desk.worklist.of_team("outreach") == []
    with Session(desk.engine) as session:
        assert [row.recall_of for row in session.query(ReaderRow)] == [None]


def test_an_acknowledgement_before_the_request_has_come_waits_for_it(desk: Desk) -> None:
    task_id = take_task(desk, make_consent(REF), opened=True)
    desk.inbox.take([desk.record(CONSENTS, REF, make_consent(REF, 2, status=ConsentStatus.WITHDRAWN))])
    desk.worklist.acknowledge(task_id, "outreach")
    assert desk.inbox.pass_on_acknowledgements() == 0
    desk.inbox.take([desk.record(ERASURES, REF, make_erasure(REF))])
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert awaited(desk)[-1] == ("receiver-outreach", None)


def test_only_what_was_taken_back_can_be_acknowledged(desk: Desk) -> None:
    task_id = take_task(desk, make_consent(REF), opened=False)
    with pytest.raises(RejectedError) as refused:
        desk.worklist.acknowledge(task_id, "outreach")
    assert refused.value.code == "nothing_to_acknowledge"
    with pytest.raises(RejectedError) as refused:
        desk.worklist.acknowledge(task_id, "sspf")
    assert refused.value.code == "unknown_task"
    desk.inbox.take([desk.record(ERASURES, REF, make_erasure(REF))])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]
    assert awaited(desk) == [("delivery", None)]


@pytest.mark.parametrize("opened", [True, False])
def test_one_scope_withdrawn_ends_the_tasks_that_told_of_what_it_alone_covered(desk: Desk, opened: bool) -> None:
    take_task(desk, two_scopes(starts_days=5), opened=opened)  # the evidence begins nine days ago
    desk.inbox.take([desk.record(ERASURES, REF, scope_erasure())])
    assert desk.states() == [(TaskState.RECALLED, "consent_withdrawn") if opened else (TaskState.CANCELLED, "no_consent")]
    assert payloads(desk) == [(None, None)]
    # The record that says so comes later, and so does a task of a worker that has not heard of it.
    later = [desk.record(CONSENTS, REF, two_scopes(withdrawn=True, version=2, starts_days=5))]
    desk.inbox.take([desk.record(TASKS_OUTREACH, REF, make_task(REF, opened_by="e2")), *later])
    assert len(desk.states()) == 1


def test_a_record_of_before_a_scopes_erasure_lets_no_task_in_that_tells_of_what_it_covered(desk: Desk) -> None:
    take_task(desk, two_scopes(starts_days=5), opened=False)
    desk.inbox.take([desk.record(ERASURES, REF, scope_erasure())])
    before = two_scopes(version=2, starts_days=5).model_copy(update={"recorded_at": NOW - timedelta(seconds=1)})
    desk.inbox.take([desk.record(CONSENTS, REF, before), desk.record(TASKS_OUTREACH, REF, make_task(REF, opened_by="e2"))])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]


def without_the_first(version: int) -> ConsentRecord:
    """The first consent is suspended, and beside one in force the record leaves its scope out."""
    record = two_scopes(version=version, starts_days=5)
    return record.model_copy(update={"scopes": record.scopes[1:]})


@pytest.mark.parametrize("opened", [True, False])
def test_the_erasure_of_a_scope_that_the_record_leaves_out_empties_its_tasks_before_it_is_answered(
    desk: Desk, opened: bool
) -> None:
    take_task(desk, two_scopes(starts_days=5), opened=opened)
    desk.inbox.take([desk.record(CONSENTS, REF, without_the_first(2))])
    assert desk.states() == [(TaskState.CANCELLED, "no_consent")]
    assert payloads(desk)[0][1] is not None
    desk.inbox.take([desk.record(ERASURES, REF, scope_erasure())])
    assert payloads(desk) == [(None, None)]
    assert awaited(desk) == [("delivery", None), *([("delivery", "outreach")] if opened else [])]


def test_of_a_scope_that_the_record_leaves_out_nothing_else_is_emptied(desk: Desk) -> None:
    take_task(desk, two_scopes(starts_days=5), opened=True)
    desk.inbox.take([desk.record(CONSENTS, REF, without_the_first(2))])
    other = scope_erasure().model_copy(update={"scope_id": "33333333-3333-4333-8333-333333333333"})
    desk.inbox.take([desk.record(ERASURES, REF, other)])
    assert payloads(desk)[0][1] is not None
    stays = make_task(REF, opened_by="e2").model_copy(update={"scope_id": OTHER_SCOPE, "evidence": ()})
    desk.inbox.take([desk.record(TASKS_OUTREACH, REF, stays), desk.record(ERASURES, REF, scope_erasure())])
    assert sorted(payload is None for _, payload in payloads(desk)) == [False, True]


def test_a_record_of_before_the_erasure_of_a_scope_that_was_left_out_lets_no_task_in(desk: Desk) -> None:
    desk.inbox.take([desk.record(CONSENTS, REF, without_the_first(2)), desk.record(ERASURES, REF, scope_erasure())])
    resumed = two_scopes(version=3, starts_days=5).model_copy(update={"recorded_at": NOW - timedelta(seconds=1)})
    task = make_task(REF).model_copy(update={"consent_version": 3})
    desk.inbox.take([desk.record(CONSENTS, REF, resumed), desk.record(TASKS_OUTREACH, REF, task)])
    assert desk.states() == []


def test_what_another_scope_covers_stays_when_one_is_withdrawn(desk: Desk) -> None:
    task_id = take_task(desk, two_scopes(), opened=True)
    desk.inbox.take(
        [desk.record(CONSENTS, REF, two_scopes(withdrawn=True, version=2)), desk.record(ERASURES, REF, scope_erasure())]
    )
    assert desk.worklist.open_task(task_id, "outreach").content is not None
    assert awaited(desk) == [("delivery", None)]


def test_a_later_consent_lets_no_task_in_that_tells_of_what_a_withdrawn_one_covered(desk: Desk) -> None:
    desk.inbox.take([desk.record(CONSENTS, REF, two_scopes(withdrawn=True, version=3, starts_days=0))])
    desk.inbox.take([desk.record(TASKS_OUTREACH, REF, make_task(REF))])
    assert desk.states() == []


def test_that_the_files_hold_nothing_any_more_is_told_once(desk: Desk) -> None:
    take_task(desk, make_consent(REF), opened=False)
    desk.inbox.take([desk.record(ERASURES, REF, make_erasure(REF))])
    assert [desk.inbox.tell_emptied() for _ in range(2)] == [1, 0]
    assert awaited(desk)[-1] == ("delivery-store", None)


def taken_over(desk: Desk) -> ReferralTask:
    """A task that the outreach team has read, and that SSPF has taken over."""
    task = come(desk, recipients=("outreach", "sspf"))
    assert desk.worklist.open_task(task.task_id, "outreach").content is not None
    desk.clock.set(DUE)
    make_calls(desk).make_due()
    take_over(desk, task)
    return task


def asked(desk: Desk, team: str) -> list[bool]:
    return [one.recalled for one in desk.worklist.of_team(team)]


def test_each_team_that_read_a_task_is_told_of_the_withdrawal_awaited_and_says_that_it_knows(desk: Desk) -> None:
    task = taken_over(desk)
    ref = task.youth_ref
    before = desk.worklist.version_of("outreach")
    withdrawn = make_consent(ref, 2, status=ConsentStatus.WITHDRAWN)
    desk.inbox.take([desk.record(CONSENTS, ref, withdrawn), desk.record(ERASURES, ref, make_erasure(ref))])
    assert awaited(desk) == [("delivery", None), ("delivery", "outreach"), ("delivery", "sspf")]
    assert (asked(desk, "outreach"), asked(desk, "sspf")) == ([True], [True])
    assert desk.worklist.version_of("outreach") != before
    assert desk.worklist.find(task.task_id[:8], ["outreach"]) == [("outreach", task.task_id)]
    desk.worklist.acknowledge(task.task_id, "outreach")
    assert (asked(desk, "outreach"), asked(desk, "sspf")) == ([], [True])
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert desk.worklist.open_task(task.task_id, "outreach").acknowledged_at is not None
    desk.worklist.acknowledge(task.task_id, "sspf")
    assert [desk.inbox.pass_on_acknowledgements() for _ in range(2)] == [1, 0]
    assert awaited(desk)[3:] == [("receiver-outreach", None), ("receiver-sspf", None)]


def test_a_team_that_had_a_task_before_sees_of_it_only_that_consent_is_withdrawn(desk: Desk) -> None:
    task = taken_over(desk)
    with pytest.raises(RejectedError) as refused:
        desk.worklist.open_task(task.task_id, "outreach")
    assert refused.value.code == "unknown_task"
    opened = desk.worklist.open_task(task.task_id, "sspf")
    desk.answering.move(task.task_id, "sspf", Asked(Move.DECLINE, "no_capacity"), Who("bo"), seen=opened.version, record=int)
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, make_consent(task.youth_ref, 2, status=ConsentStatus.WITHDRAWN))])
    seen = desk.worklist.open_task(task.task_id, "outreach")
    assert (seen.former, seen.team, seen.recalled, seen.state, seen.reason) == (True, "outreach", True, TaskState.RECALLED, None)
    assert (seen.content, seen.closed_at, seen.answered_at, seen.opened_at) == (None, None, None, NOW)


def test_a_team_that_never_read_a_task_which_another_took_over_is_not_asked(desk: Desk) -> None:
    task = come(desk, recipients=("outreach", "sspf"))
    desk.clock.set(DUE)
    make_calls(desk).make_due()
    take_over(desk, task)
    desk.inbox.take([desk.record(ERASURES, task.youth_ref, make_erasure(task.youth_ref))])
    assert awaited(desk) == [("delivery", None), ("delivery", "sspf")]


def test_a_scope_withdrawn_that_alone_named_the_team_before_is_told_to_it_and_takes_its_notes(desk: Desk) -> None:
    task = taken_over(desk)
    ref = task.youth_ref
    both = two_scopes(version=2).model_copy(update={"youth_ref": ref})
    first, second = (
        one.model_copy(update={"recipients": (team,)}) for one, team in zip(both.scopes, ("outreach", "sspf"), strict=True)
    )
    desk.inbox.take([desk.record(CONSENTS, ref, both.model_copy(update={"scopes": (first, second)}))])
    desk.inbox.take([desk.record(ERASURES, ref, scope_erasure().model_copy(update={"youth_ref": ref}))])
    assert awaited(desk) == [("delivery", None), ("delivery", "outreach")]
    assert asked(desk, "outreach") == [True]
    assert desk.worklist.open_task(task.task_id, "sspf").content is not None
    desk.worklist.acknowledge(task.task_id, "outreach")
    assert desk.inbox.pass_on_acknowledgements() == 1
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 9, status=ConsentStatus.WITHDRAWN))])
    assert (asked(desk, "outreach"), asked(desk, "sspf")) == ([], [True])
