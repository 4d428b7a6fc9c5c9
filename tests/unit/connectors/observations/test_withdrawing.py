"""Whoever asks for it is told for certain what was not taken: a push that the gate never got is withdrawn with the answer."""

from __future__ import annotations

import pytest

from connectors.observations.mapping import retracted_place
from connectors.observations.waiting import Waiting
from hub.connector import Cursor
from hub.errors import RetriableError
from tests.unit.connect.conftest import NOW
from tests.unit.connectors.observations.test_receiving import COVERED, KINDS, OTHER, Town, observation, standing

WITHDRAW = {"hub-if-not-safe": "withdraw"}
TOLD = retracted_place("2025-W20/0581-city/theft")
AWAY = RetriableError("kafka is away", code="kafka")


@pytest.fixture
def town(tmp_path):
    town = Town(tmp_path)
    yield town
    town.close()


def code_of(answer) -> tuple[int, str]:
    return (answer.status_code, answer.json()["code"])


def waits(town, cursor: Cursor | None = None) -> bool:
    return any(batch.records for batch in town.source.waiting.batches(cursor, NOW))


@pytest.mark.parametrize("person", [COVERED, OTHER])
def test_what_the_gate_never_got_is_withdrawn_and_is_not_sent_when_the_lane_goes_on(town, person: str) -> None:
    town.lane_runs = False
    answer = town.push(observation(person=person), headers=WITHDRAW)
    assert (*code_of(answer), answer.headers["retry-after"]) == (503, "withdrawn", "30")
    assert not waits(town)
    town.lane_runs = True
    assert town.push(observation(person=person), headers=WITHDRAW).status_code == 202


@pytest.mark.parametrize("person", [COVERED, OTHER])
def test_what_the_gate_got_is_not_withdrawn_and_its_repeat_has_one_effect(town, person: str) -> None:
    town.publisher.away = AWAY
    assert code_of(town.push(observation(person=person), headers=WITHDRAW)) == (503, "not_safe_yet")
    town.publisher.away = None
    town.events.poll()
    number = len(town.published)
    assert number == (1 if person == COVERED else 0)
    assert town.push(observation(person=person), headers=WITHDRAW).status_code == 202
    assert len(town.published) == number


def test_of_two_that_wait_for_one_push_the_first_to_leave_leaves_it_to_the_other() -> None:
    waiting = Waiting()
    first, second = (waiting.put("key", b"digest", TOLD) for _ in range(2))
    assert [waiting.leave(one, withdraw=True) for one in (first, second)] == [False, True]
    assert list(waiting.batches(None, NOW)) == []


def test_what_a_former_poll_was_given_in_vain_is_not_withdrawn() -> None:
    waiting = Waiting()
    entry = waiting.put("key", b"digest", TOLD)
    assert len(list(waiting.batches(None, NOW))) == 1
    assert not waiting.leave(entry, withdraw=True)
    [again] = waiting.batches(None, NOW)
    waiting.settled(again.cursor)
    assert entry.settled


def test_a_partner_that_does_not_ask_for_it_need_not_repeat_its_pushes_in_their_order(town) -> None:
    town.lane_runs = False
    assert code_of(town.push(observation(), key="push-0001")) == (503, "not_safe_yet")
    town.lane_runs = True
    assert town.push(observation(concern="conflict"), key="push-0002").status_code == 202
    assert town.push(observation(), key="push-0001").status_code == 202
    assert set(standing(town).values()) == {"conflict"}


def test_what_was_answered_as_taken_is_never_withdrawn(town) -> None:
    assert town.push(observation(), headers=WITHDRAW).status_code == 202
    town.lane_runs = False
    assert town.push(observation(), headers=WITHDRAW).status_code == 202
    assert len(town.published) == 1


def test_a_correction_that_was_withdrawn_leaves_what_stood(town) -> None:
    town.grant(OTHER, 2, kinds=KINDS)
    town.push(observation(), key="push-0001", headers=WITHDRAW)
    before = standing(town)
    town.lane_runs = False
    assert code_of(town.push(observation(person=OTHER), key="push-0002", headers=WITHDRAW)) == (503, "withdrawn")
    town.events.poll()
    assert standing(town) == before
