"""Letters whose rows were kept, and what the source has said since: the newest word stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.connect.events import EventsLane
from hub.connect.gate import judge_place
from hub.connect.last_words import CORRECTED_SINCE
from hub.connect.letter_rows import move_letters
from hub.connect.letters import LetterState
from tests.unit.connect.conftest import NOW
from tests.unit.connect.test_redriving import bad, lane_of, letters, queue


class Kept:
    """A lane about places, whose letters keep their bodies: `a` and `b` are rows that mean `p1` once the mapping is mended."""

    def __init__(self, world) -> None:
        world.origin = replace(world.origin, kinds=frozenset())
        self.world = world
        self.lane = self.build()

    def build(self, **changes) -> EventsLane:
        return lane_of(self.world, lambda content: [self.row(content.decode())], directory=None, **changes)

    def row(self, content: str):
        return self.world.incident("p1", fingerprint=content)

    def show(self, *contents: str, lane: EventsLane | None = None) -> None:
        rows = [bad("", content=one.encode()) if one in "ab" else self.row(one) for one in contents]
        self.world.source.given.append(rows)
        (lane or self.lane).poll()
        self.world.clock.advance(timedelta(hours=1))

    def redrive(self, *ids: str) -> list[str]:
        """What the letters met that wait again."""
        queue(self.world, *ids)
        self.lane.keep()
        return [one.result for one in letters(self.world)]

    @property
    def revisions(self) -> list[int]:
        return [one.revision for one in self.world.published]


@pytest.fixture
def kept(world) -> Kept:
    return Kept(world)


@pytest.mark.parametrize("rows", [["a", "2"], ["1", "a", "2"], ["1", "a", "1"]])
def test_what_was_kept_does_not_undo_what_the_source_said_since_and_says_so(kept, rows) -> None:
    for row in rows:
        kept.show(row)
    before = kept.revisions
    assert kept.redrive() == [CORRECTED_SINCE]
    assert kept.revisions == before


@pytest.mark.parametrize("rows", [["1", "a"], ["a", "2", "a"]])
def test_what_was_kept_is_said_where_it_is_the_last_word_and_once(kept, world, rows) -> None:
    for row in rows:
        kept.show(row)
    assert kept.redrive() == []
    assert kept.revisions == [1, 2]
    with world.ledger.engine.begin() as connection:
        ids = [one.letter_id for one in letters(world, LetterState.HANDLED)]
        move_letters(connection, ids, LetterState.HANDLED, LetterState.QUEUED, NOW)
    kept.lane.keep()
    assert kept.revisions == [1, 2]
    assert len(letters(world, LetterState.HANDLED)) == 1


@pytest.mark.parametrize("together", [False, True])
def test_of_two_kept_rows_of_an_event_the_later_one_stands(kept, world, together: bool) -> None:
    kept.show("a")
    kept.show("b")
    first, second = sorted(letters(world), key=lambda one: one.found_at)
    if together:
        assert kept.redrive() == []
    else:
        kept.redrive(second.letter_id)
        assert kept.redrive() == [CORRECTED_SINCE]
    latest = sqlite3.connect(world.folder / "ledger.db").execute("select content from events").fetchall()
    assert latest == [(judge_place(kept.row("b"), world.origin, NOW).content,)]
    assert first.found_at < second.found_at


def test_what_may_be_on_kafka_after_a_crash_is_not_undone_either(kept, world) -> None:
    class KilledError(Exception):
        pass

    def die() -> None:
        raise KilledError

    kept.show("a")
    with pytest.raises(KilledError):
        kept.show("2", lane=kept.build(after_publish=die))
    world.crash()
    kept.lane = kept.build()
    assert kept.redrive() == [CORRECTED_SINCE]
    assert kept.revisions == [1]


def test_what_was_told_before_an_upgrade_is_known_to_have_been_said_then(kept, world) -> None:
    kept.show("a")
    kept.show("2")
    world.ledger.close()
    with closing(sqlite3.connect(world.folder / "ledger.db")) as older, older:
        for table in ("events", "letters"):
            older.execute(f"ALTER TABLE {table} DROP COLUMN heard_at")
        older.execute("UPDATE alembic_version SET version_num = '0007'")
    world.crash()
    kept.lane = kept.build()
    assert kept.redrive() == [CORRECTED_SINCE]
