"""An event whose place is corrected, from the source to the topic: it counts in one area."""

from __future__ import annotations

import pytest

from hub.errors import RetriableError

HERE, THERE = "0581-hageby", "0581-city"


def told(world) -> list:
    return [(one.area, one.revision, one.retracted) for one in world.published]


def tell(world, *areas: str, **changes) -> dict:
    """One poll that says so of one event, in this order."""
    world.source.given.append([world.incident(area=area, **changes) for area in areas])
    return dict(world.lane().poll())


def crash() -> None:
    raise RetriableError("gone in the middle", code="kafka")


def test_an_event_that_is_moved_to_another_area_is_taken_back_in_the_former(world) -> None:
    tell(world, HERE)
    assert tell(world, THERE)["published", ""] == 2
    assert told(world) == [(HERE, 1, False), (HERE, 2, True), (THERE, 3, False)]
    assert len({(one.event_id, one.revision) for one in world.published}) == 3
    assert {record.key for record in world.publisher.records[1:]} == {HERE.encode(), THERE.encode()}
    assert tell(world, THERE) == {("unchanged", ""): 1}


def test_what_is_moved_back_stands_where_it_was_alone(world) -> None:
    for area in (HERE, THERE, HERE):
        tell(world, area)
    assert told(world)[3:] == [(THERE, 4, True), (HERE, 5, False)]


def test_an_event_that_is_cancelled_elsewhere_is_taken_back_where_it_stands_and_told_nowhere(world) -> None:
    tell(world, HERE)
    tell(world, THERE, retracted=True)
    assert told(world) == [(HERE, 1, False), (HERE, 2, True)]


def test_of_two_areas_in_one_breath_the_last_counts_and_the_records_are_all_accounted_for(world) -> None:
    assert tell(world, HERE, THERE) == {("published", ""): 1, ("unchanged", ""): 1}
    assert tell(world, HERE, THERE) == {("unchanged", ""): 2}
    assert told(world) == [(THERE, 1, False)]


@pytest.mark.parametrize("order", [1, -1], ids=["taken back first", "told first"])
def test_what_a_source_takes_back_in_the_former_area_itself_does_not_say_where_the_event_is(world, order) -> None:
    tell(world, HERE)
    world.source.given.append([world.incident(area=HERE, retracted=True), world.incident(area=THERE)][::order])
    world.lane().poll()
    assert told(world) == [(HERE, 1, False), (HERE, 2, True), (THERE, 3, False)]


def test_other_events_of_the_former_area_stay(world) -> None:
    world.source.given.append([world.incident("p1"), world.incident("p2")])
    world.lane().poll()
    tell(world, THERE)
    assert told(world)[2:] == [(HERE, 2, True), (THERE, 3, False)]
    assert {one.event_id for one in world.published if one.retracted} == {world.published[0].event_id}


@pytest.mark.parametrize("reached", [True, False], ids=["kafka had it", "kafka had not"])
def test_a_crash_in_the_middle_of_a_move_repeats_the_same_revisions(world, reached) -> None:
    tell(world, HERE)
    world.source.given.append([world.incident(area=THERE)])
    if not reached:
        world.publisher.failures.append(RetriableError("no broker", code="kafka"))
    with pytest.raises(RetriableError):
        world.lane(after_publish=crash).poll()
    world.crash()
    world.lane().poll()
    assert set(told(world)) == {(HERE, 1, False), (HERE, 2, True), (THERE, 3, False)}
    assert len(told(world)) == (5 if reached else 3)


def test_a_person_keeps_her_facts_of_one_area_when_another_is_told(world) -> None:
    world.grant(world.person(1))
    world.source.given = [[world.absence(world.person(1), "a1"), world.incident()], [world.absence(world.person(1), "a2")]]
    world.lane().poll()
    assert not any(one.retracted for one in world.published)
