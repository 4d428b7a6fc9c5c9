"""A letter's record comes with its source's word whom it is about, so that what is redriven stands of nobody else."""

from __future__ import annotations

import pytest

from hub.connect.letters import LetterState
from hub.connector import Removal
from hub.contract.models import InfoKind
from hub.errors import RetriableError
from tests.unit.connect.conftest import World
from tests.unit.connect.test_redriving import bad, lane_of, letters, lines, queue


def only(person: str, *ids: str) -> Removal:
    """The word that these are that person's, and nobody else's."""
    return Removal(InfoKind.SCHOOL_ABSENCE, ids or ("a1",), World.absence(person).body, but_of=person)


def standing(world: World) -> set[tuple[str, int]]:
    """Of whom something stands on Kafka, by the number of the reference, and how many minutes."""
    latest = {(one.youth_ref, one.event_id): one for one in world.published}
    return {(int(one.youth_ref[1:], 16), one.minutes) for one in latest.values() if not one.retracted}


@pytest.fixture
def two(world: World) -> tuple[str, str]:
    """The child that it was told of, and the one that it is about now."""
    for number in (1, 2):
        world.grant(world.person(number), number)
    return world.person(1), world.person(2)


@pytest.mark.parametrize("name", ["a1", ""], ids=["by name", "by place"])
@pytest.mark.parametrize("known", [True, False], ids=["who has a reference", "who has none"])
def test_what_was_told_of_another_is_taken_back(world: World, two: tuple[str, str], name: str, known: bool) -> None:
    former, right = two[0], two[1] if known else world.person(3)
    world.source.given = [[world.absence(former), only(former)], [bad(name)]]
    lane = lane_of(world)
    lane.poll()
    assert standing(world) == {(1, 60)}
    world.source.given[1] = [world.absence(right, minutes=30), only(right)]
    queue(world)
    lane.keep()
    assert standing(world) == ({(2, 30)} if known else set())
    assert [one.result for one in letters(world, LetterState.HANDLED)] == [""]
    (letter,) = letters(world, LetterState.HANDLED)
    assert {one.letter_id for one in lines(world) if one.outcome == "retracted"} == {""}, "nobody is linked to another's record"
    assert {one.letter_id for one in lines(world) if one.revision == 1} == ({"", letter.letter_id} if known else {""})


def test_what_the_source_said_of_it_since_is_the_last_word(world: World, two: tuple[str, str]) -> None:
    former, right = two
    world.source.given = [[bad("a1")], [world.absence(right, minutes=30), only(right)]]
    lane = lane_of(world)
    lane.poll()
    world.source.given[0] = [world.absence(former), only(former)]
    queue(world)
    lane.keep()
    assert standing(world) == {(2, 30)}
    assert len(world.published) == 1, "and of the former child nothing was said even for a moment"


def test_as_long_as_its_last_word_cannot_be_read_nothing_is_said(world: World, two: tuple[str, str]) -> None:
    former, right = two
    world.source.given = [[bad("a1")], [world.absence(right, minutes=30), only(right)]]
    lane = lane_of(world)
    lane.poll()
    world.source.given[0] = [world.absence(former), only(former)]
    world.source.fail_before = {1: RetriableError("away", code="unreachable")}
    queue(world)
    lane.keep()
    assert standing(world) == {(2, 30)}
    assert [one.result for one in letters(world)] == ["unreachable"]


def test_a_word_about_another_record_is_not_the_letter_s(world: World, two: tuple[str, str]) -> None:
    former, right = two
    world.source.given = [[world.absence(former, "b1"), only(former, "b1"), bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[world.absence(right, "a1", minutes=30), only(right, "a1"), only(right, "b1")]]
    queue(world)
    lane.keep()
    assert standing(world) == {(1, 60), (2, 30)}
