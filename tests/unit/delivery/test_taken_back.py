"""What the inbox takes back, the worker hears, and proposes anew where the rest suffices: nobody's task is lost without a word."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.clock import ManualClock
from hub.contract.models import ConsentRecord, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, TASK_EVENTS, TASKS_OUTREACH
from hub.core.instants import from_ms
from hub.core.state import YouthState, new_state
from hub.core.step import Step, YouthEvent, step, wake
from tests.unit.core.make import NOW, SCHOOL, YOUTH, make_absence, make_consent, make_scope
from tests.unit.core.make_rules import make_rules
from tests.unit.delivery.make import Desk

FORMER_SCHOOL = "school-b"
COUNT = {"id": "absences", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}
RULES = make_rules(when=[COUNT])


class Between:
    """A worker's state and an inbox that hear each other."""

    def __init__(self, desk: Desk, clock: ManualClock) -> None:
        self.desk, self.clock, self.heard = desk, clock, 0
        self.state: YouthState = new_state(YOUTH)

    def happens(self, day: float, event: YouthEvent) -> None:
        at = NOW + timedelta(days=day)
        self.clock.advance(at - self.clock.now())
        while self.state.wake_ms is not None and from_ms(self.state.wake_ms) <= at:
            self._pass_on(wake(self.state, RULES, from_ms(self.state.wake_ms)))
        if isinstance(event, ConsentRecord):
            self.desk.inbox.take([self.desk.record(CONSENTS, YOUTH, event)])
        self._pass_on(step(self.state, event, RULES, at))
        self._hear(at)

    def _pass_on(self, done: Step) -> None:
        self.state = done.state
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, YOUTH, task) for task in done.tasks])

    def _hear(self, at: datetime) -> None:
        told = [one for one in self.desk.outbox(TASK_EVENTS) if isinstance(one, TaskEvent)]
        fresh, self.heard = told[self.heard :], len(told)
        for event in fresh:
            self._pass_on(step(self.state, event, RULES, at))


def test_after_a_change_of_school_the_new_schools_absences_are_proposed_under_the_consent_of_now(
    desk: Desk, clock: ManualClock
) -> None:
    """The task was opened on the former school's word, which counts no longer here, and which the consent names no longer."""
    between = Between(desk, clock)
    between.happens(0, make_consent(make_scope(agencies=(SCHOOL, FORMER_SCHOOL))))
    between.happens(0, make_absence(1, NOW - timedelta(hours=2), agency=FORMER_SCHOOL))
    (first,) = between.state.episodes.values()
    for number, day in ((2, 5), (3, 10)):
        between.happens(day, make_absence(number, NOW + timedelta(days=day, hours=-2)))
    assert [one.task_id for one in between.state.episodes.values()] == [first.task_id]
    between.happens(11, make_consent(make_scope(agencies=(SCHOOL,)), version=2))
    (second,) = between.state.episodes.values()
    assert second.task_id != first.task_id
    assert sorted(state for state, _ in desk.states()) == [TaskState.CANCELLED, TaskState.RECEIVED]
