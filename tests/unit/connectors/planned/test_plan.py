"""What has to be told of a plan that changed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.planned.plan import place_of, settle
from hub.connector import PlaceRecord, Unmapped
from hub.contract.models import PlaceCategory, PlaceKind
from hub.testing import MemoryPlaces
from tests.unit.connectors.planned.make import NOW, WINDOW, make_planned

PLACES = MemoryPlaces()


def fact(*args, **changes) -> PlaceRecord:
    record = place_of(make_planned(*args, **changes), PLACES, "")
    assert isinstance(record, PlaceRecord)
    return record


def told_after(*records, before=None, window=WINDOW):
    said, told = settle(records, before or {}, window)
    return [(one.source_id, one.area, one.retracted) if isinstance(one, PlaceRecord) else one.reason for one in said], json.loads(
        json.dumps(told)
    )


def test_an_event_becomes_a_coded_place_event_without_any_text() -> None:
    record = fact(words=("Idrott", "Våld"))
    assert (record.area, record.body.kind, record.body.category) == (
        "0581-hageby",
        PlaceKind.PLANNED_EVENT,
        PlaceCategory.VIOLENCE,
    )
    assert record.body.ends_at == record.occurred_at + timedelta(hours=3)
    assert fact(words=("Konsert",)).body.category is PlaceCategory.GATHERING


@pytest.mark.parametrize(
    ("place", "area"),
    [("Hageby", "0581-hageby"), ("Folkets park, Hageby, Norrköping", "0581-hageby"), ("0581-city", "0581-city"), ("", "0581")],
)
def test_the_first_part_of_the_place_that_is_known_is_the_area(place: str, area: str) -> None:
    record = place_of(make_planned(place=place), PLACES, "Norrköping")
    assert isinstance(record, PlaceRecord)
    assert record.area == area


@pytest.mark.parametrize("place", ["Storgatan 5", "x" * 500, "200001019800", " , ,"])
def test_a_place_that_areas_yaml_does_not_know_is_refused_and_made_into_no_name(place: str) -> None:
    refused = place_of(make_planned(place=place), PLACES, "")
    assert isinstance(refused, Unmapped)
    assert refused.reason == "unknown_area"
    assert place not in repr(refused)


def test_what_is_gone_while_it_lies_ahead_is_taken_back_once_with_its_own_times() -> None:
    _, told = told_after(fact("a"), fact("b"))
    said, after = settle([fact("a")], told, WINDOW)
    assert said[-1] == PlaceRecord("b", "0581-hageby", fact("b").occurred_at, fact("b").body, retracted=True)
    assert set(after) == {"a"}
    assert told_after(fact("a"), before=after)[0] == [("a", "0581-hageby", False)]


def test_what_has_begun_stays_told_when_the_calendar_is_cleaned_up_and_is_forgotten_in_time() -> None:
    _, told = told_after(fact("past", NOW - timedelta(hours=1)), fact("old", WINDOW.start - timedelta(days=3)))
    said, after = told_after(before=told)
    assert said == []
    assert set(after) == {"past"}


def test_what_is_cancelled_is_taken_back_even_when_it_has_begun() -> None:
    _, told = told_after(fact("a", NOW - timedelta(hours=1)))
    assert told_after(fact("a", NOW - timedelta(hours=1), cancelled=True), before=told) == ([("a", "0581-hageby", True)], {})


def test_what_moves_to_another_area_is_taken_back_in_the_former() -> None:
    _, told = told_after(fact("a"))
    said, after = told_after(fact("a", place="City"), before=told)
    assert said == [("a", "0581-hageby", True), ("a", "0581-city", False)]
    assert after["a"][0] == "0581-city"


def test_what_cannot_be_read_this_time_does_not_count_as_gone() -> None:
    _, told = told_after(fact("a/20250321T1900"), fact("b"))
    said, after = told_after(Unmapped("bad_event", intentional=False, source_id="a"), before=told)
    assert said == ["bad_event", ("b", "0581-hageby", True)]
    assert set(after) == {"a/20250321T1900"}
    assert told_after(Unmapped("no_uid", intentional=False), before=told) == (["no_uid"], told)
