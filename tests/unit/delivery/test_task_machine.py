"""Tasks against a reference model: whatever people, corrections and withdrawals do, and in whatever order, both say the same.

The model knows its moves from the words of `test_moves`, not from the table that the inbox goes by. People act on what they saw
last, which others may have changed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus, TaskEvent
from hub.contract.topics import CONSENTS, TASK_EVENTS, TASKS_OUTREACH
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.notes import NoteKind
from hub.delivery.tables import NoteRow, TaskRow
from hub.errors import RejectedError
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task
from tests.unit.delivery.test_moves import LEADS_TO

PEOPLE = {"anna": Who("anna"), "bo": Who("bo"), "chef": Who("chef", for_others=True)}
RULES = ("absence-alone", "repeated-observations")
MOVES = {
    Move.ACCEPT: Asked(Move.ACCEPT, concern=False),
    Move.DECLINE: Asked(Move.DECLINE, "no_capacity"),
    Move.UNDO: Asked(Move.UNDO),
    Move.START: Asked(Move.START),
    Move.HAND_OVER: Asked(Move.HAND_OVER, to="bo"),
    Move.COMPLETE: Asked(Move.COMPLETE, "service"),
}
OPEN = ("received", "accepted", "in-progress")


@dataclass
class Task:
    """What the model knows of one task. `grounds`: the messages that it stands for, each of which can lose its ground."""

    number: str
    youth: int
    rule: str
    grounds: list[str]
    state: str = "received"
    reason: str | None = None
    holder: str | None = None
    opened: bool = False
    lost: bool = False
    version: int = 1
    notes: int = 0
    told: list[str] = field(default_factory=lambda: ["received"])
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def asked(self, person: str, asked: Asked) -> str:
        """Do it, or say why not."""
        leads = dict(part.split("→") for part in LEADS_TO[self.state].split())
        if asked.move.value not in leads:
            return "illegal_move"
        held = self.state in {"accepted", "in-progress"}
        if held and person not in {self.holder, "chef"}:
            return "held_by_another"
        if asked.move is Move.HAND_OVER and self.holder == asked.to:
            return "nobody_named"
        if self.seen.get(person, 0) != self.version:
            return "changed_meanwhile"
        before, self.state = self.state, leads[asked.move.value]
        if asked.move is Move.ACCEPT:
            self.holder, self.opened = person, True
        elif asked.move is Move.UNDO:
            self.holder = None
        elif asked.move is Move.HAND_OVER:
            self.holder = asked.to
        self.reason = asked.reason or None
        self.version += 1
        if self.state != before:
            self.told.append(self.state)
        return ""

    def end(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason
        self.told.append(state)


class Tasks(RuleBasedStateMachine):
    """Two youths, two rules, three people of one team."""

    desk: Desk

    @initialize()
    def begin(self) -> None:
        self.refs = [new_youth_ref() for _ in range(2)]
        self.withdrawn: set[int] = set()
        self.tasks: list[Task] = []
        self.messages = self.events_before = 0
        with_consent = [self.desk.record(CONSENTS, ref, make_consent(ref)) for ref in self.refs]
        self.desk.inbox.take(with_consent)
        for person in PEOPLE:
            self.desk.answering.meet("outreach", person, person)

    def open_of(self, youth: int, rule_id: str) -> Task | None:
        return next((one for one in self.tasks if one.is_open and (one.youth, one.rule) == (youth, rule_id)), None)

    @rule(youth=st.integers(0, 1), rule_id=st.sampled_from(RULES))
    def arrive(self, youth: int, rule_id: str) -> None:
        self.messages += 1
        message = make_task(self.refs[youth], opened_by=f"e{self.messages}", rule=rule_id)
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, message.youth_ref, message)])
        same = self.open_of(youth, rule_id)
        if youth in self.withdrawn:
            return
        if same is None:
            self.tasks.append(Task(message.task_id, youth, rule_id, [f"e{self.messages}"]))
        else:  # one open task of the same takes the proposal in, and what it says
            same.lost, same.version = False, same.version + 1
            same.grounds.append(f"e{self.messages}")

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def lose_ground(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.tasks))
        ground = data.draw(st.sampled_from(task.grounds))
        message = make_task(self.refs[task.youth], opened_by=ground, rule=task.rule, action=Action.GROUND_LOST)
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, message.youth_ref, message)])
        if not task.is_open:
            return
        if not task.opened:
            task.end("recalled", "ground_lost")
            task.version += 1
        elif not task.lost:
            task.version += 1
        task.lost = True

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), person=st.sampled_from(sorted(PEOPLE)))
    def look(self, data: st.DataObject, person: str) -> None:
        task = data.draw(st.sampled_from(self.tasks))
        view = self.desk.worklist.open_task(task.number, "outreach")
        if task.is_open and not task.opened:
            task.opened, task.version = True, task.version + 1
        assert view.version == task.version
        assert (view.content is None) == (task.youth in self.withdrawn)
        task.seen[person] = view.version

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), person=st.sampled_from(sorted(PEOPLE)), move=st.sampled_from(sorted(MOVES)))
    def act(self, data: st.DataObject, person: str, move: Move) -> None:
        task = data.draw(st.sampled_from(self.tasks))
        expected, happened = task.seen.get(person, 0), ""
        try:
            self.desk.answering.move(task.number, "outreach", MOVES[move], PEOPLE[person], seen=expected, record=lambda: None)
        except RejectedError as error:
            happened = error.code
        assert happened == task.asked(person, MOVES[move])

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def note(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.tasks))
        happened = ""
        try:
            self.desk.notes.add(task.number, "outreach", "anna", NoteKind.NOTE, "text", record=lambda: None)
        except RejectedError as error:
            happened = error.code
        assert happened == ("" if task.is_open else "ended")
        if task.is_open:
            task.notes, task.version = task.notes + 1, task.version + 1

    @precondition(lambda self: len(self.tasks) > 1)
    @rule(youth=st.integers(0, 1))
    def withdraw(self, youth: int) -> None:
        withdrawal = make_consent(self.refs[youth], 2, status=ConsentStatus.WITHDRAWN)
        self.desk.inbox.take([self.desk.record(CONSENTS, withdrawal.youth_ref, withdrawal)])
        if youth in self.withdrawn:
            return
        self.withdrawn.add(youth)
        for task in self.tasks:
            if task.youth == youth:
                if task.is_open:
                    task.end(*(("recalled", "consent_withdrawn") if task.opened else ("cancelled", "no_consent")))
                task.notes, task.version = 0, task.version + 1

    @invariant()
    def both_say_the_same(self) -> None:
        numbers = [task.number for task in self.tasks]
        with Session(self.desk.engine) as session:
            rows = {row.task_id: row for row in session.scalars(select(TaskRow).where(TaskRow.task_id.in_(numbers)))}
            noted = list(session.scalars(select(NoteRow.task_id).where(NoteRow.task_id.in_(numbers))))
        assert len(rows) == len(numbers)
        for task in self.tasks:
            row = rows[task.number]
            assert (row.state.replace("_", "-"), row.reason, row.holder) == (task.state, task.reason, task.holder)
            assert (row.opened_at is not None, row.open_key is not None, row.version) == (task.opened, task.is_open, task.version)
            assert noted.count(task.number) == task.notes
            assert (row.payload is None) == (task.youth in self.withdrawn)

    def teardown(self) -> None:
        """What the correlation was told of each task, in its order; of one that a withdrawal emptied while open, its end too."""
        told: dict[str, list[str]] = {task.number: [] for task in self.tasks} if hasattr(self, "tasks") else {}
        for event in self.desk.outbox(TASK_EVENTS):
            if isinstance(event, TaskEvent) and event.task_id in told:
                told[event.task_id].append(event.state.value.replace("_", "-"))
        assert told == {task.number: task.told for task in getattr(self, "tasks", [])}


def test_tasks_do_what_the_model_says(engine: Engine) -> None:
    class OfThisDatabase(Tasks):
        desk = Desk(engine, ManualClock(NOW))

    run_state_machine_as_test(
        OfThisDatabase,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
