"""Judges what a disturbed demo left: nothing lost, nothing doubled, the same tasks. Pure, so that it can be shown to bite.

Everything is named by the town's numbers of youths, never by reference or identifier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hub.contract.models import (
    Action,
    PersonEvent,
    PlaceEvent,
    PlaceKind,
    PoliceNotice,
    PresenceTask,
    ReferralTask,
    RiskEvent,
    SchoolAbsence,
)
from hub.delivery.worklist import TaskView
from hub.demo.expected import CONSENT_SPANS, COVERED, Expectation, Outcome
from hub.demo.facts import Town, Youth

__all__ = ["Aftermath", "Fact", "check", "facts_of", "repeated_events", "repeated_tasks"]


class Fact(NamedTuple):
    """One fact as an event tells it: whose (or where), when, and what."""

    subject: int | str
    at: datetime
    what: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """All that stands on the event and task topics, repeats included, and in the inbox. `numbers`: reference → youth."""

    events: Sequence[PersonEvent | PlaceEvent]
    tasks: Sequence[ReferralTask | PresenceTask]
    inbox: Sequence[TaskView]
    numbers: Mapping[str, int] = field(default_factory=dict)


def check(town: Town, expected: Expectation, found: Aftermath) -> list[str]:
    """What is wrong, in words; empty when all is well."""
    return [*_wrong_events(town, found), *_wrong_tasks(expected, found), *_wrong_inbox(expected, found)]


def repeated_events(found: Aftermath) -> Counter[str]:
    """Records that stand on the topics more than once under the same identity and revision, by connector."""
    seen = Counter((event.connector, event.event_id, event.revision) for event in found.events)
    repeats: Counter[str] = Counter()
    for (connector, _identity, _revision), number in seen.items():
        repeats[connector] += number - 1
    return +repeats


def repeated_tasks(found: Aftermath) -> int:
    """Task records that say again what was said before."""
    return len(found.tasks) - len({(task.task_id, task.action) for task in found.tasks})


def facts_of(town: Town) -> set[Fact]:
    """What the foreign systems hold and consent covers, straight from the town: every one must come to a topic."""
    facts = {fact for youth in town.youths if youth.consent in COVERED for fact in _person_facts(youth, town.start)}
    for row in town.est_rows:
        year, week = map(int, row.week.split("-W"))
        noon = datetime.fromisocalendar(year, week, 7).replace(hour=12, tzinfo=town.start.tzinfo)
        facts.add(Fact(f"0581-{row.area.lower()}", noon.astimezone(UTC), (row.category, row.incidents)))
    facts |= {Fact(f"0581-{one.area.lower()}", one.at.astimezone(UTC), ("gathering", 1)) for one in town.gatherings}
    return facts


def _person_facts(youth: Youth, start: datetime) -> Iterable[Fact]:
    span = CONSENT_SPANS[youth.consent]
    assert span is not None
    begins, ends = (start - timedelta(days=days) for days in span)
    told: list[tuple[datetime, tuple[str | int, ...]]] = [
        *((fact.lesson.start, ("excused" if fact.excused else "unexcused", fact.minutes)) for fact in youth.absences),
        *((fact.at, (fact.category, fact.may_tell_youth)) for fact in youth.notices),
        *((fact.at, (fact.concern,)) for fact in youth.observations),
    ]
    return (Fact(youth.number, at.astimezone(UTC), what) for at, what in told if begins <= at < ends)


def _fact(event: PersonEvent | PlaceEvent, numbers: Mapping[str, int]) -> Fact:
    match event:
        case SchoolAbsence():
            what: tuple[str | int, ...] = (event.kind.value, event.minutes)
        case PoliceNotice():
            what = (event.category.value, event.may_tell_youth)
        case RiskEvent():
            what = (event.concern.value,)
        case PlaceEvent():
            return Fact(event.area, event.occurred_at, (event.category.value, event.incidents))
        case _:
            raise TypeError(type(event).__name__)
    return Fact(numbers.get(event.youth_ref, "nobody of the town"), event.occurred_at, what)


def _wrong_events(town: Town, found: Aftermath) -> list[str]:
    # The police feed's own rows are no facts of the town; their contract test counts them.
    events = [one for one in found.events if not (isinstance(one, PlaceEvent) and one.kind is PlaceKind.POLICE_EVENT)]
    by_identity: dict[str, set[tuple[int, Fact]]] = {}
    for event in events:
        by_identity.setdefault(event.event_id, set()).add((event.revision, _fact(event, found.numbers)))
    wrong = ["one event under two contents or revisions" for told in by_identity.values() if len(told) != 1]
    wrong += ["a first revision that is none" for told in by_identity.values() for revision, _ in told if revision != 1]
    stands = Counter(fact for told in by_identity.values() for _, fact in told)
    due = Counter(facts_of(town))
    wrong += [f"{one.subject}, {one.at}: lost" for one in sorted((due - stands).elements(), key=repr)]
    wrong += [
        f"{one.subject}, {one.at}: under two identities, or never told" for one in sorted((stands - due).elements(), key=repr)
    ]
    return wrong


def _wrong_tasks(expected: Expectation, found: Aftermath) -> list[str]:
    """The topics: each expected task was proposed, under one id however often, and nothing else was."""
    ids: dict[Outcome | tuple[str, str], set[str]] = {}
    wrong = []
    for task in found.tasks:
        if task.action is not Action.OPEN:
            wrong.append(f"{task.rule_id}: a task lost its ground although nothing was corrected")
            continue
        match task:
            case ReferralTask():
                named: Outcome | tuple[str, str] = Outcome(found.numbers.get(task.youth_ref, -1), task.rule_id, task.team)
            case PresenceTask():
                named = (task.area, task.week)
        ids.setdefault(named, set()).add(task.task_id)
    wrong += [f"{one}: proposed under {len(known)} ids" for one, known in ids.items() if len(known) > 1]
    due = {*expected.tasks, *expected.presence}
    wrong += [f"{one}: never proposed" for one in sorted(due - ids.keys(), key=repr)]
    wrong += [f"{one}: proposed, not expected" for one in sorted(ids.keys() - due, key=repr)]
    return wrong


def _wrong_inbox(expected: Expectation, found: Aftermath) -> list[str]:
    """The inbox: each proposed task once, and at most one open task per youth and rule."""
    rows = Counter(view.task_id for view in found.inbox)
    proposed = {task.task_id for task in found.tasks}
    wrong = [f"a task stands {number} times in the inbox" for number in rows.values() if number > 1]
    wrong += ["a proposed task never reached the inbox"] * len(proposed - rows.keys())
    wrong += ["a task in the inbox that was never proposed"] * len(rows.keys() - proposed)
    open_now: Counter[tuple[int | str, str, str]] = Counter()
    for view in found.inbox:
        match view.content:
            case ReferralTask() as task if view.closed_at is None:
                open_now[found.numbers.get(task.youth_ref, -1), view.rule_id, view.team] += 1
            case PresenceTask() as task if view.closed_at is None:
                open_now[task.area, view.rule_id, task.week] += 1
    wrong += [f"{one}: {number} open tasks" for one, number in open_now.items() if number > 1]
    wanted = {(one.youth, one.rule, one.team) for one in expected.open_at_end}
    open_referrals = {one for one in open_now if isinstance(one[0], int)}
    wrong += [f"{one}: not open at the end" for one in sorted(wanted - open_referrals)]
    wrong += [f"{one}: open at the end, not expected" for one in sorted(open_referrals - wanted)]
    return wrong
