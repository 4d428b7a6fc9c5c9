"""Whether a team may have a task: the same question as the worker's, by what the evidence says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.contract.models import ConsentRecord, EvidenceEvent, Followed, InfoKind, Narrowing, ReferralTask, Scope
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.core.consent import Purpose
from hub.delivery.permission import decide_task
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task

REF = "y" + "a" * 32
OTHER_SCOPE = "22222222-2222-4222-8222-222222222222"
TASK = make_task(REF)
FIRST = min(one.first_at for one in TASK.evidence)


def scope(**changes: Any) -> Scope:
    (ordinary,) = make_consent(REF).scopes
    return ordinary.model_copy(update=changes)


def under(*scopes: Scope, version: int = 1) -> ConsentRecord:
    return make_consent(REF, version).model_copy(update={"scopes": scopes})


def rule(consent: ConsentRecord, purpose: Purpose = Purpose.DELIVER, at: datetime = NOW, task: ReferralTask = TASK) -> str:
    return decide_task(consent, task, purpose=purpose, at=at).rule


def followed(*events: tuple[InfoKind, datetime, str]) -> ReferralTask:
    """Absence that a police notice followed; `events` are the newest of it."""
    then = Followed(condition="police_notices", kind=InfoKind.POLICE_NOTICE, within_hours=48, happens=True)
    (evidence,) = TASK.evidence
    evidence = evidence.model_copy(
        update={
            "agencies": ("police", "school"),
            "narrowing": Narrowing(on_school_days=False, then=then),
            "events": tuple(EvidenceEvent(kind=kind, occurred_at=at, agency=agency) for kind, at, agency in events),
        }
    )
    return TASK.model_copy(update={"evidence": (evidence,)})


@pytest.mark.parametrize("purpose", [Purpose.DELIVER, Purpose.OPEN])
def test_a_consent_for_another_team_lends_its_time_to_no_later_one(purpose: Purpose) -> None:
    elsewhere = scope(recipients=("sspf",))
    later = scope(scope_id=OTHER_SCOPE, valid_from=FIRST + timedelta(milliseconds=1))
    assert rule(under(elsewhere, later), purpose) == "outside_period"
    assert rule(under(elsewhere, later.model_copy(update={"valid_from": FIRST})), purpose) == "permitted"


def test_a_consent_that_is_over_lends_its_time_to_no_later_one() -> None:
    over = scope(valid_to=NOW)
    later = scope(scope_id=OTHER_SCOPE, valid_from=FIRST + timedelta(milliseconds=1))
    assert rule(under(over, later), at=NOW - timedelta(milliseconds=1)) == "permitted"
    assert rule(under(over, later)) == "outside_period"


def test_a_consent_that_was_suspended_in_between_covers_what_it_covered() -> None:
    before = scope(valid_to=FIRST + timedelta(milliseconds=1))
    since = scope(valid_from=min(one.last_at for one in TASK.evidence))
    assert rule(under(before, since)) == "permitted"


def test_the_inbox_refuses_on_arrival_what_a_later_consent_does_not_reach_back_to(desk: Desk) -> None:
    consent = under(scope(recipients=("sspf",)), scope(scope_id=OTHER_SCOPE, valid_from=FIRST + timedelta(milliseconds=1)))
    desk.inbox.take([desk.record(CONSENTS, REF, consent), desk.record(TASKS_OUTREACH, REF, TASK)])
    assert desk.states() == []
    assert desk.worklist.counts()[TASKS_OUTREACH.name, "refused_outside_period"] == 1


def test_opening_shows_nothing_of_a_time_whose_consent_is_over(desk: Desk) -> None:
    later = scope(scope_id=OTHER_SCOPE, valid_from=FIRST + timedelta(milliseconds=1))
    consent = under(scope(valid_to=NOW + timedelta(hours=1)), later)
    desk.inbox.take([desk.record(CONSENTS, REF, consent), desk.record(TASKS_OUTREACH, REF, TASK)])
    desk.clock.advance(timedelta(hours=1))
    assert desk.worklist.open_task(TASK.task_id, "outreach").content is None


LAST = max(one.last_at for one in TASK.evidence)
SCHOOL = (InfoKind.SCHOOL_ABSENCE, FIRST, "school")
POLICE = (InfoKind.POLICE_NOTICE, LAST, "police")
APART = (scope(), scope(scope_id=OTHER_SCOPE, agencies=("police",), kinds=(InfoKind.POLICE_NOTICE,)))


def test_what_followed_is_asked_for_by_its_own_kind() -> None:
    assert rule(under(*APART), task=followed(SCHOOL, POLICE)) == "permitted"
    assert rule(under(scope()), task=followed(SCHOOL, POLICE)) == "no_scope_for_source"


def test_an_agency_whose_events_are_all_older_than_those_listed_is_asked_for_by_either_kind() -> None:
    assert rule(under(*APART), task=followed(POLICE)) == "permitted"
    assert rule(under(*APART), task=followed(SCHOOL)) == "permitted"
    assert rule(under(scope()), task=followed(SCHOOL)) == "no_scope_for_source"


def test_each_listed_event_is_asked_for_by_its_own_time() -> None:
    before = (InfoKind.POLICE_NOTICE, FIRST + timedelta(hours=1), "police")
    school, police = APART
    since = police.model_copy(update={"valid_from": before[1]})
    assert rule(under(school, since), task=followed(SCHOOL, before, POLICE)) == "permitted"
    later = police.model_copy(update={"valid_from": before[1] + timedelta(milliseconds=1)})
    assert rule(under(school, later), task=followed(SCHOOL, before, POLICE)) == "outside_period"
