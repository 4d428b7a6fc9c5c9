"""The register of agreements: every change a version, an expired one offers nothing, and no person stands in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hub.errors import RejectedError
from hub.presence.codes import Change
from tests.unit.presence.make import ANNA, CITY, HAGEBY, TERMS, PlanHouse, broken_log

AREAS = (HAGEBY, CITY)


def test_a_change_is_a_version_and_the_former_one_is_kept(house: PlanHouse) -> None:
    first = house.agreement()
    terms = replace(TERMS, areas=(HAGEBY, CITY))
    second = house.agreements.change(first.agreement_id, terms, ANNA, seen=1, record=house.record)
    assert house.agreements.all() == [second]
    history = house.agreements.history(first.agreement_id)
    assert [(one.change, one.terms) for one in history] == [(Change.CHANGED, terms), (Change.ADDED, TERMS)]


def test_of_two_who_change_it_the_second_is_refused(house: PlanHouse) -> None:
    first = house.agreement()
    house.agreements.change(first.agreement_id, TERMS, ANNA, seen=1, record=house.record)
    with pytest.raises(RejectedError) as error:
        house.agreements.end(first.agreement_id, ANNA, seen=1, record=house.record)
    assert error.value.code == "changed_meanwhile"


def test_it_covers_its_areas_from_its_first_day_to_its_last(house: PlanHouse) -> None:
    agreement = house.agreement()
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
    assert [agreement.covers(HAGEBY, day) for day in days] == [False, True, True, False]
    assert house.agreements.covering(CITY, date(2025, 5, 23)) == []
    assert house.agreements.covering(HAGEBY, date(2025, 5, 23)) == [agreement]


def test_one_that_is_ended_covers_nothing_from_that_day_on(house: PlanHouse) -> None:
    first = house.agreement()
    ended = house.agreements.end(first.agreement_id, ANNA, seen=1, record=house.record)
    assert ended.terms.valid_until == date(2025, 5, 18)
    assert house.agreements.covering(HAGEBY, date(2025, 5, 19)) == []
    with pytest.raises(RejectedError) as error:
        house.agreements.end(first.agreement_id, ANNA, seen=2, record=house.record)
    assert error.value.code == "ended"


def test_one_that_has_not_begun_is_ended_before_it_does(house: PlanHouse) -> None:
    first = house.agreement(valid_from=date(2025, 9, 1))
    ended = house.agreements.end(first.agreement_id, ANNA, seen=1, record=house.record)
    assert ended.terms.valid_from == ended.terms.valid_until == date(2025, 5, 18)


def test_nothing_is_registered_that_the_log_does_not_take(house: PlanHouse) -> None:
    with pytest.raises(OSError, match="no space"):
        house.agreements.add(TERMS, ANNA, broken_log)
    assert house.agreements.all() == []


def test_the_catalogue_of_activities_is_free(house: PlanHouse) -> None:
    house.agreement(activities=("schack i biblioteket",))
    assert {"schack i biblioteket", "nattvandring"} <= set(house.agreements.activities())


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, {}),
        ({"association": ""}, {"association": "missing"}),
        ({"association": "x" * 121}, {"association": "too_long"}),
        ({"activities": ()}, {"activities": "missing"}),
        ({"activities": tuple(f"a{number}" for number in range(21))}, {"activities": "too_many"}),
        ({"areas": ("0581-elsewhere",)}, {"areas": "missing"}),
        ({"goal": "x" * 501}, {"goal": "too_long"}),
        ({"times": "fredagar 20.00–24.00, lördagar 20.00–01.00"}, {}),
        ({"association_does": "ring 070-123 45 67"}, {"association_does": "personal"}),
        ({"municipality_does": "någon@kommunen.example"}, {"municipality_does": "personal"}),
        ({"goal": "20010203-9804"}, {"goal": "personal"}),
        ({"times": "2001/02/03 9804"}, {"times": "personal"}),
        ({"goal": "01\u00ad02\u00ad03\u20119804"}, {"goal": "personal"}),
        ({"valid_until": date(2024, 12, 31)}, {"valid_until": "before_start"}),
        ({"valid_until": date(2036, 1, 1)}, {"valid_until": "too_far"}),
    ],
)
def test_what_is_wrong_with_terms_is_said_by_field(change: dict[str, object], wrong: dict[str, str]) -> None:
    assert replace(TERMS, **change).wrong(AREAS) == wrong  # type: ignore[arg-type]


def test_an_unknown_agreement_is_refused(house: PlanHouse) -> None:
    with pytest.raises(RejectedError) as error:
        house.agreements.one("00000000-0000-4000-8000-000000000000")
    assert error.value.code == "unknown_agreement"
