"""A worker's state and an inbox that hear each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from hub.clock import ManualClock
from hub.contract.models import ConsentRecord, ReferralTask, TaskEvent
from hub.contract.topics import CONSENTS, TASK_EVENTS, TASKS_OUTREACH
from hub.core.instants import from_ms
from hub.core.rules import CompiledRules
from hub.core.state import YouthState, new_state
from hub.core.step import Step, YouthEvent, step, wake
from hub.delivery.moves import OPEN_STATES
from tests.unit.core.make import NOW, YOUTH
from tests.unit.delivery.make import Desk


class Between:
    """`rules` may be others from one day to the next. Days are counted from NOW."""

    def __init__(self, desk: Desk, clock: ManualClock, rules: CompiledRules) -> None:
        self.desk, self.clock, self.rules, self.heard = desk, clock, rules, 0
        self.state: YouthState = new_state(YOUTH)

    def happens(self, day: float, event: YouthEvent) -> None:
        at = NOW + timedelta(days=day)
        self.passes(day)
        if isinstance(event, ConsentRecord):
            self.desk.inbox.take([self.desk.record(CONSENTS, YOUTH, event)])
        self.deliver(self.think(step(self.state, event, self.rules, at)))
        self.hear()

    def passes(self, day: float) -> None:
        at = NOW + timedelta(days=day)
        self.clock.advance(at - self.clock.now())
        while self.state.wake_ms is not None and from_ms(self.state.wake_ms) <= at:
            self.deliver(self.think(wake(self.state, self.rules, from_ms(self.state.wake_ms))))

    def think(self, done: Step) -> tuple[ReferralTask, ...]:
        """The worker holds what came of a step; what it says is handed back."""
        self.state = done.state
        return done.tasks

    def deliver(self, tasks: Iterable[ReferralTask]) -> None:
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, YOUTH, task) for task in tasks])

    def hear(self) -> None:
        """The worker hears what delivery has told since it heard last, and delivery what comes of that."""
        told = [one for one in self.desk.outbox(TASK_EVENTS) if isinstance(one, TaskEvent)]
        fresh, self.heard = told[self.heard :], len(told)
        for event in fresh:
            self.deliver(self.think(step(self.state, event, self.rules, self.clock.now())))

    def believed(self) -> str | None:
        """The id of the one task that the worker holds to be open."""
        (one,) = self.state.episodes.values() or (None,)
        return None if one is None else one.task_id

    def open_task(self) -> str | None:
        """The id of the one open task that the inbox has."""
        (one,) = [view.task_id for view in self.desk.worklist.all_tasks() if view.state in OPEN_STATES] or (None,)
        return one
