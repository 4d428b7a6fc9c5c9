"""The worker's words on tasks: whatever is read first, at the end no open task lacks ground, and none that has ground misses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.contract.models import Action, ConsentRecord, ConsentStatus, InfoKind, ReferralTask, TaskState
from hub.contract.topics import CONSENTS, TASK_EVENTS, TASKS_OUTREACH, TASKS_SIG
from hub.delivery.tables import TaskRow
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task

REF = "y" + "a" * 32


def asked(team: str, minutes: int = 0, *, action: Action = Action.OPEN, version: int = 1) -> ReferralTask:
    """The rule's task for a team, proposed so many minutes after NOW."""
    task = make_task(REF, opened_by=f"{team}{minutes}", action=action)
    return task.model_copy(update={"team": team, "created_at": NOW + timedelta(minutes=minutes), "consent_version": version})


def take(desk: Desk, *messages: ReferralTask | ConsentRecord) -> None:
    for message in messages:
        sent_to = TASKS_SIG if isinstance(message, ReferralTask) and message.team == "sig" else TASKS_OUTREACH
        desk.inbox.take([desk.record(CONSENTS if isinstance(message, ConsentRecord) else sent_to, REF, message)])


def standing(desk: Desk) -> list[tuple[str, bool]]:
    """(team, whether it still has ground) of each open task."""
    with Session(desk.engine) as session:
        rows = session.scalars(select(TaskRow).where(TaskRow.open_key.is_not(None)).order_by(TaskRow.team))
        return [(row.team, row.ground_lost_at is None) for row in rows]


def somebody_reads(desk: Desk, team: str) -> None:
    with Session(desk.engine) as session, session.begin():
        for row in session.scalars(select(TaskRow).where(TaskRow.team == team)):
            row.opened_at = NOW


def told(desk: Desk, task: ReferralTask) -> list[tuple[TaskState, str | None]]:
    return [(one.state, one.reason) for one in desk.outbox(TASK_EVENTS) if one.task_id == task.task_id]


def outcomes(desk: Desk, topic: str = TASKS_OUTREACH.name) -> set[str]:
    return {outcome for (name, outcome) in desk.worklist.counts() if name == topic}


def test_a_rule_that_asks_another_team_recalls_what_nobody_of_the_former_one_has_read(desk: Desk) -> None:
    first = asked("outreach")
    take(desk, first, asked("sspf", 1))
    assert standing(desk) == [("sspf", True)]
    assert told(desk, first) == [(TaskState.RECEIVED, None), (TaskState.RECALLED, "other_team")]


def test_a_rule_that_asks_another_team_leaves_the_former_one_its_task_with_a_note(desk: Desk) -> None:
    take(desk, asked("outreach"))
    somebody_reads(desk, "outreach")
    take(desk, asked("sspf", 1))
    assert standing(desk) == [("outreach", False), ("sspf", True)]
    take(desk, asked("sspf", 1, action=Action.GROUND_LOST), asked("outreach", 2))
    assert standing(desk) == [("outreach", True)]


def test_a_repeat_takes_no_ground_from_the_team_that_was_asked_since(desk: Desk) -> None:
    take(desk, asked("outreach"))
    somebody_reads(desk, "outreach")
    take(desk, asked("sspf", 1), asked("outreach"), asked("sspf", 1))
    assert standing(desk) == [("outreach", False), ("sspf", True)]


def test_of_two_teams_on_two_topics_the_one_that_was_asked_last_has_the_task_whichever_is_read_first(desk: Desk) -> None:
    request, sig = asked("sspf"), asked("sig", 1)
    take(desk, sig, request)
    assert standing(desk) == [("sig", True)]
    assert told(desk, request) == [(TaskState.RECALLED, "other_team")]
    assert outcomes(desk) == {"refused_other_team"}
    take(desk, asked("sspf", 2))
    assert standing(desk) == [("sspf", True)]


def test_what_was_proposed_at_one_instant_is_ordered_by_the_consent_it_rests_on(desk: Desk) -> None:
    take(desk, asked("sig", version=2), asked("sspf"))
    assert standing(desk) == [("sig", True)]


def test_another_rules_task_stays_whoever_is_asked(desk: Desk) -> None:
    take(desk, make_task(REF, rule="another"), asked("sspf", 1))
    assert standing(desk) == [("outreach", True), ("sspf", True)]


def test_a_task_whose_consent_was_suspended_and_is_in_force_again_is_taken_back_when_consents_are_read_first(desk: Desk) -> None:
    """The worker says that the suspension ended it: delivery cannot know, of the consents it has only the newest."""
    take(desk, make_consent(REF, 3), asked("outreach"), asked("outreach", action=Action.GROUND_LOST, version=2))
    assert standing(desk) == []


def test_the_worker_hears_of_a_task_that_a_consent_refuses_which_it_had_not_read(desk: Desk) -> None:
    task = asked("outreach")
    take(desk, make_consent(REF, 2, kinds=(InfoKind.RISK_EVENT,)), task)
    assert told(desk, task) == [(TaskState.CANCELLED, "no_consent")]
    assert desk.states() == [], "nothing of it is kept"


@pytest.mark.parametrize(
    "consent", [make_consent(REF, 1, kinds=(InfoKind.RISK_EVENT,)), make_consent(REF, 2, status=ConsentStatus.WITHDRAWN)]
)
def test_nothing_is_told_of_a_task_refused_by_the_consent_it_was_proposed_under_or_by_a_withdrawal(
    desk: Desk, consent: ConsentRecord
) -> None:
    take(desk, consent, asked("outreach"))
    assert desk.outbox(TASK_EVENTS) == []


def test_a_repeat_of_a_task_that_has_ended_is_not_told_as_cancelled(desk: Desk) -> None:
    task = asked("outreach")
    take(desk, make_consent(REF), task, asked("outreach", action=Action.GROUND_LOST))
    take(desk, make_consent(REF, 2, kinds=(InfoKind.RISK_EVENT,)), task)
    assert told(desk, task)[-1] == (TaskState.RECALLED, "ground_lost")
