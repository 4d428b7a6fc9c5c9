"""Letters from the refusal to the redrive, on a lane with a source that is mended meanwhile."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.connect.events import EventsLane
from hub.connect.ledger import Ledger
from hub.connect.letter_rows import Bounds, find_letters, move_letters
from hub.connect.letters import LetterState, Sealing
from hub.connect.recall import NOT_AT_SOURCE, NOT_KEPT, Recall
from hub.connect.sending import LETTER_HEADER
from hub.connect.tables import journal
from hub.connect.tables import letters as letter_table
from hub.connector import Unmapped
from hub.errors import RetriableError
from tests.unit.connect.conftest import KEY, NOW, World

SEALING = Sealing(KEY, "ss12000")
CONTROL = b"planted-control-201103159801"


def bad(name: str, **more) -> Unmapped:
    return Unmapped("bad_minutes", intentional=False, source_id=name, **more)


def lane_of(world: World, map_again=None, **changes) -> EventsLane:
    return world.lane(recall=Recall(SEALING, lambda: world.source, map_again), **changes)


def queue(world: World, *ids: str) -> None:
    chosen = ids or [one.letter_id for one in letters(world)]
    with world.ledger._engine.begin() as connection:
        move_letters(connection, chosen, LetterState.WAITING, LetterState.QUEUED, NOW)


def letters(world: World, state: LetterState = LetterState.WAITING) -> list:
    with world.ledger._engine.connect() as connection:
        return find_letters(connection, letter_table.c.state == state.value)


def lines(world: World) -> list:
    with world.ledger._engine.connect() as connection:
        return list(connection.execute(journal.select()))


@pytest.mark.parametrize("granted", [True, False])
def test_what_was_refused_is_a_letter_whoever_it_is_about(world, granted) -> None:
    if granted:
        world.grant(world.person(1))
    world.source.given = [[world.absence(world.person(1), "a1", minutes=-1), world.absence("nobody", "a2"), bad("a3")]]
    lane_of(world).poll()
    assert sorted(one.reason for one in letters(world)) == ["bad_minutes", "invalid_record", "unresolved_identifier"]


def test_what_consent_keeps_out_is_no_letter(world) -> None:
    world.source.given = [[world.absence(world.person(1))]]
    lane_of(world).poll()
    assert letters(world) == []
    assert lines(world) == []


def test_a_mended_record_is_published_and_linked_to_its_letter(world) -> None:
    world.grant(world.person(1))
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    (letter,) = letters(world)
    world.source.given = [[world.absence(world.person(1), "a1:unexcused")]]
    queue(world)
    lane.keep()
    assert [one.minutes for one in world.published] == [60]
    assert (LETTER_HEADER, letter.letter_id.encode()) in world.publisher.records[0].headers
    (handled,) = letters(world, LetterState.HANDLED)
    assert (handled.letter_id, handled.attempts, handled.result) == (letter.letter_id, 1, "")
    (line,) = lines(world)
    assert (line.letter_id, line.outcome, line.event_id) == (letter.letter_id, "published", world.published[0].event_id)


def test_the_end_is_told_alike_whether_or_not_consent_covers_it(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[world.absence(world.person(1), "a1")]]
    queue(world)
    lane.keep()
    assert world.published == []
    assert [one.result for one in letters(world, LetterState.HANDLED)] == [""]
    assert lines(world) == []


def test_consent_is_asked_as_of_the_redrive(world) -> None:
    entry = world.grant(world.person(1))
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[world.absence(world.person(1), "a1")]]
    world.directory.withdraw(world.person(1), None)
    queue(world)
    lane.keep()
    assert world.published == []
    world.directory.grant(world.person(1), entry)
    lane.poll()
    assert len(world.published) == 1  # the new consent reads the source again, letters or not


def test_a_record_that_is_still_bad_waits_again_with_what_it_met(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[replace(bad("a1"), reason="no_identifier")]]
    queue(world)
    lane.keep()
    (letter,) = letters(world)
    assert (letter.reason, letter.result, letter.attempts) == ("bad_minutes", "no_identifier", 1)


def test_a_record_that_the_source_does_not_show_any_more_says_so(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[bad("a2")]]
    queue(world)
    lane.keep()
    assert [one.result for one in letters(world)] == [NOT_AT_SOURCE]


def test_a_source_that_does_not_answer_is_told_by_its_code(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.fail_before = {0: RetriableError("away", code="unreachable")}
    queue(world)
    lane.keep()
    assert [one.result for one in letters(world)] == ["unreachable"]


def test_twice_has_one_effect(world) -> None:
    world.grant(world.person(1))
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    world.source.given = [[world.absence(world.person(1), "a1")]]
    queue(world)
    lane.keep()
    with world.ledger._engine.begin() as connection:
        ids = [one.letter_id for one in letters(world, LetterState.HANDLED)]
        move_letters(connection, ids, LetterState.HANDLED, LetterState.QUEUED, NOW)
    lane.keep()
    lane.poll()
    assert len(world.published) == 1


def test_without_kafka_letters_stay_queued(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world)
    lane.poll()
    queue(world)
    world.publisher.away = RetriableError("no broker", code="kafka")
    with pytest.raises(RetriableError):
        lane.keep()
    assert len(letters(world, LetterState.QUEUED)) == 1


def test_a_crash_between_publish_and_settlement_repeats_the_same_revision(world) -> None:
    class KilledError(Exception):
        pass

    def die() -> None:
        raise KilledError

    world.grant(world.person(1))
    world.source.given = [[bad("a1")]]
    lane_of(world).poll()
    world.source.given = [[world.absence(world.person(1), "a1")]]
    queue(world)
    with pytest.raises(KilledError):
        lane_of(world, after_publish=die).keep()
    world.crash()
    lane_of(world).keep()
    assert [(one.event_id, one.revision) for one in world.published] == [(world.published[0].event_id, 1)] * 2
    assert len(lines(world)) == 1


def test_a_row_about_places_is_kept_sealed_and_mapped_again_without_the_source(world) -> None:
    mended = {}
    world.source.given = [[bad("", content=CONTROL)]]
    world.origin = replace(world.origin, kinds=frozenset())
    lane = lane_of(world, lambda content: [mended.get(content) or bad("")], directory=None)
    lane.poll()
    with sqlite3.connect(world.folder / "ledger.db") as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    assert CONTROL not in b"".join(file.read_bytes() for file in world.folder.iterdir())
    assert b"bad_minutes" in (world.folder / "ledger.db").read_bytes()  # the search finds what does stand there
    world.source.given = []
    queue(world)
    lane.keep()
    assert [one.result for one in letters(world)] == ["bad_minutes"]
    mended[CONTROL] = world.incident("p1")
    queue(world)
    lane.keep()
    assert [one.area for one in world.published] == ["0581-hageby"]


def test_what_was_not_kept_says_so(world) -> None:
    world.source.given = [[bad("a1")]]
    lane = lane_of(world, lambda _: [])
    lane.poll()
    queue(world)
    lane.keep()
    assert [one.result for one in letters(world)] == [NOT_KEPT]


def test_erasure_takes_the_journal_s_lines_of_a_youth_and_no_other(world) -> None:
    for number in (1, 2):
        world.grant(world.person(number), number)
    world.source.given = [[world.absence(world.person(1), "a1"), world.absence(world.person(2), "a2"), world.incident()]]
    lane = lane_of(world)
    lane.poll()
    assert len(lines(world)) == 3
    world.directory.withdraw(world.person(1), "11111111-2222-3333-4444-555555555555")
    lane.keep()
    assert [one.subject for one in lines(world)] == ["y" + f"{2:032x}", "0581-hageby"]


def bounded(world: World, **bounds) -> None:
    world.ledger.close()
    world.ledger = Ledger(world.folder / "ledger.db", Bounds(**bounds))


def test_letters_and_journal_are_bounded_by_number_and_what_goes_is_counted(world) -> None:
    bounded(world, letters=3, journal_rows=2)
    lane = lane_of(world)
    for number in range(5):
        world.source.given.append([bad(f"a{number}"), world.incident(f"p{number}")])
        lane.poll()
    assert len(letters(world)) == 3
    assert len(lines(world)) == 2
    assert world.ledger.totals()["letters_purged", "count"] == 2


def test_letters_and_journal_are_bounded_by_age(world) -> None:
    bounded(world, letter_age=timedelta(days=1), journal_age=timedelta(days=1))
    world.source.given = [[bad("a1"), world.incident("p1")]]
    lane = lane_of(world)
    lane.poll()
    world.clock.advance(timedelta(days=2))
    world.source.given.append([world.incident("p2")])
    lane.poll()
    assert letters(world) == []
    assert len(lines(world)) == 1
    assert world.ledger.totals()["letters_purged", "age"] == 1


def test_bodies_are_bounded_by_bytes(world) -> None:
    bounded(world, letter_bytes=3_000)
    world.origin = replace(world.origin, kinds=frozenset())
    world.source.given = [[bad("", content=bytes([number]) * 1_000)] for number in range(9)]
    lane_of(world, lambda _: [], directory=None).poll()
    assert 1 <= len(letters(world)) <= 3
    assert world.ledger.totals()["letters_purged", "bytes"] == 9 - len(letters(world))
