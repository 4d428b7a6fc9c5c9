"""A plan that is read again and again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors.planned.config import PlannedConfig
from hub.connector import PlaceRecord, Unmapped
from hub.testing.reading import stored
from tests.unit.connectors.observations.make import write
from tests.unit.connectors.planned.make import Publisher, make_calendar, make_event

TWO = make_calendar(make_event(), make_event(uid="b", at="20250501T180000"))


def poll(source, cursor=None):
    batches = list(source.batches(cursor))
    records = [record for batch in batches for record in batch.records]
    reached = stored(batches[-1].cursor) if batches else cursor
    told = [one.reason if isinstance(one, Unmapped) else (one.occurred_at.day, one.retracted) for one in records]
    return told, reached, [batch.retold for batch in batches]


def test_a_plan_that_did_not_change_is_read_again_on_the_next_day_and_as_retold() -> None:
    publisher = Publisher(TWO)
    source = publisher.source()
    told, cursor, retold = poll(source)
    assert (told, retold) == ([(30, False), (1, False)], [False])
    assert poll(source, cursor) == ([], cursor, [])
    publisher.now += timedelta(days=1)
    told, later, retold = poll(source, cursor)
    assert (len(told), retold) == (2, [True])
    assert later["version"] == cursor["version"] + 1


def test_an_event_that_went_while_no_process_ran_is_taken_back() -> None:
    publisher = Publisher(TWO)
    _, cursor, _ = poll(publisher.source())
    publisher.content = make_calendar(make_event())
    told, after, _ = poll(publisher.source(), cursor)
    assert told == [(30, False), (1, True)]
    assert len(after["plans"]["url"]["told"]) == 1


@pytest.mark.parametrize("content", [TWO[:-50], b"<html>", b"", b"\xff"])
def test_an_unreadable_plan_is_counted_once_and_takes_nothing_back(content: bytes) -> None:
    publisher = Publisher(TWO)
    source = publisher.source()
    _, cursor, _ = poll(source)
    publisher.content = content
    told, after, _ = poll(source, cursor)
    assert len(told) == 1
    assert isinstance(told[0], str)
    assert poll(source, after) == ([], after, [])
    publisher.content = TWO
    assert poll(source, after)[0] == [(30, False), (1, False)]


def test_files_of_a_folder_are_plans_of_their_own(tmp_path) -> None:
    (tmp_path / "plans").mkdir()
    write(tmp_path / "plans", "valborg.ics", TWO.decode().splitlines())
    write(tmp_path / "plans", "liga.csv", ["id;area;starts", "m1;City;2025-05-10 15:00"])
    write(tmp_path / "plans", "notes.txt", ["x"])
    source = Publisher().source(tmp_path, folder="plans")
    told, cursor, _ = poll(source)
    assert sorted(told) == [(1, False), (10, False), (30, False)]
    (tmp_path / "plans" / "valborg.ics").unlink()  # a file that leaves takes nothing back
    assert poll(source, cursor) == ([], cursor, [])
    write(tmp_path / "plans", "liga.csv", ["id;area;starts"])
    assert poll(source, cursor)[0] == [(10, True)]


FIRST = ["id;area;starts", "1;City;2025-05-10 15:00", "2;City;2025-05-11 15:00"]


def identities(batches) -> dict[int, str]:
    return {one.occurred_at.day: one.source_id for batch in batches for one in batch.records if not one.retracted}


def test_two_files_that_use_the_same_id_tell_two_events_and_cancel_their_own(tmp_path) -> None:
    write(tmp_path, "fritid.csv", FIRST)
    write(tmp_path, "kultur.csv", ["id;area;starts", "1;City;2025-05-20 15:00"])
    source = Publisher().source(tmp_path, folder=".")
    batches = list(source.batches(None))
    found = identities(batches)
    assert (sorted(found), len(set(found.values()))) == ([10, 11, 20], 3)
    assert poll(source, stored(batches[-1].cursor))[0] == []
    write(tmp_path, "fritid.csv", FIRST[:1] + FIRST[2:])
    told, cursor, _ = poll(source, stored(batches[-1].cursor))
    assert sorted(told) == [(10, True), (11, False)]
    assert sum(len(plan["told"]) for plan in cursor["plans"].values()) == 2


def test_a_file_that_comes_under_a_new_name_is_the_same_plan_and_its_old_name_is_free(tmp_path) -> None:
    write(tmp_path, "export-1.csv", FIRST)
    source = Publisher().source(tmp_path, folder=".")
    batches = list(source.batches(None))
    (tmp_path / "export-1.csv").unlink()
    write(tmp_path, "export-2.csv", [*FIRST[:2], "3;City;2025-05-12 15:00"])
    again = list(source.batches(stored(batches[-1].cursor)))
    assert identities(again)[10] == identities(batches)[10]
    told, cursor, _ = poll(source, stored(batches[-1].cursor))
    assert sorted(told) == [(10, False), (11, True), (12, False)]
    assert len(cursor["plans"]) == 1
    write(tmp_path, "export-1.csv", ["id;area;starts", "1;City;2025-05-25 15:00"])
    assert identities(source.batches(cursor))[25] != identities(batches)[10]


def test_another_plan_is_not_taken_for_one_that_left_because_of_an_id(tmp_path) -> None:
    write(tmp_path, "fritid.csv", FIRST)
    source = Publisher().source(tmp_path, folder=".")
    _, cursor, _ = poll(source)
    (tmp_path / "fritid.csv").unlink()
    write(tmp_path, "kultur.csv", ["id;area;starts", "1;City;2025-05-20 15:00"])
    told, cursor, _ = poll(source, cursor)
    assert (told, len(cursor["plans"])) == ([(20, False)], 2)


def test_what_a_file_told_before_its_ids_were_its_own_is_taken_back(tmp_path) -> None:
    write(tmp_path, "fritid.csv", FIRST)
    source = Publisher().source(tmp_path, folder=".")
    _, cursor, _ = poll(source)
    [plan] = cursor["plans"].values()
    del plan["named"]
    plan["told"] = dict(zip("ab", plan["told"].values(), strict=True))
    told, after, _ = poll(Publisher().source(tmp_path, folder="."), cursor)
    assert sorted(told) == [(10, False), (10, True), (11, False), (11, True)]
    assert poll(source, after)[0] == []


def test_many_events_come_in_several_batches_whose_cursor_moves_before_the_first_and_with_the_last() -> None:
    rows = "\n".join(f"e{n};City;2025-05-10 15:00" for n in range(1000))
    batches = list(Publisher(f"id;area;starts\n{rows}".encode()).source().batches(None))
    assert [len(batch.records) for batch in batches] == [0, 500, 500]
    assert batches[0].cursor == batches[1].cursor != batches[2].cursor
    assert all(isinstance(one, PlaceRecord) for batch in batches for one in batch.records)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "name `url` or `folder`"),
        ({"url": "https://a.invalid/x", "folder": "y"}, "one of the two"),
        ({"url": "http://a.invalid/x"}, "must be https"),
        ({"url": "file:///etc/passwd"}, "url"),
    ],
)
def test_settings_say_where_the_plan_is_and_over_https(settings, field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        PlannedConfig.model_validate(settings)
