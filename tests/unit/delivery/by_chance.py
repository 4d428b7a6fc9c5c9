"""One youth's history by chance, between a worker that may be killed at any step, an inbox, and a team that reads and answers.

Pauses are drawn often: the rule's window is short, and the rule is removed or past its sunset now and then. So an episode often
ends silently while its task is open, and the next proposal is taken in by that one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.models import Action, ConsentRecord, ReferralTask, Scope, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, ERASURES, TASK_EVENTS, TASKS_OUTREACH
from hub.core.instants import from_ms
from hub.core.rules import CompiledRules
from hub.core.state import YouthState, new_state
from hub.core.step import Step, YouthEvent, step, wake
from hub.delivery.rows import ids_of
from hub.delivery.tables import Base, TaskRow
from hub.delivery.telling import Telling
from tests.unit.core.make import NOW, SCHOOL, YOUTH, make_absence, make_consent, make_scope
from tests.unit.core.make_rules import make_rules
from tests.unit.delivery.make import Desk

FORMER: Final = "school-b"
_COUNT: Final = {"id": "absences", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1}
RULE_SETS: Final = (
    make_rules(when=[{**_COUNT, "within_days": 4}]),
    make_rules(when=[{**_COUNT, "within_days": 30}], sunset="2025-05-26"),
    make_rules(when=[{**_COUNT, "within_days": 30}]),
    make_rules(id="another", when=[{**_COUNT, "within_days": 4, "at_least": 99}]),
)


@dataclass(frozen=True)
class Held:
    """What the worker has committed: its state, the rules, how far it has read, and the ids that its episodes had (`had`) and that ended without a
    word (`silent`).
    """

    state: YouthState = field(default_factory=lambda: new_state(YOUTH))
    rules: CompiledRules = RULE_SETS[0]
    read: tuple[int, int, int, int] = (0, 0, 0, 0)
    silent: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()


class Play:
    """`trail` says what was done, for whoever looks at a seed that fails."""

    def __init__(self, engine: Engine, seed: int) -> None:
        with engine.begin() as connection:
            for table in Base.metadata.sorted_tables:
                connection.execute(delete(table))
        self.chance = Random(seed)
        self.clock = ManualClock(NOW)
        self.desk = Desk(engine, self.clock)
        self.consents: list[ConsentRecord] = []
        self.events: list[YouthEvent] = []
        self.rule_sets: list[CompiledRules] = []
        self.said: list[ReferralTask] = []
        self.taken = [0, 0]
        self.committed = self.held = Held()
        self.revisions: dict[int, tuple[datetime, str, int]] = {}
        self.trail: list[str] = []

    def run(self, turns: int) -> None:
        self._consent((SCHOOL, FORMER))
        deeds = (
            (self._pass_time, 5), (self._absence, 5), (self._correct, 2), (self._new_consent, 1), (self._new_rules, 1),
            (self._read, 14), (self._commit, 6), (self._kill, 2), (self._deliver, 12), (self._team_reads, 3), (self._team_answers, 1),
        )  # fmt: skip
        for deed in self.chance.choices([deed for deed, _ in deeds], [weight for _, weight in deeds], k=turns):
            deed()
        while self._read() or self._deliver():
            pass

    def rows(self) -> list[TaskRow]:
        with Session(self.desk.engine) as session:
            return list(session.scalars(select(TaskRow)))

    def _now(self) -> datetime:
        return self.clock.now()

    def _pass_time(self) -> None:
        self.clock.advance(timedelta(hours=self.chance.choice([6, 24, 24, 72, 120])))

    def _absence(self) -> None:
        number, at = len(self.revisions) + 1, self._now() - timedelta(hours=self.chance.choice([1, 1, 30]))
        self.revisions[number] = (at, self.chance.choice([SCHOOL, FORMER]), 1)
        self.events.append(make_absence(number, at, agency=self.revisions[number][1]))

    def _correct(self) -> None:
        if self.revisions:
            number = self.chance.choice(list(self.revisions))
            at, agency, revision = self.revisions[number]
            self.revisions[number] = (at, agency, revision + 1)
            self.events.append(
                make_absence(
                    number, at, agency=agency, revision=revision + 1, retracted=revision % 2 == 1, recorded_at=self._now()
                )
            )

    def _new_consent(self) -> None:
        self._consent(self.chance.choice([(SCHOOL, FORMER), (SCHOOL,), (FORMER,)]))

    def _consent(self, agencies: tuple[str, ...]) -> None:
        days = self.chance.choice([3, 10, 200, 200])
        scopes: list[Scope] = [make_scope(agencies=agencies, valid_to=self._now() + timedelta(days=days))]
        if days <= 10 and self.chance.random() < 0.7:
            scopes.append(
                make_scope(
                    scope_id="00000000-0000-4000-8000-000000000003",
                    valid_from=scopes[0].valid_to,
                    valid_to=self._now() + timedelta(days=300),
                    agencies=(SCHOOL, FORMER),
                )
            )
        self.consents.append(make_consent(*scopes, version=len(self.consents) + 1, recorded_at=self._now()))

    def _new_rules(self) -> None:
        self.rule_sets.append(self.chance.choice(RULE_SETS))

    def _told(self) -> list[TaskEvent]:
        return [one for one in self.desk.outbox(TASK_EVENTS) if isinstance(one, TaskEvent)]

    def _read(self) -> bool:
        """The worker reads the next record of one topic, after what has become due; what it says stands in Kafka at once."""
        held = self.held
        while held.state.wake_ms is not None and from_ms(held.state.wake_ms) <= self._now():
            held = self._after(held, wake(held.state, held.rules, from_ms(held.state.wake_ms)))
        topics = (self.consents, self.events, self._told(), self.rule_sets)
        waiting = [number for number, topic in enumerate(topics) if len(topic) > held.read[number]]
        if waiting:
            number = self.chance.choice(waiting)
            record = topics[number][held.read[number]]
            read = tuple(at + (place == number) for place, at in enumerate(held.read))
            held = replace(held, read=read)
            if isinstance(record, CompiledRules):
                held = replace(held, rules=record)
                self.trail.append(f"rules {RULE_SETS.index(record)}")
            else:
                self.trail.append(f"reads {record!r:.300}")
                held = self._after(held, step(held.state, record, held.rules, self._now()), record)
        changed, self.held = held is not self.held, held
        return changed

    def _after(self, held: Held, done: Step, record: object = None) -> Held:
        self.said += done.tasks
        self.trail += [f"  says {task.action} {task.task_id[:8]}" for task in done.tasks]
        before = {one.task_id for one in held.state.episodes.values()}
        ended = before - {one.task_id for one in done.state.episodes.values()}
        spoken = {task.task_id for task in done.tasks} | ({record.task_id} if isinstance(record, TaskEvent) else set())
        had = held.had | {one.task_id for one in done.state.episodes.values()}
        return replace(held, state=done.state, silent=held.silent | (ended - spoken), had=had)

    def _commit(self) -> None:
        self.committed = self.held

    def _kill(self) -> None:
        self.trail.append("killed")
        self.held = self.committed

    def _deliver(self) -> bool:
        """Delivery takes the next record of one topic."""
        topics = ((CONSENTS, self.consents), (TASKS_OUTREACH, self.said))
        waiting = [number for number, (_, topic) in enumerate(topics) if len(topic) > self.taken[number]]
        if not waiting:
            return False
        number = self.chance.choice(waiting)
        topic, records = topics[number]
        record = records[self.taken[number]]
        self.taken[number] += 1
        self.desk.inbox.take([self.desk.record(topic, YOUTH, record)])
        self.trail.append(
            f"delivery took {number} {record!r:.90}: {[(r.task_id[:8], r.state, r.stands_for) for r in self.rows()]}"
        )
        return True

    def _team_reads(self) -> None:
        self.desk.inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], self._now())
        for row in self.rows():
            if row.open_key is not None:
                self.desk.worklist.open_task(row.task_id, row.team)

    def _team_answers(self) -> None:
        state = self.chance.choice([TaskState.REJECTED, TaskState.COMPLETED])
        with Session(self.desk.engine, autoflush=False) as session, session.begin():
            for row in session.scalars(select(TaskRow).where(TaskRow.open_key.is_not(None), TaskRow.opened_at.is_not(None))):
                row.state, row.closed_at, row.open_key = state.value, self._now(), None
                Telling(self.desk.codec, session, self._now()).state_of(row)
                self.trail.append(f"team {state} {row.task_id[:8]}")


def disagreements(play: Play) -> list[str]:
    """Where the worker and the inbox do not agree when all has been read.

    What was said only in a history that a kill undid, and was not said again, is left to its team, as after a rebuild.
    """
    rows = [row for row in play.rows() if row.open_key is not None]
    believed = {rule: one.task_id for rule, one in play.held.state.episodes.items()}
    found = [
        f"{rule}: nobody has {identity[:8]}"
        for rule, identity in believed.items()
        if not any(identity in ids_of(row) and row.ground_lost_at is None for row in rows)
    ]
    last = {task.rule_id: task for task in play.said}
    for row in rows:
        if row.ground_lost_at is not None or row.rule_id in believed or not play.held.had & set(ids_of(row)):
            continue
        if last[row.rule_id].action is Action.GROUND_LOST:
            found.append(f"{row.rule_id}: lost ground was not told of {row.task_id[:8]}")
        elif not play.held.silent & set(ids_of(row)):
            found.append(f"{row.rule_id}: {row.task_id[:8]} is open, and its episode ended with a word")
    return found
