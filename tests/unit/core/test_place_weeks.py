"""Presence over a week's end: what is taken back moves the ground from one week to another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest

from hub.contract import ids
from hub.contract.models import Action, PlaceEvent, PresenceTask
from hub.core.place import PlaceState, new_place_state, place_from_bytes, place_resume, place_step, place_to_bytes, place_wake
from hub.core.resume import Known
from hub.core.state import StateError

from .make import make_place_event
from .make_rules import RULES

AREA, RULE = "0581-hageby", "place-presence"
THURSDAY = datetime(2025, 5, 15, 8, tzinfo=UTC)
NOW = THURSDAY + timedelta(days=6)


def day(of_may: int, hour: int = 10) -> datetime:
    return datetime(2025, 5, of_may, hour, tzinfo=UTC)


FRIDAY = [make_place_event(number, day(16, 10 + number)) for number in range(5)]
TAKEN_BACK = [make_place_event(number, day(16, 10 + number), revision=2, retracted=True) for number in range(5)]
MONDAY = [make_place_event(10 + number, day(19, 8 + number)) for number in range(4)]


class Team:
    """What an area's receiver has by all that was said: the open tasks by week. Says of each event what it was told."""

    def __init__(self, now: datetime = NOW, state: PlaceState | None = None) -> None:
        self.now = now
        self.state = state or new_place_state(AREA)
        self.open: dict[str, str] = {}
        self.known = Known()
        self._ids: set[str] = set()

    def hear(self, *events: PlaceEvent) -> list[tuple[str, str]]:
        said = list[tuple[str, str]]()
        for event in events:
            said += self._take(place_step(self.state, event, RULES, self.now))
        return said

    def wait(self, until: datetime) -> list[tuple[str, str]]:
        self.now = until
        return self._take(place_wake(self.state, RULES, until))

    def resume(self, state: PlaceState) -> list[tuple[str, str]]:
        """What is said of a state that is rebuilt in place of the worker's."""
        return self._take(place_resume(state, self.known, RULES, self.now))

    def _take(self, done: Any) -> list[tuple[str, str]]:
        self.state = place_from_bytes(place_to_bytes(done.state))
        assert self.state == done.state
        for task in done.tasks:
            self._told(task)
        return [(task.action.value, task.week) for task in done.tasks]

    def _told(self, task: PresenceTask) -> None:
        self.known.hear(task)
        if task.action is Action.GROUND_LOST:
            assert self.open.pop(task.week) == task.task_id
            return
        assert task.week not in self.open
        assert task.task_id not in self._ids
        self._ids.add(task.task_id)
        self.open[task.week] = task.task_id


def test_a_retraction_that_moves_the_ground_into_the_next_week_takes_the_former_weeks_task_back() -> None:
    team = Team()
    assert team.hear(*FRIDAY, *MONDAY) == [("open", "2025-W20")]
    assert team.hear(TAKEN_BACK[0]) == [("ground_lost", "2025-W20"), ("open", "2025-W21")]
    assert team.hear(*TAKEN_BACK[1:]) == [("ground_lost", "2025-W21")]
    assert team.state.proposals == {}


def test_a_week_that_gets_its_ground_back_while_a_later_one_stands_is_not_proposed_beside_it() -> None:
    team = Team()
    team.hear(*FRIDAY, *MONDAY, TAKEN_BACK[0])
    assert team.hear(make_place_event(0, day(16), revision=3)) == []
    assert list(team.open) == ["2025-W21"]


def test_a_later_week_without_a_report_that_suffices_gives_way_to_the_one_that_has_the_ground() -> None:
    """Four of Friday and one of Monday, then Friday's fifth, told late: Monday's week stands until Monday's is taken back."""
    team = Team()
    assert team.hear(*FRIDAY[:4], MONDAY[0], FRIDAY[4]) == [("open", "2025-W21")]
    monday = make_place_event(10, day(19, 8), revision=2, retracted=True)
    assert team.hear(monday) == [("ground_lost", "2025-W21"), ("open", "2025-W20")]


def test_a_week_whose_ground_aged_stays_said_while_a_later_one_is_taken_back_and_is_not_said_twice() -> None:
    team = Team(day(16, 20))
    assert team.hear(make_place_event(1, day(12), 5)) == [("open", "2025-W20")]
    assert team.wait(day(20)) == []
    assert team.hear(make_place_event(2, day(20, 9), 5)) == [("open", "2025-W21")]
    assert team.hear(make_place_event(2, day(20, 9), revision=2, retracted=True)) == [("ground_lost", "2025-W21")]
    assert team.hear(make_place_event(3, day(18), 5)) == [], "W20's task was said, and nobody took it back"
    assert team.hear(make_place_event(3, day(18), revision=2, retracted=True)) == [("ground_lost", "2025-W20")]
    assert team.hear(make_place_event(4, day(18), 5)) == [("open", "2025-W20")]
    assert team.open == {"2025-W20": ids.task_id(AREA, RULE, "2025-W20#2")}


def test_a_week_of_which_nothing_can_count_any_more_is_forgotten() -> None:
    team = Team(day(16, 20))
    team.hear(make_place_event(1, day(16), 5))
    team.wait(day(16) + timedelta(days=8))
    assert list(team.state.proposals) == [f"{RULE}|2025-W20"]
    team.now = day(19) + timedelta(days=366)
    team.hear(make_place_event(2, team.now))
    assert team.state.proposals == {}


def weeks_with_ground(events: Sequence[PlaceEvent]) -> set[str]:
    """From the definition: the weeks of the reports up to and with which, by time, the incidents suffice."""
    newest = {event.event_id: event for event in sorted(events, key=lambda event: event.revision)}
    counting = sorted((event for event in newest.values() if not event.retracted), key=lambda event: event.occurred_at)
    sums = accumulate(event.incidents for event in counting)
    return {
        "{}-W{}".format(*event.occurred_at.astimezone(UTC).isocalendar())
        for event, total in zip(counting, sums, strict=True)
        if total >= 5
    }


def two_weeks(chance: random.Random) -> list[PlaceEvent]:
    """Reports of six days over a week's end, of which some are corrected or taken back; none within two hours of midnight."""
    told = list[PlaceEvent]()
    for number in range(8):
        for revision in range(1, chance.choice([1, 1, 2, 3]) + 1):
            at = THURSDAY + timedelta(days=chance.randrange(6), hours=chance.randrange(12))
            taken_back = revision > 1 and chance.random() < 0.6
            incidents = chance.choice([1, 1, 2])
            told.append(make_place_event(number, at, incidents, revision=revision, retracted=taken_back, recorded_at=NOW))
    return told


@pytest.mark.parametrize("block", range(4))
def test_whatever_the_order_one_task_is_open_while_the_reports_suffice_and_its_week_has_ground(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        chance = random.Random(seed)
        told = two_weeks(chance)
        weeks = weeks_with_ground(told)
        for _ in range(6):
            chance.shuffle(told)
            team = Team()
            team.hear(*told)
            assert len(team.open) == bool(weeks), seed
            assert team.open.keys() <= weeks, seed
            assert {one.week: one.task_id for one in team.state.proposals.values()} == team.open, seed


@pytest.mark.parametrize("block", range(4))
def test_a_rebuild_over_a_weeks_end_says_nothing_that_was_said_in_whatever_order_it_reads_the_reports(block: int) -> None:
    for seed in range(2000 + block * 60, 2000 + block * 60 + 60):
        chance = random.Random(seed)
        told = two_weeks(chance)
        chance.shuffle(told)
        team, again = Team(), new_place_state(AREA)
        team.hear(*told)
        chance.shuffle(told)
        for event in told:
            again = place_step(again, event, RULES, NOW).state
        done = place_resume(again, team.known, RULES, NOW)
        assert (done.tasks, done.state) == ((), team.state), seed
        assert place_resume(done.state, team.known, RULES, NOW).state is done.state, seed


def rebuilt(told: Sequence[PlaceEvent], now: datetime = NOW) -> PlaceState:
    state = new_place_state(AREA)
    for event in told:
        state = place_step(state, event, RULES, now).state
    return state


def test_a_retraction_that_is_first_read_in_the_rebuild_is_told_and_the_week_that_has_the_ground_then_is_said() -> None:
    team = Team()
    team.hear(*FRIDAY, *MONDAY[:1])
    team.resume(rebuilt([*FRIDAY, *MONDAY[:1], *TAKEN_BACK[:2]]))
    assert team.open == {}
    assert team.hear(*TAKEN_BACK[2:], *MONDAY[1:]) == []
    moved = Team()
    moved.hear(*FRIDAY, *MONDAY)
    assert moved.resume(rebuilt([*FRIDAY, *MONDAY, TAKEN_BACK[0]])) == [("ground_lost", "2025-W20"), ("open", "2025-W21")]


def test_in_a_rebuild_nothing_is_told_of_a_week_whose_ground_has_aged_or_that_other_rules_proposed() -> None:
    team, told = Team(), [*FRIDAY, *TAKEN_BACK]
    team.hear(*FRIDAY)
    later = FRIDAY[0].occurred_at + timedelta(days=7)
    aged = place_resume(rebuilt(told, later), team.known, RULES, later)
    assert (aged.tasks, list(aged.state.proposals)) == ((), [f"{RULE}|2025-W20"])
    just_before = later - timedelta(milliseconds=1)
    assert len(place_resume(rebuilt(told, just_before), team.known, RULES, just_before).tasks) == 1
    newer = replace(RULES, version="other")
    assert place_resume(rebuilt(told), team.known, newer, NOW).tasks == ()


def test_in_a_rebuild_nothing_is_told_of_a_week_whose_reports_were_on_a_topic_that_was_made_anew() -> None:
    team = Team()
    team.hear(*FRIDAY)
    done = place_resume(rebuilt(FRIDAY[:2]), team.known, RULES, NOW)
    assert (done.tasks, list(done.state.proposals)) == ((), [f"{RULE}|2025-W20"])


@pytest.mark.parametrize("block", range(4))
def test_after_a_rebuild_that_reads_more_than_was_read_one_task_is_open_while_the_reports_suffice(block: int) -> None:
    for seed in range(3000 + block * 60, 3000 + block * 60 + 60):
        chance = random.Random(seed)
        told = two_weeks(chance)
        chance.shuffle(told)
        weeks, team = weeks_with_ground(told), Team()
        team.hear(*told[: chance.randrange(len(told))])
        team.resume(rebuilt(told))
        assert len(team.open) == bool(weeks), seed
        assert team.open.keys() <= weeks, seed
        assert {one.week: one.task_id for one in team.state.proposals.values()} == team.open, seed
        assert place_resume(team.state, team.known, RULES, NOW).tasks == (), seed


@pytest.mark.parametrize("block", range(4))
def test_where_one_week_alone_has_ground_it_has_the_task_and_all_taken_back_leaves_none(block: int) -> None:
    for seed in range(1000 + block * 60, 1000 + block * 60 + 60):
        chance = random.Random(seed)
        told = two_weeks(chance)
        if len(weeks := weeks_with_ground(told)) < 2:
            chance.shuffle(told)
            team = Team()
            team.hear(*told)
            assert team.open.keys() == weeks, seed
            held = {event.event_id: event for event in told}
            gone = [event.model_copy(update={"revision": 9, "retracted": True}) for event in held.values()]
            chance.shuffle(gone)
            team.hear(*gone)
            assert team.open == {}, seed
            assert team.state.proposals == {}, seed


FORMER = b'[1,"0581-hageby",{},{"place-presence":["2025-W20","%s","1",1,2]},{"place-presence":{"2025-W19":1}},null]'


def test_a_state_of_the_former_format_is_read_with_the_week_that_it_knows() -> None:
    team = Team(state=place_from_bytes(FORMER % ids.task_id(AREA, RULE, "2025-W20").encode()))
    [(place, one)] = team.state.proposals.items()
    assert (place, one.week, one.first_ms, one.last_ms) == (f"{RULE}|2025-W20", "2025-W20", 1, 2)
    assert team.state.recalled == {RULE: {"2025-W19": 1}}
    assert place_to_bytes(team.state).startswith(b"[2,")
    assert team.hear(*FRIDAY) == []


@pytest.mark.parametrize("value", [FORMER.replace(b"[1,", b"[3,"), FORMER.replace(b'["2025', b'[["2025"],"')])
def test_a_state_of_another_form_is_refused(value: bytes) -> None:
    with pytest.raises(StateError):
        place_from_bytes(value)
