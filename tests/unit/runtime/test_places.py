"""Presence tasks of an area, in the pipeline's vocabulary."""

from __future__ import annotations

import pytest

from hub.contract.models import PresenceTask
from hub.contract.topics import PRESENCE_TASKS
from hub.errors import FatalError
from hub.runtime.places import PlaceProgram
from tests.unit.core.make import NOW, YOUTH, ago, make_consent, make_place_event
from tests.unit.core.make_rules import RULES
from tests.unit.runtime.fakes import CLAIMS, CODEC

AREA = "0581-hageby"


@pytest.fixture(scope="module")
def program() -> PlaceProgram:
    return PlaceProgram(CODEC, CLAIMS)


def test_enough_incidents_become_a_presence_task(program: PlaceProgram) -> None:
    step = program.step(AREA, program.load(AREA, None), make_place_event(1, ago(2), 5), RULES, NOW)
    [emission] = step.emissions
    task = CODEC.decode(PRESENCE_TASKS, emission.record.value)
    assert isinstance(task, PresenceTask)
    assert (emission.record.topic, task.area, task.incidents) == (PRESENCE_TASKS.name, AREA, 5)
    assert emission.labels == ("outreach", "place-presence", "open")


def test_states_survive_their_bytes(program: PlaceProgram) -> None:
    state = program.step(AREA, program.load(AREA, None), make_place_event(1, ago(2), 2), RULES, NOW).state
    assert state is not None
    assert program.load(AREA, program.dump(state)) == state
    assert program.wake(AREA, state, RULES, NOW).state == state


def test_a_repeat_is_a_duplicate(program: PlaceProgram) -> None:
    event = make_place_event(1, ago(2), 2)
    state = program.step(AREA, program.load(AREA, None), event, RULES, NOW).state
    again = program.step(AREA, state, event, RULES, NOW)
    assert (again.outcome, again.changed) == ("duplicate", False)


def test_too_old_is_refused_and_needs_no_consent(program: PlaceProgram) -> None:
    refused = program.step(AREA, None, make_place_event(1, ago(90)), RULES, NOW)
    assert (refused.outcome, refused.reason, refused.awaits_consent) == ("refused", "too_old", False)


def test_what_is_no_state_stops_the_worker(program: PlaceProgram) -> None:
    with pytest.raises(FatalError):
        program.load(AREA, b"[]")


def test_a_person_is_no_place(program: PlaceProgram) -> None:
    with pytest.raises(FatalError):
        program.step(YOUTH, None, make_consent(), RULES, NOW)
