"""What a rule means, written out in the plainest way: for tests that ask what follows from it, whatever has occurred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["NOW", "SCHOOL", "Event", "fits", "holds", "met", "met_of_all"]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 2, 26, 9, 37, tzinfo=UTC)
SCHOOL = {"terms": [{"first": "2026-02-20", "last": "2026-03-08"}], "free_days": ["2026-02-25"]}
SCHOOL_DAYS = [date(2026, 2, day) for day in (20, 23, 24, 26, 27)]


@dataclass(frozen=True)
class Event:
    kind: str
    code: str
    at: datetime
    agency: str
    minutes: int
    offered: int


def within(condition: dict[str, Any], event: Event, now: datetime) -> bool:
    """Whether the fields but `of` and `then` choose an event."""
    local = event.at.astimezone(STOCKHOLM)
    if event.kind != condition["kind"] or not now - timedelta(days=condition["within_days"]) < event.at <= now:
        return False
    number, begun = condition.get("within_school_days"), [day for day in SCHOOL_DAYS if day <= now.astimezone(STOCKHOLM).date()]
    if number and len(begun) >= number and local.date() < begun[-number]:
        return False
    if condition.get("on_school_days") and local.date() not in SCHOOL_DAYS:
        return False
    if condition.get("between"):
        begin, end = condition["between"]
        clock = f"{local:%H:%M}"
        return begin <= clock < end if begin < end else clock >= begin or clock < end
    return True


def followed(condition: dict[str, Any], event: Event, events: list[Event], now: datetime) -> bool:
    then = condition.get("then")
    if then is None:
        return True
    until = event.at + timedelta(hours=then["within_hours"])
    found = any(
        one.kind == then["kind"] and one.code in then["of"] and event.at < one.at <= min(until, now) for one in events
    )  # fmt: skip
    return found if then["happens"] else not found and until <= now


def measured(condition: dict[str, Any], members: list[Event]) -> int:
    if condition["measure"] == "count":
        return len(members)
    if condition["measure"] == "minutes":
        return sum(one.minutes for one in members)
    return len({one.at.astimezone(STOCKHOLM).date() for one in members})


def met(condition: dict[str, Any], events: list[Event], now: datetime = NOW) -> tuple[bool, list[Event]]:
    found = [one for one in events if within(condition, one, now) and followed(condition, one, events, now)]
    members = [one for one in found if one.code in condition["of"]]
    if condition["measure"] == "rate":
        offered = sum(one.offered for one in found)
        members = [one for one in members if one.offered]
        return offered > 0 and 100 * sum(one.minutes for one in members) // offered >= condition["at_least"], members
    value, earlier, fell = measured(condition, members), condition.get("against_earlier"), condition.get("fell_from")
    if earlier or fell:
        window = timedelta(days=condition["within_days"])
        wide = {**condition, "within_days": condition["within_days"] + (earlier or fell)["days"]}
        before = [one for one in events if one.code in condition["of"] and within(wide, one, now) and one.at <= now - window]
        if fell:
            school = [day for day in SCHOOL_DAYS if now - window < datetime.combine(day, time(), STOCKHOLM) <= now]
            enough = len(school) >= fell.get("school_days", 0) and measured(condition, before) >= fell["at_least"]
            return enough and value <= condition["at_most"], before
        if value * earlier["days"] * 100 < earlier["percent"] * measured(condition, before) * condition["within_days"]:
            return False, members
    return value >= condition["at_least"], members


def met_of_all(rule: dict[str, Any], events: list[Event], now: datetime) -> tuple[bool, list[Event]]:
    outcomes = [met(condition, events, now) for condition in rule["when"]]
    members = [one for _, members in outcomes for one in members]
    return all(done for done, _ in outcomes) and len({one.agency for one in members}) >= rule.get("at_least_agencies", 1), members


def fits(rule: dict[str, Any], age: int | None, now: datetime) -> bool:
    """Whether, events apart, it may hold: age and sunset."""
    ages = rule.get("ages")
    if ages is not None and (age is None or not ages["from"] <= age <= ages["to"]):
        return False
    return not rule.get("sunset") or now.astimezone(STOCKHOLM).date() <= date.fromisoformat(rule["sunset"])


def holds(rule: dict[str, Any], events: list[Event], age: int | None) -> bool:
    return fits(rule, age, NOW) and met_of_all(rule, events, NOW)[0]
