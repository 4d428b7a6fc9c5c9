"""iCalendar (RFC 5545) → planned events. Pure. The library parses and follows rules; a stranger's text is bounded before.

An event that cannot be read does not stop the others; a calendar that is cut off or too large is refused whole, so that nothing
counts as gone from it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Component
from icalendar.prop import vRecur

from connectors.planned.plan import Planned, Window, instant, name_of
from connectors.planned.recurring import Budget, RefusedRule, bounded_rule
from hub.connector import Unmapped

__all__ = ["is_calendar", "read_calendar"]

_FOLD = re.compile(rb"\r?\n[ \t]")
_BEGIN = re.compile(rb"^BEGIN[:;]", re.IGNORECASE | re.MULTILINE)
_ZONE = re.compile(rb"(BEGIN|END):VTIMEZONE\b", re.IGNORECASE)
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID")
_LISTS = ("EXDATE", "RDATE")
_NEEDED = frozenset({*_TIMES, *_LISTS, "UID", "RRULE", "DURATION"})
_LONGEST_LINE = 64 * 1024
_MOST_COMPONENTS = 5_000
_MOST_DATES = 2_000
_LONGEST_EVENT = timedelta(days=92)


def is_calendar(content: bytes) -> bool:
    """Whether it is meant to be one."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper() == b"BEGIN:VCALENDAR"


def read_calendar(content: bytes, window: Window) -> list[Planned | Unmapped] | Unmapped:
    """What the calendar plans within the window, or why it is refused whole:

    `truncated_calendar`, `too_many_components`, `line_too_long`, `not_a_calendar`, `too_many_events`. An event alone: `no_uid`,
    `bad_event`, `unknown_time_zone`, `too_frequent`, `bad_recurrence`, `too_much_recurrence`.
    """
    plain = _FOLD.sub(b"", content.lstrip(b"\xef\xbb\xbf"))
    reason = _refusal(plain)
    if reason is None:
        try:
            return _read(Calendar.from_ical(_without_zones(plain.rstrip())), window)
        except RefusedRule as refused:
            reason = refused.code
        except Exception:  # noqa: BLE001 -- whatever a library makes of a stranger's text
            reason = "not_a_calendar"
    return Unmapped(reason, intentional=False)


def _refusal(content: bytes) -> str | None:
    if content.rstrip()[-13:].upper() != b"END:VCALENDAR":
        return "truncated_calendar"
    if len(_BEGIN.findall(content)) > _MOST_COMPONENTS:
        return "too_many_components"
    return "line_too_long" if any(len(line) > _LONGEST_LINE for line in content.splitlines()) else None


def _without_zones(content: bytes) -> bytes:
    """A time zone of the calendar's own could hold any rule: zones are known by their names.

    Line by line, so that many that begin and never end cost no more than others. Raises RefusedRule `not_a_calendar` for one.
    """
    kept, within = [], False
    for line in content.split(b"\n"):
        mark = _ZONE.match(line)
        within = within or (mark is not None and mark[1].upper() == b"BEGIN")
        if not within:
            kept.append(line)
        elif mark is not None and mark[1].upper() == b"END":
            within = False
    if within:
        raise RefusedRule("not_a_calendar")
    return b"\n".join([*kept, b""])


def _read(calendar: Component, window: Window) -> list[Planned | Unmapped]:
    events: dict[str, list[Component]] = {}
    found: list[Planned | Unmapped] = []
    for component in calendar.walk("VEVENT"):
        uid = str(component.get("UID", "")).strip()
        if uid:
            events.setdefault(uid, []).append(component)
        else:
            found.append(Unmapped("no_uid", intentional=False))
    budget, revoked = Budget(), str(calendar.get("METHOD", "")).upper() == "CANCEL"
    for uid, components in events.items():
        try:
            found.extend(_occurrences(name_of(uid), components, window, budget, revoked=revoked))
        except RefusedRule as refused:
            found.append(Unmapped(refused.code, intentional=False, source_id=name_of(uid)))
        except Exception:  # noqa: BLE001 -- as above: one event does not stop the next
            found.append(Unmapped("bad_event", intentional=False, source_id=name_of(uid)))
        if len(found) > window.most:
            raise RefusedRule("too_many_events")
    return found


def _occurrences(name: str, components: list[Component], window: Window, budget: Budget, *, revoked: bool) -> list[Planned]:
    """Every occurrence of one event within the window, those that were moved by themselves included."""
    alone = Calendar()
    for component in components:
        _check(component)
        _bound(component, window, budget)
        alone.add_component(component)
    recurs = any(part in component for component in components for part in ("RRULE", "RDATE", "RECURRENCE-ID"))
    # A day on each side: the library compares days and floating times by rules of its own; the window below decides.
    query = recurring_ical_events.of(alone).between(window.start - timedelta(days=1), window.end + timedelta(days=1))
    found = [_planned(name, one, recurs=recurs, revoked=revoked) for one in query]
    return [planned for planned in found if window.holds(planned.starts, planned.ends)]


def _planned(name: str, one: Component, *, recurs: bool, revoked: bool) -> Planned:
    starts = instant(one["DTSTART"].dt)
    ends = instant(one["DTEND"].dt) if "DTEND" in one else starts
    if not timedelta() <= ends - starts <= _LONGEST_EVENT:
        raise RefusedRule("bad_event")
    first = instant(one["RECURRENCE-ID"].dt) if "RECURRENCE-ID" in one else starts
    return Planned(
        source_id=f"{name}/{first:%Y%m%dT%H%M}" if recurs else name,
        starts=starts,
        ends=ends,
        place=str(one.get("LOCATION", "")),
        words=_words(one.get("CATEGORIES")),
        cancelled=revoked or str(one.get("STATUS", "")).upper() == "CANCELLED",
    )


def _check(component: Component) -> None:
    """Raises RefusedRule unless everything that decides when and whether was read."""
    if "DTSTART" not in component or any(name in _NEEDED for name, _ in component.errors):
        raise RefusedRule("bad_event")
    if "DTEND" in component and instant(component["DTEND"].dt) < instant(component["DTSTART"].dt):
        raise RefusedRule("bad_event")
    dates = [value for name in _TIMES if (value := component.get(name)) is not None]
    lists = [one for name in _LISTS for one in _several(component.get(name))]
    many = [each for one in lists for each in one.dts]
    if len(many) > _MOST_DATES:
        raise RefusedRule("too_many_events")
    for value in (*dates, *many, *lists):
        moment = getattr(value, "dt", None)
        if "TZID" in value.params and isinstance(moment, datetime) and moment.tzinfo is None:
            raise RefusedRule("unknown_time_zone")
        if isinstance(moment, date) and not 1900 <= moment.year <= 2999:
            raise RefusedRule("bad_event")


def _bound(component: Component, window: Window, budget: Budget) -> None:
    rules = _several(component.pop("RRULE", None))
    if len(rules) > 1 or "EXRULE" in component:
        raise RefusedRule("bad_recurrence")
    for rule in rules:
        component["RRULE"] = vRecur(bounded_rule(rule, component["DTSTART"].dt, window, budget))


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(word) for one in _several(value) for word in getattr(one, "cats", [one]))
