"""The chaos rounds' checker is known to bite: what is lost, doubled or missing in a made-up aftermath, it names."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from hub.contract.ids import task_id
from hub.contract.models import Action, Cooperation, PlaceCategory, PresenceTask, Priority, ReferralTask, TaskState
from hub.delivery.worklist import TaskView
from hub.demo.expected import expect
from hub.demo.facts import STOCKHOLM, Youth
from hub.demo.town import build_town
from tests.chaos.checking import Aftermath, check, facts_of, repeated_events, repeated_tasks
from tests.unit.core.make import NOW, SSPF_SCOPE, make_place_event
from tests.unit.demo.folding import person_events

TOWN = build_town()
EXPECTED = expect(TOWN)
FACTS = facts_of(TOWN)
CHANCE = random.Random(7)


def reference(number: int) -> str:
    return f"y{number:032x}"


def make_events() -> list:
    covered = {fact.subject for fact in FACTS}
    events = [
        event.model_copy(update={"youth_ref": reference(youth.number), "event_id": f"e{youth.number:04d}{event.event_id[5:]}"})
        for youth in TOWN.youths if youth.number in covered
        for event in told_of(youth)
    ]  # fmt: skip
    for number, row in enumerate(TOWN.est_rows):
        year, week = map(int, row.week.split("-W"))
        noon = datetime.fromisocalendar(year, week, 7).replace(hour=12, tzinfo=STOCKHOLM).astimezone(UTC)
        area, category = f"0581-{row.area.lower()}", PlaceCategory(row.category)
        events.append(make_place_event(f"e{number}", noon, row.incidents, area, category=category))
    events += [
        make_place_event(f"d{number}", one.at, 1, f"0581-{one.area.lower()}", category=PlaceCategory.GATHERING)
        for number, one in enumerate(TOWN.gatherings)
    ]
    return events


def told_of(youth: Youth) -> list:
    """The youth's events, without those that her consent does not cover."""
    due = {fact.at for fact in FACTS if fact.subject == youth.number}
    return [event for event in person_events(youth) if event.occurred_at in due]


def make_referral(youth: int, rule: str, team: str, opened_by: str = "first") -> ReferralTask:
    return ReferralTask(
        action=Action.OPEN, task_id=task_id(reference(youth), rule, opened_by), youth_ref=reference(youth), rule_id=rule,
        rules_version="1", team=team, function="outreach_contact", cooperation=Cooperation.SSPF, priority=Priority.NORMAL,
        created_at=NOW, respond_by=NOW, evidence=(), consent_version=1, scope_id=SSPF_SCOPE, area=None, age_years=15,
    )  # fmt: skip


def make_presence(area: str, week: str) -> PresenceTask:
    return PresenceTask(
        action=Action.OPEN, task_id=task_id(area, "place-presence", week), area=area, rule_id="place-presence", rules_version="1",
        week=week, created_at=NOW, incidents=5, at_least=5, window_days=7, categories=(), first_at=NOW, last_at=NOW,
    )  # fmt: skip


def make_view(task: ReferralTask | PresenceTask, *, closed: bool) -> TaskView:
    referral = isinstance(task, ReferralTask)
    return TaskView(
        task_id=task.task_id, kind="referral" if referral else "presence", team=task.team if referral else "outreach",
        function="", rule_id=task.rule_id, priority="normal", state=TaskState.CANCELLED if closed else TaskState.REQUESTED,
        reason=None, area=None, created_at=NOW, received_at=NOW, respond_by=None, opened_at=None, ground_lost_at=None,
        closed_at=NOW if closed else None, late=False, content=None if closed else task,
    )  # fmt: skip


def make_aftermath() -> Aftermath:
    """What an undisturbed demo leaves."""
    tasks: list = [make_referral(one.youth, one.rule, one.team) for one in sorted(EXPECTED.tasks)]
    tasks += [make_presence(area, week) for area, week in sorted(EXPECTED.presence)]
    ended = {reference(one.youth) for one in EXPECTED.cancelled}
    inbox = [make_view(task, closed=isinstance(task, ReferralTask) and task.youth_ref in ended) for task in tasks]
    numbers = {reference(youth.number): youth.number for youth in TOWN.youths}
    return Aftermath(make_events(), tasks, inbox, numbers)


GOOD = make_aftermath()


def wrong(**changes) -> list[str]:
    return check(TOWN, EXPECTED, replace(GOOD, **changes))


def test_an_undisturbed_demo_is_found_to_be_in_order() -> None:
    assert len(GOOD.events) > 500
    assert check(TOWN, EXPECTED, GOOD) == []
    assert repeated_events(GOOD).total() == repeated_tasks(GOOD) == 0


def test_repeats_under_the_same_identity_are_counted_and_allowed() -> None:
    events = [*GOOD.events, GOOD.events[0].model_copy(update={"recorded_at": NOW}), GOOD.events[0]]
    tasks = [*GOOD.tasks, GOOD.tasks[0]]
    repeated = replace(GOOD, events=events, tasks=tasks)
    assert check(TOWN, EXPECTED, repeated) == []
    assert repeated_events(repeated) == {GOOD.events[0].connector: 2}
    assert repeated_tasks(repeated) == 1


def test_a_lost_event_is_noticed() -> None:
    events = list(GOOD.events)
    events.pop(CHANCE.randrange(len(events)))
    assert len(wrong(events=events)) == 1
    assert "lost" in wrong(events=events)[0]


def test_an_event_under_a_second_identity_is_noticed() -> None:
    double = GOOD.events[3].model_copy(update={"event_id": "e" + "f" * 40})
    assert any("two identities" in line for line in wrong(events=[*GOOD.events, double]))


def test_a_revision_without_a_change_is_noticed() -> None:
    again = GOOD.events[3].model_copy(update={"revision": 2})
    assert wrong(events=[*GOOD.events, again])


def test_an_event_of_somebody_without_consent_is_noticed() -> None:
    stranger = next(youth for youth in TOWN.youths if youth.consent == "none" and youth.absences)
    event = person_events(stranger)[0].model_copy(update={"youth_ref": reference(stranger.number), "event_id": "e" + "a" * 40})
    assert any("never told" in line for line in wrong(events=[*GOOD.events, event]))


def test_a_task_that_was_never_proposed_is_noticed() -> None:
    missing = CHANCE.randrange(len(GOOD.tasks))
    tasks = [task for number, task in enumerate(GOOD.tasks) if number != missing]
    inbox = [view for view in GOOD.inbox if view.task_id != GOOD.tasks[missing].task_id]
    assert any("never proposed" in line for line in wrong(tasks=tasks, inbox=inbox))


def test_a_task_that_was_proposed_and_did_not_arrive_is_noticed() -> None:
    assert any("never reached" in line for line in wrong(inbox=GOOD.inbox[1:]))


def test_the_same_task_under_a_second_id_is_noticed_on_the_topic_and_in_the_inbox() -> None:
    one = next(iter(sorted(EXPECTED.open_at_end)))
    double = make_referral(one.youth, one.rule, one.team, opened_by="second")
    said = wrong(tasks=[*GOOD.tasks, double], inbox=[*GOOD.inbox, make_view(double, closed=False)])
    assert any("2 ids" in line for line in said)
    assert any("2 open tasks" in line for line in said)


def test_a_task_that_nobody_expects_is_noticed() -> None:
    quiet = next(youth.number for youth in TOWN.youths if youth.profile == "quiet")
    extra = make_referral(quiet, "absence-alone", "outreach")
    said = wrong(tasks=[*GOOD.tasks, extra], inbox=[*GOOD.inbox, make_view(extra, closed=False)])
    assert any("proposed, not expected" in line for line in said)
    assert any("open at the end, not expected" in line for line in said)


def test_a_task_that_survives_its_withdrawal_is_noticed() -> None:
    ended = {one.task_id for one in GOOD.inbox if one.closed_at is not None}
    survivor = next(task for task in GOOD.tasks if task.task_id in ended)
    inbox = [make_view(survivor, closed=False) if view.task_id == survivor.task_id else view for view in GOOD.inbox]
    assert any("open at the end, not expected" in line for line in wrong(inbox=inbox))


def test_a_task_closed_for_no_reason_is_noticed() -> None:
    one = next(iter(sorted(EXPECTED.open_at_end)))
    closed = make_referral(one.youth, one.rule, one.team)
    inbox = [make_view(closed, closed=True) if view.task_id == closed.task_id else view for view in GOOD.inbox]
    assert any("not open at the end" in line for line in wrong(inbox=inbox))


def test_a_task_that_lost_its_ground_is_noticed() -> None:
    lost = GOOD.tasks[0].model_copy(update={"action": Action.GROUND_LOST})
    assert any("lost its ground" in line for line in wrong(tasks=[*GOOD.tasks, lost]))
