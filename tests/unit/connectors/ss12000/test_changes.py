from datetime import date, timedelta

import pytest

from connectors.ss12000.changes import days_beside, days_of
from tests.unit.connectors.ss12000.make import make_absence

FIRST = date(2025, 5, 5)


def lasting(days):
    last = FIRST + timedelta(days=days - 1)
    return make_absence("r", "alva", f"{FIRST}T08:00:00+02:00", f"{last}T16:00:00+02:00")


@pytest.mark.parametrize("days", [1, 3, 399])
def test_the_days_beside_an_absence_are_a_month_before_and_a_month_after(days):
    month, row = timedelta(days=31), lasting(days)
    beside, own = set(days_beside(row)), days_of(row)
    assert not beside & own
    assert (min(beside), max(beside)) == (FIRST - month, max(own) + month)
    assert len(beside) == 62


@pytest.mark.parametrize("days", [401, 500])
def test_of_an_absence_longer_than_anybodys_no_day_of_its_own_is_beside_it(days):
    assert max(days_beside(lasting(days))) == FIRST - timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end"), [("soon", "later"), (f"{FIRST}T08:00Z", f"{FIRST}T08:00Z"), ("0001-01-01T00:00Z", "9999-12-31T23:59Z")]
)
def test_beside_what_is_no_span_there_are_no_days(start, end):
    assert days_beside(None) == days_beside({"startTime": start, "endTime": end}) == []


def test_an_absence_until_further_notice_has_days_before_it():
    assert len(days_beside({"startTime": f"{FIRST}T08:00:00+02:00", "endTime": "9999-12-31T23:59:59Z"})) == 31
