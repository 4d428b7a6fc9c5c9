"""A report holds numbers within bounds, of a day beside the planned one, and only once it has begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hub.errors import RejectedError
from hub.presence.codes import NotDone
from hub.presence.reports import Report
from tests.unit.presence.make import DONE, FRIDAY


def code_of(report: Report, *, early: bool = False) -> str:
    try:
        report.require(FRIDAY, FRIDAY - timedelta(minutes=1) if early else FRIDAY)
    except RejectedError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"minutes": 15}, ""),
        ({"minutes": 14}, "bad_minutes"),
        ({"minutes": 720}, ""),
        ({"minutes": 721}, "bad_minutes"),
        ({"adults": 0}, "bad_adults"),
        ({"adults": 200}, ""),
        ({"adults": 201}, "bad_adults"),
        ({"youths": 0}, ""),
        ({"youths": -1}, "bad_youths"),
        ({"youths": 5001}, "bad_youths"),
        ({"day": date(2025, 5, 22)}, ""),
        ({"day": date(2025, 5, 24)}, ""),
        ({"day": date(2025, 5, 21)}, "bad_day"),
        ({"day": date(2025, 5, 25)}, "bad_day"),
    ],
)
def test_each_number_has_its_bounds(change: dict[str, object], code: str) -> None:
    assert code_of(replace(DONE, **change)) == code  # type: ignore[arg-type]


def test_what_has_not_begun_can_be_called_off_but_not_carried_out() -> None:
    assert code_of(DONE, early=True) == "not_begun"
    assert code_of(Report(date(2025, 5, 23), reason=NotDone.WEATHER), early=True) == ""
