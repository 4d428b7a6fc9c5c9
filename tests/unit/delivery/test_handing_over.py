"""The threads that hand over: each sink on its own, and what ends one ends the process."""

from __future__ import annotations

import threading

from hub.contract.ids import new_youth_ref
from hub.contract.topics import TASKS_OUTREACH
from hub.delivery.handing_over import handing_over
from hub.errors import FatalError
from tests.unit.delivery.make import Desk, make_task
from tests.unit.delivery.receiving import Receiver, always, dispatching, then, with_sinks


def make_errands(desk: Desk) -> None:
    task = make_task(new_youth_ref())
    with_sinks(desk, "system", "mail").inbox.take([desk.record(TASKS_OUTREACH, task.youth_ref, task)])


class Telling(Receiver):
    """Says when it was called."""

    def __init__(self, **more) -> None:
        super().__init__(**more)
        self.called = threading.Event()

    def deliver(self, errand):
        self.called.set()
        return super().deliver(errand)


class Stuck(Telling):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()

    def deliver(self, errand):
        self.called.set()
        self.let.wait(20)
        return super().deliver(errand)


def test_a_receiver_that_does_not_answer_holds_up_no_other(desk: Desk) -> None:
    make_errands(desk)
    stuck, there, stop = Stuck(), Telling(), threading.Event()
    failed: list[BaseException] = []
    with handing_over([dispatching(desk, stuck), dispatching(desk, there, "mail")], stop, failed):
        assert stuck.called.wait(20)
        assert there.called.wait(20)
        stuck.let.set()
    assert failed == []
    assert len(there.has) == 1


def test_what_ends_a_thread_is_handed_to_whoever_runs_the_process(desk: Desk) -> None:
    make_errands(desk)
    receiver, stop = Telling(answers=always(FatalError("no more"))), threading.Event()
    failed: list[BaseException] = []
    with handing_over([dispatching(desk, receiver)], stop, failed):
        assert receiver.called.wait(20)
    assert [type(error) for error in failed] == [FatalError]


def test_the_sinks_are_let_go_of_at_the_end(desk: Desk) -> None:
    make_errands(desk)
    receiver, stop = Telling(answers=then(None)), threading.Event()
    with handing_over([dispatching(desk, receiver)], stop, []):
        assert receiver.called.wait(20)
    assert stop.is_set()
    assert receiver.closed == 1
