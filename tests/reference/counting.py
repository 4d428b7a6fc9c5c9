"""Which events count for a condition at an instant, what they amount to, and whether that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from .history import DAY, HOUR, Event
from .swedish_days import (
    as_date,
    date_in_sweden,
    is_a_school_day,
    lies_between,
    the_last_school_days_begin_on,
    when_the_day_begins,
)

Condition = dict[str, Any]
School = dict[str, Any]


def the_events_that_count(condition: Condition, events: Sequence[Event], now: int, school: School | None) -> list[Event]:
    """The events of the right kind and codes which the condition's other fields choose; where much must have fallen to
    little, those of the days before the window.
    """
    if "fell_from" in condition:
        return the_events_before_the_window(condition, condition["fell_from"]["days"], events, now, school)
    return the_events_in_the_window(condition, events, now, school)


def the_events_in_the_window(condition: Condition, events: Sequence[Event], now: int, school: School | None) -> list[Event]:
    chosen = the_events_it_chooses_whatever_their_code(condition, events, now, school)
    return [event for event in chosen if event.code in condition["of"] and takes_part(condition, event)]


def the_events_before_the_window(
    condition: Condition, days: int, events: Sequence[Event], now: int, school: School | None
) -> list[Event]:
    """Those that would have counted at the window's old end, in a window of so many days."""
    return the_events_in_the_window({**condition, "within_days": days}, events, now - condition["within_days"] * DAY, school)


def the_events_it_chooses_whatever_their_code(
    condition: Condition, events: Sequence[Event], now: int, school: School | None
) -> list[Event]:
    window = condition["within_days"] * DAY
    return [
        event
        for event in events
        if event.kind == condition["kind"]
        and now - window < event.occurred_at <= now
        and it_is_of_the_last_school_days(condition, event, now, school)
        and its_day_and_hour_fit(condition, event, school)
        and what_followed_fits(condition, event, events, now)
    ]


def it_is_of_the_last_school_days(condition: Condition, event: Event, now: int, school: School | None) -> bool:
    how_many = condition.get("within_school_days")
    if how_many is None:
        return True
    assert school is not None, "a rule that asks for school days needs the calendar"
    return date_in_sweden(event.occurred_at) >= the_last_school_days_begin_on(date_in_sweden(now), how_many, school)


def its_day_and_hour_fit(condition: Condition, event: Event, school: School | None) -> bool:
    if condition.get("on_school_days"):
        assert school is not None, "a rule that asks for school days needs the calendar"
        if not is_a_school_day(date_in_sweden(event.occurred_at), school):
            return False
    between = condition.get("between")
    return between is None or lies_between(event.occurred_at, *between)


def what_followed_fits(condition: Condition, event: Event, events: Sequence[Event], now: int) -> bool:
    then = condition.get("then")
    if then is None:
        return True
    followed = bool(what_followed(condition, event, events, now))
    if then.get("happens", True):
        return followed
    return not followed and event.occurred_at + then["within_hours"] * HOUR <= now


def what_followed(condition: Condition, event: Event, events: Sequence[Event], now: int) -> list[Event]:
    """The events after it that `then` asks about."""
    then = condition["then"]
    last = min(event.occurred_at + then["within_hours"] * HOUR, now)
    return [
        other
        for other in events
        if other.kind == then["kind"] and other.code in then["of"] and event.occurred_at < other.occurred_at <= last
    ]


def takes_part(condition: Condition, event: Event) -> bool:
    """In a rate, only an event with offered minutes does."""
    return condition["measure"] != "rate" or bool(event.offered_minutes)


def what_they_amount_to(condition: Condition, counting: Sequence[Event]) -> int:
    """Events, minutes, or Swedish dates."""
    match condition["measure"]:
        case "count":
            return len(counting)
        case "minutes":
            return sum(event.minutes for event in counting)
        case "distinct_days":
            return len({date_in_sweden(event.occurred_at) for event in counting})
        case other:
            raise ValueError(f"no measure of this kind: {other}")


def the_value(condition: Condition, events: Sequence[Event], now: int, school: School | None) -> int | None:
    """What the events that count amount to; None when a rate is unknown."""
    counting = the_events_that_count(condition, events, now, school)
    if condition["measure"] != "rate":
        return what_they_amount_to(condition, counting)
    all_of_them = the_events_it_chooses_whatever_their_code(condition, events, now, school)
    offered = sum(event.offered_minutes or 0 for event in all_of_them)
    return 100 * sum(event.minutes for event in counting) // offered if offered else None


def it_is_met(condition: Condition, events: Sequence[Event], now: int, school: School | None) -> bool:
    if "fell_from" in condition:
        return it_fell(condition, events, now, school)
    value = the_value(condition, events, now, school)
    if value is None or value < condition["at_least"]:
        return False
    earlier = condition.get("against_earlier")
    if earlier is None:
        return True
    before = what_they_amount_to(condition, the_events_before_the_window(condition, earlier["days"], events, now, school))
    return value * earlier["days"] * 100 >= earlier["percent"] * before * condition["within_days"]


def it_fell(condition: Condition, events: Sequence[Event], now: int, school: School | None) -> bool:
    """Much before the window, little in it, and school enough in it for that to say something."""
    was = what_they_amount_to(condition, the_events_that_count(condition, events, now, school))
    left = what_they_amount_to(condition, the_events_in_the_window(condition, events, now, school))
    if was < condition["fell_from"]["at_least"] or left > condition["at_most"]:
        return False
    wanted = condition["fell_from"].get("school_days")
    return wanted is None or the_school_days_that_began(now - condition["within_days"] * DAY, now, school) >= wanted


def the_school_days_that_began(after: int, until: int, school: School | None) -> int:
    assert school is not None, "a rule that asks for school days needs the calendar"
    first, last = date_in_sweden(after).toordinal(), date_in_sweden(until).toordinal()
    days = [date.fromordinal(number) for number in range(first, last + 1)]
    return len([day for day in days if is_a_school_day(day, school) and after < when_the_day_begins(day) <= until])


def it_has_the_right_age(ages: dict[str, int] | None, years: int | None, older_from: str | None, now: int) -> bool:
    """`years` is the consent record's; one more from the date `older_from` on."""
    if ages is None:
        return True
    if years is None:
        return False
    age = years + 1 if older_from is not None and date_in_sweden(now) >= as_date(older_from) else years
    return ages.get("from", 0) <= age <= ages.get("to", age)
