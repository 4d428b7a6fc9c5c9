"""A worker that is asked to stop ends within its bound, whatever it was doing and whatever Kafka does, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from hub.contract.topics import SCHOOL_ABSENCES
from hub.stopping import STOP_SECONDS
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.machine import Machine
from tests.integration.runtime.town import WorkerProcess, absence_of, consent_of, make_youth

ABSENCES = SCHOOL_ABSENCES.name
YOUTHS = [make_youth(number) for number in range(200)]
_SLACK_SECONDS = 3.0  # for a busy machine
_DAYS_AT_A_TIME = 10
_MOST_TIMES = 15  # of each youth at most 150 events, and three times: fewer than a state holds


@pytest.fixture(scope="module")
def machine(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    del kafka  # that Kafka can be had here
    made = Machine(tmp_path_factory.mktemp("machine"))
    made.town.publish(*(consent_of(youth) for youth in YOUTHS))
    yield made
    made.close()


def announced(worker: WorkerProcess) -> None:
    worker.until(worker.samples, "its metrics")


def just_begun(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    """Before the group has assigned anything."""
    del machine
    announced(worker)
    return nullcontext()


def loaded(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    """A quick worker may be done with a burst before anybody looks: then it gets another."""
    worker.ready()
    first = machine.town.ends(ABSENCES)[ABSENCES] // len(YOUTHS)
    for day in range(first, first + _MOST_TIMES * _DAYS_AT_A_TIME, _DAYS_AT_A_TIME):
        days = range(day, day + _DAYS_AT_A_TIME)
        machine.town.publish(*(absence_of(youth, one, minutes=1) for one in days for youth in YOUTHS))
        if worker.sum("hub_worker_in_flight") > 0:
            return nullcontext()
    raise AssertionError(f"{_MOST_TIMES} bursts, and no work was seen in flight")


def loaded_while_the_broker_is_killed(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    loaded(machine, worker)
    return machine.killed()


def loaded_while_the_broker_is_frozen(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    loaded(machine, worker)
    return machine.frozen()


@contextmanager
def idle_while_the_broker_has_long_been_away(machine: Machine, worker: WorkerProcess) -> Iterator[None]:
    worker.ready()
    with machine.killed():
        worker.until(lambda: worker.samples().get(("hub_worker_recovering", "")) == 1, "the loss being told")
        yield


def frozen_at_the_start(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    """Somebody accepts connections, and answers nothing."""
    del worker
    return machine.frozen()


def frozen_in_recovery(machine: Machine, worker: WorkerProcess) -> AbstractContextManager[None]:
    """The first of the partitions have been claimed."""
    before = machine.changelog_ends()
    worker.until(lambda: machine.changelog_ends() > before, "the first claim", pause=0.05)
    return machine.frozen()


STATES = (just_begun, loaded, loaded_while_the_broker_is_frozen, frozen_in_recovery)
RARER = (loaded_while_the_broker_is_killed, idle_while_the_broker_has_long_been_away, frozen_at_the_start)


@pytest.mark.parametrize(
    "state", [*STATES, *(pytest.param(state, marks=pytest.mark.chaos) for state in RARER)], ids=lambda state: state.__name__
)
def test_a_worker_ends_in_time_when_it_is(
    state: Callable[[Machine, WorkerProcess], AbstractContextManager[None]],
    machine: Machine,
    begin: Begin,
    report: Callable[[str], None],
) -> None:
    worker = begin(machine.settings, machine.log)
    with state(machine, worker):
        announced(worker)
        began = time.monotonic()
        worker.process.terminate()
        code = worker.process.wait(timeout=60)
        seconds = time.monotonic() - began
    report(f"ended after {seconds:.1f} s with {code}")
    assert seconds < STOP_SECONDS + _SLACK_SECONDS
    assert code in {0, 70}


def test_and_after_all_these_stops_nothing_was_lost_and_nothing_counted_twice(
    machine: Machine, begin: Begin, report: Callable[[str], None]
) -> None:
    """What was in flight as the broker was killed may be read again: then it is a duplicate, and the books still balance."""
    worker = begin(machine.settings, machine.log).ready()
    worker.reached(machine.town, [ABSENCES])
    ledger = worker.ledger(ABSENCES)
    report(str(ledger))
    assert set(ledger) <= {"processed", "duplicate"}
    assert sum(ledger.values()) == machine.town.ends(ABSENCES)[ABSENCES]
    assert worker.stop() == 0
