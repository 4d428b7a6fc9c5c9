"""A worker that stands still is noticed, whatever the reason; one that gets on, however slowly, is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hub.errors import FatalError
from hub.runtime.progress import Progress


@dataclass(eq=False)
class Table:
    """A driver as far as it is looked at."""

    name: str = "youths"
    ready: bool = True
    awaits_rules: bool = False
    reached: tuple[object, ...] = ()
    changelog: Any = field(default_factory=lambda: SimpleNamespace(topic="log"))
    vigil: Any = field(default_factory=lambda: SimpleNamespace(waiting_seconds=0.0, silent_seconds=0.0))


class Scene:
    """A worker with one table of 12 partitions, and a clock."""

    def __init__(self) -> None:
        self.now, self.owned, self.table = 0.0, 12, Table()
        tables: Any = {self.table: 12}
        self.progress = Progress(tables, lambda _topic: self.owned, limit_seconds=90, clock=lambda: self.now)

    def after(self, seconds: float, *, answers: bool = True) -> None:
        self.now += seconds
        self.progress.look({} if answers else None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def ends(scene: Scene) -> str:
    with pytest.raises(FatalError) as ended:
        scene.progress.check()
    assert ended.value.code == "stalled"
    return str(ended.value)


def test_nothing_to_do_is_no_standstill(scene: Scene) -> None:
    for _ in range(100):
        scene.after(60)
        scene.progress.check()
    assert scene.progress.whole
    assert scene.progress.stalled_seconds == 0


def test_partitions_that_nobody_owns_end_the_worker(scene: Scene) -> None:
    scene.owned = 0  # what a leader that knows no topics makes of a group
    scene.after(1)
    assert not scene.progress.whole
    scene.after(89)
    scene.progress.check()
    scene.after(2)
    assert ends(scene) == "no progress for 91 s: the group has left partitions of the youths without an owner"


def test_a_worker_to_spare_owns_nothing_and_is_fine(scene: Scene) -> None:
    scene.after(1000)
    scene.progress.check()


def test_an_assignment_that_never_comes_ends_the_worker(scene: Scene) -> None:
    scene.table.ready = False
    scene.after(1)
    scene.after(91)
    assert "not assigned" in ends(scene)


def test_a_long_restore_that_moves_is_left_alone(scene: Scene) -> None:
    scene.table.ready = False
    for reached in range(50):
        scene.table.reached = (reached,)
        scene.after(60)
        scene.progress.check()
    scene.after(91)
    assert ends(scene)


def test_kafka_that_is_silent_for_too_long_ends_the_worker(scene: Scene) -> None:
    scene.after(1, answers=False)
    assert not scene.progress.whole
    scene.after(91, answers=False)
    assert "Kafka" in ends(scene)


def test_one_trouble_after_another_is_one_standstill(scene: Scene) -> None:
    scene.after(1, answers=False)
    for _ in range(5):
        scene.table.ready, scene.owned = False, 12
        scene.after(10)
        scene.table.ready, scene.owned = True, 0
        scene.after(10)
    assert "100 s" in ends(scene)


def test_once_all_is_well_the_count_begins_anew(scene: Scene) -> None:
    scene.after(1, answers=False)
    scene.after(80)
    assert scene.progress.stalled_seconds == 0
    scene.after(80, answers=False)
    scene.progress.check()


@pytest.mark.parametrize("sign", ["waiting_seconds", "silent_seconds"])
def test_records_that_faust_does_not_bring_end_the_worker(scene: Scene, sign: str) -> None:
    setattr(scene.table.vigil, sign, 91.0)
    scene.after(1)
    assert "Faust" in ends(scene)


def test_a_worker_waits_for_rules_as_long_as_it_takes(scene: Scene) -> None:
    scene.table.ready, scene.table.awaits_rules = False, True
    for _ in range(50):
        scene.after(60)
        scene.progress.check()
    assert scene.progress.awaits_rules
    assert not scene.progress.whole
