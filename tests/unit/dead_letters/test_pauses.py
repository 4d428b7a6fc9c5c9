"""Marks of paused sources as they stand beside an offset."""

from __future__ import annotations

import pytest

from hub.contract.topics import SCHOOL_ABSENCES
from hub.dead_letters.pauses import Mark, MemoryBoard

MARK = Mark(SCHOOL_ABSENCES.name, 3, 101, 101, 200, 1_747_632_600)


@pytest.mark.parametrize(
    "mark", [MARK, MARK.answered(0), MARK.answered(10_000)], ids=["paused", "answered", "with leave for more"]
)
def test_a_mark_survives_its_metadata(mark: Mark) -> None:
    assert Mark.of(mark.topic, mark.partition, mark.at, mark.metadata()) == mark


@pytest.mark.parametrize("metadata", ["", "{}", "[]", "[2,1,1,1,1,1]", "null", "seven", "[1,2]"])
def test_what_no_hub_of_this_kind_wrote_is_no_mark(metadata: str) -> None:
    assert Mark.of(SCHOOL_ABSENCES.name, 3, 101, metadata) is None


def test_a_later_mark_takes_the_place_of_an_earlier_one() -> None:
    board = MemoryBoard()
    board.write([MARK])
    board.write([MARK.answered(5)])
    assert board.read() == {(MARK.topic, 3): MARK.answered(5)}
    board.clear()
    assert board.read() == {}
