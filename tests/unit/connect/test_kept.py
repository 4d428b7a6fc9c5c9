from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from hub.connect.kept import KeptSource, packed, unpacked
from hub.connect.letters import Sealing
from hub.connector import Batch, Place, PlaceRecord, Unmapped
from hub.contract.models import PlaceCategory, PlaceKind
from hub.errors import RetriableError
from tests.unit.connect.conftest import KEY, NOW
from tests.unit.connect.toy import make_connector

SEALING = Sealing(KEY, "kept")
PAUSE = timedelta(minutes=5)


class Window:
    """Shows what is in `shows` now, one batch per poll, and forgets it; an exception is raised."""

    def __init__(self, *shows) -> None:
        self.shows = list(shows)
        self.asked: list = []
        self.closed = False

    def batches(self, cursor):
        self.asked.append(cursor)
        if self.shows:
            shown = self.shows.pop(0)
            if isinstance(shown, Exception):
                raise shown
            yield shown

    def close(self) -> None:
        self.closed = True


def kept(world, window, **changes) -> KeptSource:
    return KeptSource(window, world.ledger, world.clock, SEALING, **({"connector": "kept", "pause": PAUSE} | changes))


def batch(world, name: str, **changes) -> Batch:
    return Batch([world.incident(name)], {"etag": name}, **changes)


def names(batches) -> list[str]:
    return [record.source_id for one in batches for record in one.records]


def test_what_was_shown_once_is_told_until_the_cursor_has_passed_it(world) -> None:
    window = Window(batch(world, "a"), batch(world, "b"))
    (first,) = kept(world, window).batches(None)
    world.crash()
    source = kept(world, window)
    again, second = source.batches(None)
    assert (again, names([second])) == (first, ["b"])
    assert list(source.batches(again.cursor)) == [second]
    assert list(source.batches(second.cursor)) == []
    assert world.ledger.count_kept() == 0


def test_the_source_is_asked_behind_what_was_kept_not_behind_what_was_told(world) -> None:
    window = Window(batch(world, "a"), batch(world, "b"))
    kept(world, window).batches(None)
    (first,) = list(kept(world, window).batches(None))
    list(kept(world, window).batches(None))
    list(kept(world, window).batches({"kept": 2, "source": {"etag": "b"}}))
    assert window.asked == [None, {"etag": "a"}, {"etag": "b"}]
    assert first.cursor == {"kept": 1, "source": {"etag": "a"}}


def test_a_number_is_never_given_twice_even_when_nothing_is_kept(world) -> None:
    window = Window(batch(world, "a"), batch(world, "b"))
    (first,) = kept(world, window).batches(None)
    (second,) = kept(world, window).batches(first.cursor)
    assert [first.cursor["kept"], second.cursor["kept"]] == [1, 2]


def test_a_cursor_of_the_source_from_before_it_was_kept_goes_on(world) -> None:
    window = Window(batch(world, "b"))
    assert names(kept(world, window).batches({"etag": "a"})) == ["b"]
    assert window.asked == [{"etag": "a"}]


def test_while_batches_wait_the_source_is_asked_at_its_own_pace(world) -> None:
    window = Window(*(batch(world, name) for name in "abc"))
    source = kept(world, window)
    for _attempt in range(4):
        assert names(source.batches(None)) == ["a"]
    world.clock.advance(PAUSE)
    assert names(source.batches(None)) == ["a", "b"]
    assert names(source.batches({"kept": 2, "source": {"etag": "b"}})) == ["c"]  # nothing waits: as often as it is polled


def test_what_the_source_raises_comes_after_what_waits(world) -> None:
    source = kept(world, Window(batch(world, "a"), RetriableError("down")))
    list(source.batches(None))
    world.clock.advance(PAUSE)
    told = source.batches(None)
    assert names([next(told)]) == ["a"]
    with pytest.raises(RetriableError):
        next(told)


def test_the_same_again_while_kafka_is_away_is_kept_once(world) -> None:
    source = kept(world, Window(batch(world, "a"), batch(world, "a"), batch(world, "b")))
    for _ in range(3):
        told = list(source.batches(None))
        world.clock.advance(PAUSE)
    assert names(told) == ["a", "b"]


def test_a_full_store_asks_no_more_until_something_is_told(world) -> None:
    window = Window(*(batch(world, name) for name in "abc"))
    source = kept(world, window, most=2)
    for _ in range(4):
        told = list(source.batches(None))
        world.clock.advance(PAUSE)
    assert (names(told), len(window.asked)) == (["a", "b"], 2)
    assert REGISTRY.get_sample_value("hub_connector_kept_batches", {"connector": "kept"}) == 2
    assert names(source.batches(told[0].cursor)) == ["b", "c"]


def test_a_person_is_never_written_and_never_passed_over_in_silence(world) -> None:
    source = kept(world, Window(Batch([world.absence(world.person()), world.incident("a")], {})))
    (told,) = source.batches(None)
    assert told.records == [Unmapped("kind_not_allowed", intentional=False), world.incident("a")]
    (_number, content) = world.ledger.newest_kept()
    assert world.person() not in str(unpacked(content, SEALING))


def test_a_connector_with_a_moving_window_may_not_tell_of_persons() -> None:
    for wrong in ({"kinds": frozenset({"school_absence"}), "places": True}, {"places": False}):
        with pytest.raises(Exception, match="places only"):
            make_connector("wrong", moving_window=True, **wrong)


def test_closing_closes_the_source(world) -> None:
    window = Window()
    kept(world, window).close()
    assert window.closed


PLACES = st.builds(
    PlaceRecord,
    source_id=st.text(st.characters(exclude_categories=()), max_size=20),
    area=st.text(max_size=10),
    occurred_at=st.datetimes(timezones=st.timezones() | st.none()).map(lambda at: at.replace(fold=0)),
    body=st.builds(Place, kind=st.sampled_from(PlaceKind), category=st.sampled_from(PlaceCategory), incidents=st.integers()),
    retracted=st.booleans(),
    fingerprint=st.text(max_size=64),
)


@given(st.lists(PLACES | st.builds(Unmapped, st.text(max_size=9), intentional=st.booleans()), max_size=5), st.booleans())
def test_a_packed_batch_comes_back_as_it_was(records, retold) -> None:
    told = Batch(records, {"etag": "\ud800", "n": 3}, retold)
    back = unpacked(packed(told, SEALING), SEALING)
    assert (back.cursor, back.retold, len(back.records)) == (told.cursor, retold, len(records))
    assert [comparable(one) for one in back.records] == [comparable(one) for one in records]


def comparable(record):
    """Two zones of the same offset are the same: a time is compared as it is written."""
    if isinstance(record, Unmapped):
        return record
    return record.occurred_at.isoformat(), replace(record, occurred_at=NOW)
