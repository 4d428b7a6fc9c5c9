"""Who has read a task, lost it and has it again: each withdrawal is told to whoever knows what it takes."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord, ConsentStatus, ReferralTask
from hub.contract.topics import CONSENTS, ERASURES
from hub.delivery.calls import Calls
from hub.delivery.ladder import Ladder
from hub.delivery.readers import ReaderRow
from hub.errors import RejectedError
from tests.unit.delivery.make import NOW, SCOPE, Desk, make_consent, make_erasure
from tests.unit.delivery.test_calls import TEAMS, take_over
from tests.unit.delivery.test_ladder import Calls as TeamCalls
from tests.unit.delivery.test_withdrawing import OTHER_SCOPE, asked, awaited, scope_erasure, taken_over, two_scopes

LATER_SCOPE = "33333333-3333-4333-8333-333333333333"
WHOLE = "44444444-4444-4444-8444-444444444444"


def recalled_from_former(desk: Desk) -> tuple[ReferralTask, ConsentRecord]:
    """Outreach had read it, SSPF has it, and what named outreach is withdrawn: outreach is asked. And the consent."""
    task = taken_over(desk)
    ref = task.youth_ref
    consent = two_scopes(version=2, withdrawn=True).model_copy(update={"youth_ref": ref})
    first, second = consent.scopes
    consent = consent.model_copy(update={"scopes": (first, second.model_copy(update={"recipients": ("sspf",)}))})
    request = scope_erasure().model_copy(update={"youth_ref": ref})
    desk.inbox.take([desk.record(CONSENTS, ref, consent), desk.record(ERASURES, ref, request)])
    assert (awaited(desk)[1:], asked(desk, "outreach")) == ([("delivery", "outreach")], [True])
    return task, consent


def is_named_anew(desk: Desk, task: ReferralTask, consent: ConsentRecord) -> None:
    """A consent of later names outreach, which is called in SSPF's place."""
    later = consent.scopes[1].model_copy(update={"scope_id": LATER_SCOPE, "recipients": ("outreach", "sspf")})
    consent = consent.model_copy(update={"version": 3, "scopes": (*consent.scopes, later)})
    desk.inbox.take([desk.record(CONSENTS, task.youth_ref, consent)])
    Calls(desk.engine, desk.clock, Ladder({"sspf": TeamCalls(deputy="outreach")})).make_due()


def withdraw_all(desk: Desk, ref: str) -> None:
    whole = make_erasure(ref).model_copy(update={"erasure_id": WHOLE})
    withdrawn = make_consent(ref, 9, status=ConsentStatus.WITHDRAWN)
    desk.inbox.take([desk.record(CONSENTS, ref, withdrawn), desk.record(ERASURES, ref, whole)])


def told_of(desk: Desk, erasure_id: str) -> list[tuple[str | None, str | None]]:
    return [(one.component, one.awaits) for one in desk.outbox(ERASURES) if one.erasure_id == erasure_id]


@pytest.mark.parametrize("passed_on", [True, False])
@pytest.mark.parametrize("acknowledged", ["before", "after"])
def test_a_team_that_has_a_task_again_is_told_of_the_next_withdrawal_whatever_it_has_acknowledged(
    desk: Desk, acknowledged: str, *, passed_on: bool
) -> None:
    task, consent = recalled_from_former(desk)
    is_named_anew(desk, task, consent)
    if acknowledged == "before":
        desk.worklist.acknowledge(task.task_id, "outreach")
    take_over(desk, task, "outreach")
    if acknowledged == "after":
        desk.worklist.acknowledge(task.task_id, "outreach")
    seen = desk.worklist.open_task(task.task_id, "outreach")
    assert (seen.content is not None, seen.recalled, seen.acknowledged_at) == (True, False, None)
    if passed_on:
        assert desk.inbox.pass_on_acknowledgements() == 1
    withdraw_all(desk, task.youth_ref)
    assert told_of(desk, SCOPE) == [("delivery", None), ("delivery", "outreach"), ("receiver-outreach", None)]
    assert told_of(desk, WHOLE) == [("delivery", None), ("delivery", "outreach"), ("delivery", "sspf")]
    assert (asked(desk, "outreach"), asked(desk, "sspf")) == ([True], [True])
    desk.worklist.acknowledge(task.task_id, "outreach")
    assert desk.inbox.pass_on_acknowledgements() == 1
    assert told_of(desk, WHOLE)[-1] == ("receiver-outreach", None)


def test_what_a_team_has_yet_to_say_of_another_task_keeps_no_withdrawal_of_one_it_has_again_from_it(desk: Desk) -> None:
    task, consent = recalled_from_former(desk)
    with Session(desk.engine) as session, session.begin():
        session.add(ReaderRow(task_id=OTHER_SCOPE, team="outreach", at=NOW, recall_of=task.youth_ref, recall_id=SCOPE))
    is_named_anew(desk, task, consent)
    take_over(desk, task, "outreach")
    desk.worklist.acknowledge(task.task_id, "outreach")
    assert desk.inbox.pass_on_acknowledgements() == 0
    withdraw_all(desk, task.youth_ref)
    assert told_of(desk, WHOLE) == [("delivery", None), ("delivery", "outreach"), ("delivery", "sspf")]
    assert asked(desk, "outreach") == [True]


def test_a_team_that_had_a_task_again_and_lost_it_again_is_asked_as_any_that_had_it_before_and_else_sees_nothing(
    desk: Desk,
) -> None:
    task, consent = recalled_from_former(desk)
    desk.worklist.acknowledge(task.task_id, "outreach")
    is_named_anew(desk, task, consent)
    take_over(desk, task, "outreach")
    Calls(desk.engine, desk.clock, Ladder(TEAMS)).make_due()
    take_over(desk, task, "sspf")
    with pytest.raises(RejectedError) as refused:
        desk.worklist.open_task(task.task_id, "outreach")
    assert refused.value.code == "unknown_task"
    withdraw_all(desk, task.youth_ref)
    assert asked(desk, "outreach") == [True]
