"""What Faust does not deliver is noticed, and what it merely brings late is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from hub.runtime.vigil import Vigil

BOUNDS = {("a", 0): (0, 5), ("a", 1): (0, 9)}


@dataclass
class Idle:
    """A lane that has read up to `reached`."""

    reached: int
    in_flight: int = 0
    ready: bool = True
    paused: frozenset[str] = frozenset()
    fetched: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def owned(self) -> Any:
        record = SimpleNamespace(paused=self.paused)
        return SimpleNamespace(position=lambda _topic: self.reached, record=record)

    def fetch(self, topic: str, begin: int, end: int) -> None:
        self.fetched.append((topic, begin, end))


def test_a_silence_with_records_left_makes_the_lane_read_them() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    behind, done = Idle(3), Idle(9)
    vigil.look({0: behind, 1: done}, BOUNDS)  # type: ignore[dict-item]
    assert behind.fetched == []
    now[0] = 6.0
    vigil.look({0: behind, 1: done}, BOUNDS)  # type: ignore[dict-item]
    assert behind.fetched == [("a", 0, 5)]
    assert done.fetched == []


def test_while_anything_arrives_nobody_reads_directly() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    now[0] = 6.0
    vigil.arrived()
    lane = Idle(0)
    vigil.look({0: lane}, BOUNDS)  # type: ignore[dict-item]
    assert lane.fetched == []


def test_a_lane_at_work_or_not_ready_is_left_alone() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    now[0] = 6.0
    lanes = {0: Idle(0, in_flight=1), 1: Idle(0, ready=False)}
    vigil.look(lanes, BOUNDS)  # type: ignore[arg-type]
    assert not any(lane.fetched for lane in lanes.values())


def test_what_is_gone_from_the_topic_is_not_looked_for() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    now[0] = 6.0
    lane = Idle(0)
    vigil.look({0: lane}, {("a", 0): (7, 7)})  # type: ignore[dict-item]
    assert lane.fetched == []


def test_a_source_that_waits_while_others_are_served_is_read_in_the_end() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    starved, served = Idle(3, in_flight=7), Idle(9)
    for now[0] in (0.0, 10.0, 29.0):
        vigil.arrived()
        vigil.look({0: starved, 1: served}, BOUNDS)  # type: ignore[dict-item]
    assert starved.fetched == []
    assert vigil.waiting_seconds == 29.0
    now[0] = 31.0
    vigil.look({0: starved, 1: served}, BOUNDS)  # type: ignore[dict-item]
    assert starved.fetched == [("a", 0, 5)]
    starved.reached = 4
    vigil.look({0: starved, 1: served}, BOUNDS)  # type: ignore[dict-item]
    assert vigil.waiting_seconds == 0.0


def test_how_long_faust_has_been_silent_is_told_while_its_work_is_done_for_it() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    lane = Idle(0)
    for reached in range(4):
        lane.reached = reached
        now[0] += 6.0
        vigil.look({0: lane}, {("a", 0): (0, reached + 1)})  # type: ignore[dict-item]
    assert vigil.silent_seconds == 18.0
    vigil.arrived()
    assert vigil.silent_seconds == 0.0


def test_a_source_that_is_paused_waits_without_being_read_and_nothing_stands_still() -> None:
    now = [0.0]
    vigil = Vigil(5.0, lambda: now[0])
    lane = Idle(3, paused=frozenset({"a"}))
    for now[0] in (0.0, 6.0, 600.0):
        vigil.look({0: lane}, BOUNDS)  # type: ignore[dict-item]
    assert (lane.fetched, vigil.waiting_seconds, vigil.silent_seconds) == ([], 0.0, 0.0)
