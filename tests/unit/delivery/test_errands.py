"""What teams' systems are to be told stands there with the change of the task, once, and says nothing of the youth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from hub.contract.ids import new_youth_ref
from hub.contract.models import Action, ConsentStatus
from hub.contract.topics import CONSENTS, PRESENCE_TASKS, TASKS_OUTREACH
from hub.delivery.moves import Asked, Move, Who
from tests.unit.delivery.make import NOW, Desk, make_consent, make_presence, make_task
from tests.unit.delivery.receiving import Crash, Receiver, dispatching, errands, stand, then, with_sinks


def take(desk: Desk, ref: str, **changes) -> None:
    desk.inbox.take([desk.record(TASKS_OUTREACH, ref, make_task(ref, **changes))])


def withdraw(desk: Desk, ref: str, version: int = 2) -> None:
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, version, status=ConsentStatus.WITHDRAWN))])


def test_a_new_task_is_an_errand_for_each_sink_of_its_team_and_a_repeat_is_none(desk: Desk) -> None:
    ref = new_youth_ref()
    with_sinks(desk, "system", "mail")
    take(desk, ref)
    take(desk, ref)
    assert stand(desk.engine) == [("system", "requested", "waiting"), ("mail", "requested", "waiting")]


def test_a_team_without_a_sink_has_no_errands(desk: Desk) -> None:
    ref = new_youth_ref()
    take(desk, ref)
    withdraw(desk, ref)
    assert errands(desk.engine) == []


def test_no_errand_says_anything_of_the_youth(desk: Desk) -> None:
    ref = new_youth_ref()
    take(with_sinks(desk, "system"), ref)
    with desk.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM errand")).mappings()
    told = " ".join(str(value) for value in row.values())
    assert ref not in told
    assert not {"hageby", "absence-alone", "14"} & set(told.replace("0581-", "").split())


def test_an_errand_of_a_place_ends_with_its_week(desk: Desk) -> None:
    presence = make_presence(week="2025-W21")
    with_sinks(desk, "system").inbox.take([desk.record(PRESENCE_TASKS, presence.area, presence)])
    (row,) = errands(desk.engine)
    assert row.respond_by == datetime(2025, 5, 25, 22, tzinfo=UTC)


@pytest.mark.parametrize("state", ["recalled", "cancelled"])
def test_a_task_that_is_taken_back_before_the_receiver_heard_of_it_is_told_in_neither_word(desk: Desk, state: str) -> None:
    ref = new_youth_ref()
    take(with_sinks(desk, "system"), ref)
    take_back(desk, ref, state)
    receiver = Receiver()
    dispatching(desk, receiver).run_once()
    assert stand(desk.engine) == [("system", "requested", "dropped")]
    assert receiver.calls == []


@pytest.mark.parametrize("state", ["recalled", "cancelled"])
def test_a_task_that_the_receiver_has_is_taken_back_there(desk: Desk, state: str) -> None:
    ref = new_youth_ref()
    take(with_sinks(desk, "system"), ref)
    receiver = Receiver()
    dispatcher = dispatching(desk, receiver)
    dispatcher.run_once()
    take_back(desk, ref, state)
    take_back(desk, ref, state)
    desk.clock.advance(timedelta(seconds=1))
    dispatcher.run_once()
    assert stand(desk.engine) == [("system", "requested", "delivered"), ("system", state, "delivered")]
    assert list(receiver.states().values()) == [state]


def test_a_task_that_the_receiver_may_have_is_told_in_both_words_and_in_order(desk: Desk) -> None:
    ref = new_youth_ref()
    take(with_sinks(desk, "system"), ref)
    receiver = Receiver(after=then(Crash()))
    with pytest.raises(Crash):
        dispatching(desk, receiver, holder="gone").run_once()
    withdraw(desk, ref)
    desk.clock.advance(timedelta(minutes=11))  # the lease of whoever is gone is over
    dispatcher = dispatching(desk, receiver)
    for _ in range(3):
        desk.clock.advance(timedelta(seconds=1))
        dispatcher.run_once()
    assert [identity.rpartition(":")[2] for _at, identity in receiver.calls] == ["requested", "requested", "cancelled"]
    assert list(receiver.states().values()) == ["cancelled"]


def test_a_task_taken_and_taken_back_in_one_batch_is_told_in_neither_word(desk: Desk) -> None:
    ref = new_youth_ref()
    with_sinks(desk, "system").inbox.take(
        [
            desk.record(TASKS_OUTREACH, ref, make_task(ref)),
            desk.record(TASKS_OUTREACH, ref, make_task(ref, action=Action.GROUND_LOST)),
        ]
    )
    assert stand(desk.engine) == [("system", "requested", "dropped")]


def test_what_a_team_has_ended_itself_is_not_handed_over_any_more(desk: Desk) -> None:
    ref = new_youth_ref()
    with_sinks(desk, "system").inbox.take([desk.record(CONSENTS, ref, make_consent(ref))])
    take(desk, ref)
    task_id = make_task(ref).task_id
    view = desk.worklist.open_task(task_id, "outreach")
    asked = Asked(Move.DECLINE, "no_capacity")
    desk.answering.move(task_id, "outreach", asked, Who("anna"), seen=view.version, record=lambda: None)
    assert stand(desk.engine) == [("system", "requested", "lapsed")]


def test_what_a_team_has_accepted_is_still_handed_over(desk: Desk) -> None:
    ref = new_youth_ref()
    with_sinks(desk, "system").inbox.take([desk.record(CONSENTS, ref, make_consent(ref))])
    take(desk, ref)
    task_id = make_task(ref).task_id
    view = desk.worklist.open_task(task_id, "outreach")
    asked = Asked(Move.ACCEPT, concern=False)
    desk.answering.move(task_id, "outreach", asked, Who("anna"), seen=view.version, record=lambda: None)
    assert stand(desk.engine) == [("system", "requested", "waiting")]


def take_back(desk: Desk, ref: str, state: str) -> None:
    if state == "cancelled":
        withdraw(desk, ref)
    else:
        take(desk, ref, action=Action.GROUND_LOST)


def test_the_instants_of_an_errand_are_the_task_s(desk: Desk) -> None:
    ref = new_youth_ref()
    take(with_sinks(desk, "system"), ref)
    (row,) = errands(desk.engine)
    assert (row.created_at, row.written_at, row.next_try) == (NOW, NOW, NOW)
    assert row.respond_by > NOW
