"""Tasks and a receiver against each other: whatever fails, crashes or is taken back, and in whatever order, in the end the receiver's
own ledger says of each task what the hub says, once.

Of the receiver only what any honest one does is known: it keeps an identity once. What it must hold follows from the tasks alone.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.sink_rows import sink_row
from hub.errors import ConfigError, RejectedError, RetriableError
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task
from tests.unit.delivery.receiving import Crash, Receiver, dispatching, errands, then, with_sinks

TROUBLE = {
    "away": (RetriableError("away", code="timeout"), None),
    "busy": (RetriableError("busy", code="status_429", retry_after=60.0), None),
    "lost answer": (None, RetriableError("lost", code="timeout")),
    "crash before": (Crash(), None),
    "crash after": (None, Crash()),
    "wrong secret": (ConfigError("no", code="status_401"), None),
    "refused": (RejectedError("no", code="status_422"), None),
    "bug": (KeyError("what"), None),
}


class Handing(RuleBasedStateMachine):
    desk: Desk

    @initialize()
    def begin(self) -> None:
        with_sinks(self.desk, "system")
        self.receiver = Receiver()
        self.dispatcher: Dispatcher = dispatching(self.desk, self.receiver, holder="one")
        self.refs: dict[str, str] = {}
        self.back: dict[str, str] = {}
        self.messages = 0

    @rule()
    def arrive(self) -> None:
        task = make_task(new_youth_ref())
        self.refs[task.task_id] = task.youth_ref
        self.desk.inbox.take([self.desk.record(TASKS_OUTREACH, task.youth_ref, task)])

    @rule(data=st.data(), withdrawn=st.booleans())
    def take_back(self, data: st.DataObject, withdrawn: bool) -> None:
        if not self.refs:
            return
        task_id = data.draw(st.sampled_from(sorted(self.refs)))
        ref = self.refs[task_id]
        if withdrawn:
            message, topic = make_consent(ref, 2, status=ConsentStatus.WITHDRAWN), CONSENTS
        else:
            message, topic = make_task(ref, action=Action.GROUND_LOST), TASKS_OUTREACH
        self.desk.inbox.take([self.desk.record(topic, ref, message)])
        self.back.setdefault(task_id, "cancelled" if withdrawn else "recalled")

    @rule(trouble=st.sampled_from([None, None, *TROUBLE]), seconds=st.sampled_from([1, 60, 4000]))
    def hand_over(self, trouble: str | None, seconds: int) -> None:
        self.desk.clock.advance(timedelta(seconds=seconds))
        before, after = TROUBLE.get(trouble or "", (None, None))
        self.receiver.answers, self.receiver.after = then(before), then(after)
        try:
            self.dispatcher.run_once()
        except Crash:  # and another process comes, once the lease is over
            self.desk.clock.advance(timedelta(minutes=11))
            self.dispatcher = dispatching(self.desk, self.receiver, holder=f"after {len(self.receiver.calls)}")
        self.resume()

    @invariant()
    def the_receiver_was_never_told_of_an_end_before_the_beginning(self) -> None:
        seen: set[str] = set()
        for identity in self.receiver.has:
            task_id, _, state = identity.rpartition(":")
            assert state == "requested" or task_id in seen
            seen.add(task_id)

    def teardown(self) -> None:
        if not hasattr(self, "receiver"):
            return
        self.receiver.answers = self.receiver.after = iter(())
        for _ in range(3 * len(self.refs) + 10):
            self.desk.clock.advance(timedelta(days=2))
            self.resume()
            self.dispatcher.run_once()
        rows = errands(self.desk.engine)
        assert not [row for row in rows if row.status == "waiting"], "everything has come to an end"
        said = self.receiver.states()
        for task_id in self.refs:
            stand = {row.state: row.status for row in rows if row.task_id == task_id}
            if stand["requested"] == "delivered" and "refused" not in stand.values():
                assert said[task_id] == self.back.get(task_id, "requested")
            elif stand["requested"] == "dropped":
                assert task_id in self.back
                assert task_id not in said
                assert list(stand) == ["requested"]
        assert {row.reference for row in rows if row.status == "delivered"} <= set(self.receiver.has.values())
        assert len({(row.task_id, row.state) for row in rows}) == len(rows), "one errand for each word"

    def resume(self) -> None:
        """Somebody has put straight what stopped the sink."""
        with Session(self.desk.engine) as session, session.begin():
            sink_row(session, "system").stopped_at = None


def test_the_receiver_s_ledger_says_what_the_hub_says_whatever_fails(sqlite_engine: Engine) -> None:
    class OnThisInbox(Handing):
        def __init__(self) -> None:
            self.desk = Desk(sqlite_engine, ManualClock(NOW))
            with sqlite_engine.begin() as connection:
                for table in ("errand", "task", "reference", "position", "count", "outbox", "sink", "lease"):
                    connection.exec_driver_sql(f'DELETE FROM "{table}"')
            super().__init__()

    run_state_machine_as_test(
        OnThisInbox,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
