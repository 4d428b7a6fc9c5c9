"""What an operator does with a sink: in the audit log before it is done, and heeded by whoever hands over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.audit.entries import Actor
from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.listing import Shown
from hub.delivery.sink_desk import SinkDesk
from hub.errors import ConfigError, RejectedError, RetriableError
from tests.unit.delivery.make import NOW, Desk, make_consent, make_task
from tests.unit.delivery.receiving import Receiver, dispatching, stand, then, with_sinks

ANNA = Actor("anna", role="operator")


class Trail:
    def __init__(self) -> None:
        self.entries: list = []
        self.away = False

    def append(self, entry) -> int:
        if self.away:
            raise RetriableError("the audit log cannot be written", code="audit")
        self.entries.append(entry)
        return len(self.entries)

    def told(self) -> list[tuple[str, str, str]]:
        return [(one.actor.account, one.action.value, one.purpose) for one in self.entries]


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest.fixture
def sinks(desk: Desk, trail: Trail) -> SinkDesk:
    with_sinks(desk, "system")
    return SinkDesk(desk.engine, ["system"], desk.clock, trail)


def make_errand(desk: Desk) -> tuple[str, str]:
    task = make_task(new_youth_ref())
    desk.inbox.take([desk.record(TASKS_OUTREACH, task.youth_ref, task)])
    return task.task_id, task.youth_ref


def refused_by(desk: Desk) -> tuple[str, str, Receiver]:
    task_id, ref = make_errand(desk)
    receiver = Receiver(answers=then(RejectedError("no", code="status_422")))
    dispatcher = dispatching(desk, receiver)
    dispatcher.run_once()
    dispatcher.close()
    return task_id, ref, receiver


def code_of(act, *arguments) -> str:
    with pytest.raises(RejectedError) as refused:
        act(*arguments)
    return refused.value.code


def test_a_pause_stops_the_calls_and_resuming_lets_them_go_on(desk: Desk, sinks: SinkDesk, trail: Trail) -> None:
    make_errand(desk)
    receiver = Receiver()
    dispatcher = dispatching(desk, receiver)
    paused = sinks.pause("system", ANNA, " it is being moved ")
    assert (paused.paused_at, paused.paused_by, paused.paused_reason) == (NOW, "anna", "it is being moved")
    assert paused.next_try is None
    dispatcher.run_once()
    assert receiver.calls == []
    assert sinks.resume("system", ANNA).paused_at is None
    dispatcher.run_once()
    assert len(receiver.has) == 1
    assert trail.told() == [("anna", "sink_paused", "sink:system"), ("anna", "sink_resumed", "sink:system")]


def test_a_stopped_sink_goes_on_after_somebody_has_resumed_it(desk: Desk, sinks: SinkDesk) -> None:
    make_errand(desk)
    receiver = Receiver(answers=then(ConfigError("no", code="status_401")))
    dispatcher = dispatching(desk, receiver)
    dispatcher.run_once()
    assert sinks.state("system").stopped_code == "status_401"
    assert sinks.resume("system", ANNA).stopped_at is None
    desk.clock.advance(timedelta(seconds=1))
    dispatcher.run_once()
    assert len(receiver.has) == 1


def test_what_cannot_be_done_is_refused_and_not_in_the_audit_log(sinks: SinkDesk, trail: Trail) -> None:
    assert code_of(sinks.pause, "another", ANNA, "why") == "unknown_sink"
    assert code_of(sinks.resume, "system", ANNA) == "not_paused"
    assert code_of(sinks.pause, "system", ANNA, "about 20110315-9801") == "number_in_reason"
    assert code_of(sinks.state, "another") == "unknown_sink"
    assert trail.entries == []
    sinks.pause("system", ANNA, "why")
    assert code_of(sinks.pause, "system", ANNA, "why") == "already_paused"


def test_what_cannot_be_audited_is_not_done(sinks: SinkDesk, trail: Trail) -> None:
    trail.away = True
    with pytest.raises(RetriableError):
        sinks.pause("system", ANNA, "why")
    assert sinks.state("system").paused_at is None


@pytest.mark.parametrize("letters", [8, 36])
def test_a_refused_errand_is_handed_over_again(desk: Desk, sinks: SinkDesk, trail: Trail, letters: int) -> None:
    task_id, _ref, receiver = refused_by(desk)
    assert sinks.redrive("system", task_id[:letters], ANNA) == task_id
    desk.clock.advance(timedelta(seconds=1))
    dispatching(desk, receiver).run_once()
    assert stand(desk.engine) == [("system", "requested", "delivered")]
    assert desk.worklist.open_task(task_id, "outreach").not_handed == ()
    assert trail.told() == [("anna", "sink_redriven", "sink:system")]
    assert trail.entries[0].item.reference == task_id


def test_nothing_is_handed_over_again_that_was_not_refused_or_whose_task_has_ended(desk: Desk, sinks: SinkDesk) -> None:
    waiting, _ref = make_errand(desk)
    assert code_of(sinks.redrive, "system", waiting, ANNA) == "nothing_refused"
    assert code_of(sinks.redrive, "system", waiting[:7], ANNA) == "unknown_task"
    assert code_of(sinks.redrive, "system", "", ANNA) == "unknown_task"
    first = dispatching(desk, Receiver())
    first.run_once()
    first.close()
    task_id, ref, _receiver = refused_by(desk)
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    assert code_of(sinks.redrive, "system", task_id, ANNA) == "task_ended"


def test_a_refused_word_that_takes_a_task_back_can_be_handed_over_again_though_the_task_has_ended(
    desk: Desk, sinks: SinkDesk
) -> None:
    task_id, ref = make_errand(desk)
    receiver = Receiver()
    dispatcher = dispatching(desk, receiver)
    dispatcher.run_once()
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST))])
    receiver.answers = then(RejectedError("no", code="status_409"))
    for _ in range(2):
        desk.clock.advance(timedelta(seconds=1))
        dispatcher.run_once()
    (view,) = desk.worklist.of_team("outreach", Shown.ALL)
    assert [(one.state, one.code) for one in view.not_handed] == [("recalled", "status_409")]
    sinks.redrive("system", task_id, ANNA)
    dispatcher.run_once()
    desk.clock.advance(timedelta(seconds=1))
    dispatcher.run_once()
    assert receiver.states() == {task_id: "recalled"}


def test_what_waits_for_a_sink_that_hub_toml_no_longer_has_is_still_told_of(desk: Desk, sinks: SinkDesk, trail: Trail) -> None:
    make_errand(desk)
    (state,) = SinkDesk(desk.engine, [], desk.clock, trail).states()
    assert (state.name, state.configured, state.waiting, state.next_try) == ("system", False, 1, None)
