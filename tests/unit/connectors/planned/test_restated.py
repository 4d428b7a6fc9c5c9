"""A weekly rule whose hour or day is corrected: what has begun stands once, and what only left the calendar stands."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hub.connector import PlaceRecord
from hub.errors import RetriableError
from hub.testing.reading import stored
from tests.unit.connect.conftest import World
from tests.unit.connectors.planned.make import Publisher, make_calendar, make_event

# The publisher's clock says Monday, 17 March, 6.30 in Sweden. Fridays within the window before it are 7 and 14 March.
FRIDAYS = "20250228T200000"


def weekly(at: str = FRIDAYS, *lines: str, count: int = 6) -> bytes:
    return make_calendar(make_event(f"RRULE:FREQ=WEEKLY;COUNT={count}", "DURATION:PT3H", *lines, at=at))


class Reader:
    """What stands of all that a source told, by the Swedish day and hour of what has begun."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.cursor = None
        self.stands: dict[str, datetime] = {}

    def read(self, content: bytes) -> list[str]:
        self.publisher.content = content
        for batch in self.publisher.source().batches(self.cursor):
            for one in batch.records:
                assert isinstance(one, PlaceRecord)
                if one.retracted:
                    self.stands.pop(one.source_id, None)
                else:
                    self.stands[one.source_id] = one.occurred_at
            self.cursor = stored(batch.cursor)
        begun = sorted(at for at in self.stands.values() if at <= self.publisher.now)
        return [f"{at + timedelta(hours=1):%d %H}" for at in begun]


@pytest.fixture
def world(tmp_path):
    built = World(tmp_path)
    yield built
    built.close()


@pytest.fixture
def reader() -> Reader:
    return Reader(Publisher())


@pytest.mark.parametrize(
    ("at", "begun"),
    [
        ("20250228T190000", ["07 19", "14 19"]),
        ("20250228T210000", ["07 21", "14 21"]),
        ("20250301T003000", ["08 00", "15 00"]),
        ("20250301T200000", ["08 20", "15 20"]),
        ("20250227T200000", ["06 20", "13 20"]),
        ("20250302T200000", ["09 20", "16 20"]),
    ],
    ids=["earlier", "later", "over midnight", "Saturday", "Thursday", "Sunday"],
)
def test_what_has_begun_of_a_corrected_rule_stands_at_its_new_time_alone(reader, at: str, begun: list[str]) -> None:
    assert reader.read(weekly()) == ["07 20", "14 20"]
    assert reader.read(weekly(at)) == begun
    assert reader.read(weekly(at)) == begun
    assert reader.read(weekly()) == ["07 20", "14 20"]
    assert len(reader.stands) == 5


def test_what_lies_ahead_of_a_corrected_rule_stands_at_its_new_time_alone(reader) -> None:
    reader.read(weekly())
    reader.read(weekly("20250228T190000"))
    assert {at.hour for at in reader.stands.values()} == {17, 18}  # winter time and, from 30 March, summer time
    assert len(reader.stands) == 5


def test_an_event_that_recurs_from_now_on_stands_once(reader) -> None:
    reader.read(make_calendar(make_event("DURATION:PT3H", at="20250314T200000")))
    assert reader.read(weekly("20250314T200000")) == ["14 20"]


def test_a_calendar_that_is_cleaned_up_keeps_what_took_place(reader) -> None:
    reader.read(weekly())
    assert reader.read(weekly("20250321T200000", count=3)) == ["07 20", "14 20"]
    assert reader.read(make_calendar()) == ["07 20", "14 20"]


def test_a_rule_that_goes_by_another_hour_from_now_on_keeps_what_took_place(reader) -> None:
    reader.read(weekly())
    assert reader.read(weekly("20250314T190000", count=4)) == ["07 20", "14 19"]
    assert reader.read(weekly("20250319T190000", count=3)) == ["07 20", "14 19"]


def test_a_rule_that_is_corrected_and_called_off_stands_nowhere(reader) -> None:
    reader.read(weekly())
    assert reader.read(weekly("20250228T190000", "STATUS:CANCELLED")) == []
    assert reader.stands == {}


def test_what_leaves_the_window_between_two_of_a_day_stands(reader) -> None:
    twice = make_calendar(make_event("RDATE;TZID=Europe/Stockholm:20250303T120000", "DURATION:PT1H", at="20250303T070000"))
    assert reader.read(twice) == ["03 07", "03 12"]
    reader.publisher.now += timedelta(hours=3)
    changed = twice.replace(b"END:VEVENT", b"CATEGORIES:Idrott\r\nEND:VEVENT")
    assert reader.read(changed) == ["03 07", "03 12"]


def test_an_hour_that_is_corrected_at_the_windows_edge_stands_once(reader) -> None:
    reader.publisher.now += timedelta(days=4, hours=16)  # 22.30 on 21 March
    assert reader.read(weekly())[0] == "07 20"
    reader.publisher.now += timedelta(minutes=100)  # a new day, and what was told of the 7th is older than fourteen days
    reader.read(weekly())
    reader.publisher.now += timedelta(minutes=30)  # at ten in the evening it would not be
    assert reader.read(weekly("20250228T220000")) == ["07 22", "14 22", "21 22"]


@pytest.mark.parametrize("back", [False, True], ids=["corrected", "and back"])
def test_a_correction_that_kafka_had_and_did_not_say_stands_once(world, back) -> None:
    publisher = Publisher(weekly())
    source = publisher.source()
    world.lane(source=source).poll()
    for hour in ("19", "20") if back else ("19",):
        publisher.content = weekly(f"20250228T{hour}0000")
        with pytest.raises(RetriableError):
            world.lane(source=source, after_publish=_no_answer).poll()
    world.lane(source=source).poll()
    last = {one.event_id: one for one in world.published}
    begun = sorted(one.occurred_at for one in last.values() if not one.retracted and one.occurred_at <= publisher.now)
    assert [at.hour + 1 for at in begun] == [20 if back else 19] * 2


def _no_answer() -> None:
    raise RetriableError("no answer", code="kafka")
