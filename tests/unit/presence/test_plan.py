"""The plan: who is to be where and when, changed by one at a time, in the log first."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from hub.errors import RejectedError
from hub.presence.codes import TEAM, DeedKind, Ground, NotDone, VisitState
from hub.presence.plan import Asked, window
from hub.presence.reports import Report
from tests.unit.presence.make import ANNA, DONE, FRIDAY, NOW, PlanHouse, broken_log


def refused(error: pytest.ExceptionInfo[RejectedError]) -> str:
    return error.value.code


def test_a_presence_that_is_planned_stands_in_its_week_and_in_the_log(house: PlanHouse) -> None:
    visit = house.visit()
    assert house.plan.between(NOW, NOW + timedelta(days=7)) == [visit]
    assert house.plan.between(FRIDAY + timedelta(seconds=1), FRIDAY + timedelta(days=7)) == []
    assert (visit.state, visit.report, house.said) == (VisitState.PLANNED, None, ["told"])


def test_nothing_is_planned_that_the_log_does_not_take(house: PlanHouse) -> None:
    with pytest.raises(OSError, match="no space"):
        house.plan.add(Asked("0581-hageby", FRIDAY, FRIDAY + timedelta(hours=1), Ground.ROUTINE, TEAM), ANNA, broken_log)
    assert house.plan.between(NOW, FRIDAY + timedelta(days=1)) == []


@pytest.mark.parametrize("starts", [NOW - timedelta(days=32), NOW + timedelta(days=401)])
def test_long_ago_and_far_ahead_is_not_planned(house: PlanHouse, starts: datetime) -> None:
    with pytest.raises(RejectedError) as error:
        house.visit(starts=starts)
    assert refused(error) == "bad_time"


def test_of_two_who_change_a_presence_the_second_is_refused(house: PlanHouse) -> None:
    visit = house.visit()
    house.plan.assign(visit.visit_id, ANNA, ANNA, seen=visit.version, record=house.record)
    with pytest.raises(RejectedError) as error:
        house.plan.cancel(visit.visit_id, ANNA, seen=visit.version, record=house.record)
    assert refused(error) == "changed_meanwhile"
    assert house.plan.one(visit.visit_id).who == ANNA


def test_what_was_carried_out_is_reported_and_can_be_undone(house: PlanHouse) -> None:
    visit = house.visit()
    house.clock.set(FRIDAY + timedelta(hours=4))
    done = house.plan.report(visit.visit_id, DONE, ANNA, seen=visit.version, record=house.record)
    assert (done.state, done.report) == (VisitState.CARRIED_OUT, Report(DONE.day, minutes=150, adults=4, youths=30, by=ANNA))
    again = house.plan.reopen(visit.visit_id, ANNA, seen=done.version, record=house.record)
    assert (again.state, again.report) == (VisitState.PLANNED, None)
    assert [one.kind for one in house.plan.history(visit.visit_id)] == [DeedKind.PLANNED, DeedKind.REPORTED, DeedKind.REOPENED]


def test_a_reason_in_place_of_numbers_says_that_it_was_not_carried_out(house: PlanHouse) -> None:
    visit = house.visit()
    report = Report(date(2025, 5, 23), reason=NotDone.WEATHER)
    told = house.plan.report(visit.visit_id, report, ANNA, seen=visit.version, record=house.record)
    assert told.state is VisitState.NOT_CARRIED_OUT
    assert told.report is not None
    assert told.report.reason is NotDone.WEATHER


def test_what_is_cancelled_takes_no_report_until_that_is_undone(house: PlanHouse) -> None:
    visit = house.visit()
    cancelled = house.plan.cancel(visit.visit_id, ANNA, seen=visit.version, record=house.record)
    with pytest.raises(RejectedError) as error:
        house.plan.report(visit.visit_id, DONE, ANNA, seen=cancelled.version, record=house.record)
    assert refused(error) == "not_planned"
    planned = house.plan.reopen(visit.visit_id, ANNA, seen=cancelled.version, record=house.record)
    with pytest.raises(RejectedError) as error:
        house.plan.reopen(visit.visit_id, ANNA, seen=planned.version, record=house.record)
    assert refused(error) == "still_planned"


def test_a_change_that_the_log_does_not_take_is_not_made(house: PlanHouse) -> None:
    visit = house.visit()
    with pytest.raises(OSError, match="no space"):
        house.plan.cancel(visit.visit_id, ANNA, seen=visit.version, record=broken_log)
    assert house.plan.one(visit.visit_id) == visit


def test_an_unknown_presence_is_refused(house: PlanHouse) -> None:
    with pytest.raises(RejectedError) as error:
        house.plan.one("00000000-0000-4000-8000-000000000000")
    assert refused(error) == "unknown_visit"


def test_an_evening_over_midnight_ends_on_the_next_day() -> None:
    starts, ends = window(date(2025, 5, 23), time(21), time(1))
    assert (starts, ends) == (datetime(2025, 5, 23, 19, tzinfo=UTC), datetime(2025, 5, 23, 23, tzinfo=UTC))


def test_the_night_of_the_change_to_winter_time_is_an_hour_longer() -> None:
    starts, ends = window(date(2025, 10, 25), time(23), time(4))
    assert ends - starts == timedelta(hours=6)


def test_twelve_hours_are_a_presence_and_a_minute_more_is_none() -> None:
    assert window(date(2025, 5, 23), time(20), time(8))[1] == datetime(2025, 5, 24, 6, tzinfo=UTC)
    with pytest.raises(RejectedError) as error:
        window(date(2025, 5, 23), time(20), time(8, 1))
    assert refused(error) == "bad_window"
