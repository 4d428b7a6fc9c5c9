"""Having letters sent again: here, or by whoever has the instance; what fails lets them wait again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.connect.database import open_store
from hub.connect.letter_box import LetterBox, Look
from hub.connect.letter_rows import Result, add_letters, set_results
from hub.connect.letters import Letter, LetterState
from hub.connect.sending_again import SendingAgain
from hub.errors import ConfigError, RetriableError
from tests.unit.connect.conftest import NOW
from tests.unit.connect.installation import make_installation

LOOK = Look(states=frozenset(LetterState))


class Instances:
    """Letters of two instances; `redrive` handles what is queued of one, after what `before` does."""

    def __init__(self, home: Path) -> None:
        self.settings = make_installation(home, 1)
        self.box = LetterBox(self.settings)
        self.before: Callable[[], None] = lambda: None
        for name in ("toy", "toymend"):
            letters = [Letter(f"l{name}{number}", NOW, "no_minutes", {"read": 0}, number) for number in range(2)]
            engine = self.engine(name)
            with engine.begin() as connection:
                add_letters(connection, letters)
            engine.dispose()

    def engine(self, name: str):
        file = self.settings.data / "connect" / name / "ledger.db"
        file.parent.mkdir(parents=True, exist_ok=True)
        return open_store(file)

    def handle(self, name: str) -> None:
        queued = self.box.letters(Look(connector=name, states=frozenset({LetterState.QUEUED})))
        engine = self.engine(name)
        with engine.begin() as connection:
            set_results(connection, [Result(one.letter.letter_id, "") for one in queued], NOW)
        engine.dispose()

    def runner(self, name: str):
        instances = self

        class Runs:
            def redrive(self) -> None:
                instances.before()
                instances.handle(name)

        return Runs()

    def again(self, paused: list[float] | None = None) -> SendingAgain:
        return SendingAgain(self.box, ManualClock(NOW), self.runner, (paused if paused is not None else []).append)

    def states(self) -> set[LetterState]:
        return {one.letter.state for one in self.box.letters(LOOK)}


@pytest.fixture
def instances(tmp_path: Path) -> Instances:
    return Instances(tmp_path)


def test_letters_of_several_instances_are_queued_once_and_done(instances: Instances) -> None:
    again, waiting = instances.again(), instances.box.letters(LOOK)
    queued = again.queue(waiting)
    assert len(queued) == 4
    assert again.queue(waiting) == []
    told: list[int] = []
    again.have_done(queued, told.append)
    assert told[-1] == 4
    assert {one.letter.state for one in again.now(queued)} == {LetterState.HANDLED}


def test_what_cannot_be_done_waits_again_and_the_reason_is_told(instances: Instances) -> None:
    def away() -> None:
        raise RetriableError("nobody answers", code="kafka")

    instances.before = away
    again = instances.again()
    with pytest.raises(RetriableError):
        again.have_done(again.queue(instances.box.letters(LOOK)))
    assert instances.states() == {LetterState.WAITING}


def test_where_the_connector_runs_it_is_left_to_it_and_tried_again_when_it_has_ended(instances: Instances) -> None:
    refusals = [ConfigError("runs", code="runs_already")] * 2

    def held() -> None:
        if refusals:
            raise refusals.pop()

    instances.before = held
    paused: list[float] = []
    again = instances.again(paused)
    again.have_done(again.queue(instances.box.letters(Look(connector="toy"))))
    assert len(paused) == 2
    assert instances.states() == {LetterState.WAITING, LetterState.HANDLED}


def test_a_running_connector_that_takes_them_is_enough(instances: Instances) -> None:
    def held() -> None:
        instances.handle("toy")
        raise ConfigError("runs", code="runs_already")

    instances.before = held
    paused: list[float] = []
    again = instances.again(paused)
    again.have_done(again.queue(instances.box.letters(Look(connector="toy"))))
    assert paused == []


def test_nothing_chosen_is_nothing_done(instances: Instances) -> None:
    again = instances.again()
    again.have_done([])
    assert again.now([]) == []
