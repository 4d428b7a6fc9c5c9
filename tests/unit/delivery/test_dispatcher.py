"""Handing over: in order, once by identity, patient with a receiver that is away, and never a flood."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.contract.ids import new_youth_ref
from hub.contract.topics import TASKS_OUTREACH
from hub.delivery.dispatcher import IDLE
from hub.delivery.retries import WAITS
from hub.delivery.sink_rows import sink_row
from hub.delivery.sink_states import read_sinks
from hub.delivery.tables import ErrandRow
from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from tests.unit.delivery.make import NOW, Desk, make_task
from tests.unit.delivery.receiving import Crash, Receiver, always, dispatching, errands, sent, stand, then, with_sinks

AWAY = RetriableError("away", code="timeout")


def make_tasks(desk: Desk, number: int = 1, sinks: tuple[str, ...] = ("system",)) -> list[str]:
    with_sinks(desk, *sinks)
    tasks = [make_task(new_youth_ref()) for _ in range(number)]
    desk.inbox.take([desk.record(TASKS_OUTREACH, task.youth_ref, task) for task in tasks])
    return [task.task_id for task in tasks]


def state_of(desk: Desk, name: str = "system"):
    return next(one for one in read_sinks(desk.engine, [name]) if one.name == name)


def run_for(desk: Desk, dispatcher, length: timedelta, step: timedelta = timedelta(seconds=5)) -> None:
    end = desk.clock.now() + length
    while desk.clock.now() < end:
        wait = dispatcher.run_once()
        desk.clock.advance(step if wait == IDLE else wait)


def test_an_errand_is_handed_over_once_and_the_receiver_s_reference_is_kept(desk: Desk) -> None:
    make_tasks(desk, 2)
    receiver = Receiver()
    dispatcher = dispatching(desk, receiver)
    for _ in range(4):
        desk.clock.advance(timedelta(seconds=1))
        dispatcher.run_once()
    assert [(row.status, row.reference, row.attempts) for row in errands(desk.engine)] == [
        ("delivered", "ref-1", 1),
        ("delivered", "ref-2", 1),
    ]
    assert (state_of(desk).waiting, state_of(desk).delivered) == (0, 2)


def test_nothing_is_written_while_nothing_waits(desk: Desk) -> None:
    assert dispatching(desk, Receiver()).run_once() == IDLE
    with Session(desk.engine) as session:
        assert sink_row(session, "system").succeeded_at is None


def test_a_crash_between_the_receiver_s_answer_and_ours_is_repeated_under_the_same_identity(desk: Desk) -> None:
    (task_id,) = make_tasks(desk)
    receiver = Receiver(after=then(Crash()))
    with pytest.raises(Crash):
        dispatching(desk, receiver, holder="gone").run_once()
    assert [row.status for row in errands(desk.engine)] == ["waiting"]
    desk.clock.advance(timedelta(minutes=11))
    dispatching(desk, receiver).run_once()
    assert [identity for _at, identity in receiver.calls] == [f"{task_id}:requested"] * 2
    assert receiver.has == {f"{task_id}:requested": "ref-1"}
    assert [(row.status, row.reference) for row in errands(desk.engine)] == [("delivered", "ref-1")]


def test_two_processes_never_hand_over_to_the_same_sink_side_by_side(desk: Desk) -> None:
    make_tasks(desk, 2)
    receiver = Receiver(after=then(Crash()))
    with pytest.raises(Crash):
        dispatching(desk, receiver, holder="elsewhere/1/a").run_once()
    assert dispatching(desk, receiver, holder="elsewhere/2/b").run_once() == IDLE
    assert len(receiver.calls) == 1


def test_whoever_closes_lets_the_next_one_begin_at_once(desk: Desk) -> None:
    make_tasks(desk, 2)
    receiver = Receiver()
    first = dispatching(desk, receiver, holder="elsewhere/1/a")
    first.run_once()
    first.close()
    dispatching(desk, receiver, holder="elsewhere/2/b").run_once()
    assert len(receiver.has) == 2
    assert receiver.closed == 1


def test_one_errand_alone_is_tried_by_the_schedule_of_standard_webhooks(desk: Desk, capsys) -> None:
    make_tasks(desk)
    receiver = Receiver(clock=desk.clock, answers=always(AWAY))
    look = timedelta(seconds=30)
    run_for(desk, dispatching(desk, receiver), timedelta(days=4), look)
    at = [moment - NOW for moment, _identity in receiver.calls]
    with capsys.disabled():
        print("\ntried after: " + ", ".join(str(one) for one in at))
    waited = [later - sooner for sooner, later in pairwise(at)]
    expected = [*WAITS, timedelta(days=1), timedelta(days=1)]
    assert all(wanted <= one <= wanted + look for one, wanted in zip(waited, expected, strict=True))


def test_a_receiver_that_is_down_for_a_day_is_tried_seldom_and_meets_no_flood_when_it_is_back(desk: Desk, capsys) -> None:
    make_tasks(desk, 200)
    receiver = Receiver(clock=desk.clock, answers=always(AWAY))
    dispatcher = dispatching(desk, receiver, most_per_minute=30)
    run_for(desk, dispatcher, timedelta(days=1))
    down = len(receiver.calls)
    receiver.answers = iter(())
    back = desk.clock.now()
    run_for(desk, dispatcher, timedelta(minutes=20), timedelta(seconds=1))
    after = [moment - back for moment, _identity in receiver.calls[down:]]
    by_minute: dict[int, int] = {}
    for one in after:
        by_minute[int(one.total_seconds() // 60)] = by_minute.get(int(one.total_seconds() // 60), 0) + 1
    with capsys.disabled():
        print(f"\ncalls in a day of being down: {down}; first call after it is back: {after[0]}; then by minute: {by_minute}")
    assert down < 24 * 60 / 2, "it is left alone"
    assert after[0] <= timedelta(minutes=5), "a probe finds that it is back"
    assert max(by_minute.values()) <= 31, "the sink's rate bounds what follows"
    assert len(receiver.has) == 200
    assert len(after) == 200, "and each arrives once"


def test_what_the_receiver_asks_to_wait_holds_for_every_errand(desk: Desk) -> None:
    make_tasks(desk, 3)
    receiver = Receiver(clock=desk.clock, answers=then(RetriableError("busy", code="status_429", retry_after=600.0)))
    run_for(desk, dispatching(desk, receiver), timedelta(minutes=20), timedelta(seconds=1))
    at = [moment - NOW for moment, _identity in receiver.calls]
    assert at[0] == timedelta()
    assert min(at[1:]) >= timedelta(minutes=10)
    assert len(receiver.has) == 3


def test_one_errand_that_always_fails_holds_up_no_other(desk: Desk) -> None:
    poisoned = make_tasks(desk, 5)[0]

    class Picky(Receiver):
        def deliver(self, errand):
            if errand.task_id == poisoned:
                raise AWAY
            return super().deliver(errand)

    receiver = Picky()
    run_for(desk, dispatching(desk, receiver), timedelta(minutes=10))
    assert len(receiver.has) == 4
    assert state_of(desk).waiting == 1


def test_an_errand_that_is_refused_ends_so_and_the_next_is_tried(desk: Desk) -> None:
    first, second = make_tasks(desk, 2)
    receiver = Receiver(answers=then(RejectedError("no", code="status_422")))
    run_for(desk, dispatching(desk, receiver), timedelta(minutes=1))
    assert stand(desk.engine) == [("system", "requested", "refused"), ("system", "requested", "delivered")]
    state = state_of(desk)
    assert (state.refused, state.last_code, [one.task_id for one in state.latest]) == (1, "status_422", [first])
    (view,) = [one for one in desk.worklist.of_team("outreach") if one.not_handed]
    assert (view.task_id, view.not_handed[0].sink, view.not_handed[0].code) == (first, "system", "status_422")
    assert desk.worklist.open_task(first, "outreach").not_handed == view.not_handed
    assert desk.worklist.open_task(second, "outreach").not_handed == ()


def test_a_wrong_setting_stops_the_sink_and_its_errands_wait_unharmed(desk: Desk) -> None:
    make_tasks(desk, 2)
    receiver = Receiver(answers=then(ConfigError("gone", code="status_410")))
    run_for(desk, dispatching(desk, receiver), timedelta(hours=2))
    assert len(receiver.calls) == 1
    assert [(row.status, row.attempts) for row in errands(desk.engine)] == [("waiting", 0), ("waiting", 0)]
    assert (state_of(desk).stopped_at, state_of(desk).stopped_code, state_of(desk).next_try) == (NOW, "status_410", None)
    assert receiver.closed == 1, "so that a new address or secret is taken"


def test_a_sink_that_cannot_be_built_is_stopped_and_says_why(desk: Desk) -> None:
    make_tasks(desk)

    def build():
        raise ConfigError("no secret", code="missing_secret")

    dispatching(desk, Receiver(), build=build).run_once()
    assert state_of(desk).stopped_code == "missing_secret"


def test_an_error_that_nobody_foresaw_is_tried_again_and_ends_no_process(desk: Desk) -> None:
    make_tasks(desk)
    receiver = Receiver(answers=then(KeyError("what the receiver said")))
    run_for(desk, dispatching(desk, receiver), timedelta(minutes=1))
    assert stand(desk.engine) == [("system", "requested", "delivered")]
    assert state_of(desk).last_code == "unforeseen"


def test_what_must_end_the_process_does(desk: Desk) -> None:
    make_tasks(desk)
    with pytest.raises(FatalError):
        dispatching(desk, Receiver(answers=then(FatalError("no more")))).run_once()


def test_a_paused_sink_is_called_no_more(desk: Desk) -> None:
    make_tasks(desk)
    with Session(desk.engine) as session, session.begin():
        sink_row(session, "system").paused_at = NOW
    receiver = Receiver()
    assert dispatching(desk, receiver).run_once() == IDLE
    assert receiver.calls == []


def test_each_sink_of_a_team_is_told_on_its_own(desk: Desk) -> None:
    make_tasks(desk, 1, ("system", "mail"))
    away, there = Receiver(answers=always(AWAY)), Receiver()
    dispatching(desk, away).run_once()
    dispatching(desk, there, "mail").run_once()
    assert stand(desk.engine) == [("system", "requested", "waiting"), ("mail", "requested", "delivered")]


def test_a_later_word_waits_for_the_earlier_one_of_its_task_and_for_no_other(desk: Desk) -> None:
    make_tasks(desk, 2)
    with Session(desk.engine) as session, session.begin():  # as if its first word had failed long ago
        session.execute(update(ErrandRow).where(ErrandRow.id == 1).values(next_try=NOW + timedelta(hours=5), begun_at=NOW))
        first = session.get(ErrandRow, 1)
        later = {name: getattr(first, name) for name in ("task_id", "sink", "team", "function", "priority")}
        session.add(
            ErrandRow(**later, state="recalled", created_at=NOW, respond_by=NOW, written_at=NOW, status="waiting", next_try=NOW)
        )
    receiver = Receiver()
    dispatcher = dispatching(desk, receiver)
    run_for(desk, dispatcher, timedelta(minutes=1))
    assert sent(receiver) == ["requested"]
    run_for(desk, dispatcher, timedelta(hours=6), timedelta(minutes=1))
    assert sent(receiver) == ["requested", "requested", "recalled"]
