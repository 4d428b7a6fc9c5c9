"""Ten scenarios over the whole language of rules, each with the events that count in it and plain sums over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.contract.models import PersonEvent, ReferralTask, RiskConcern
from hub.core.rules import CompiledRules
from hub.core.step import wake

from .make import LEISURE, NOW, POLICE, SCHOOL, make_absence, make_consent, make_notice, make_observation, make_scope
from .make_rules import last, run
from .test_weighing import ABSENCE, SCHOOL_YEAR, lesson, lob, rules_of

SWEDEN = ZoneInfo("Europe/Stockholm")
EVERY_WORRY = [concern.value for concern in RiskConcern]
HIDDEN = "school-annexe"
IDLE = rules_of(ABSENCE | {"at_least": 100_000, "within_days": 100})
"""Holds everything, and proposes nothing."""


def at(text: str) -> datetime:
    """A Swedish time of day in May 2025 or before: `05-12 08:15`."""
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=SWEDEN).astimezone(UTC)


@dataclass(frozen=True)
class Counted:
    """One condition: what counts in it, what made that count by following it, and what it is compared with."""

    condition: dict[str, Any]
    events: Sequence[Any]
    followers: Sequence[Any] = ()
    earlier: Sequence[Any] = ()
    offered: Sequence[Any] = ()

    def value(self, events: Sequence[Any]) -> int:
        """The measure of these events, added up plainly."""
        match self.condition["measure"]:
            case "minutes":
                return sum(one.minutes for one in events)
            case "count":
                return len(events)
            case "distinct_days":
                return len({one.occurred_at.astimezone(SWEDEN).date() for one in events})
        return 100 * sum(one.minutes for one in events) // sum(one.offered_minutes for one in self.offered)

    def numbers(self) -> set[int]:
        """Every number that its sentence may hold: those of the rule, and those of its events."""
        asked, minutes = self.condition, self.condition["measure"] == "minutes"
        found = {asked["within_days"], asked.get("within_school_days", asked["within_days"])}
        for number in (asked["at_least"], self.value(self.events)):
            found |= {part for part in divmod(number, 60) if part} if minutes else {number}
        if "between" in asked:
            found |= {int(part) for time in asked["between"] for part in time.split(":")}
        if "then" in asked:
            found.add(asked["then"]["within_hours"])
        if "against_earlier" in asked:
            compared = self.value(self.earlier)
            found |= {asked["against_earlier"]["days"], asked["against_earlier"]["percent"]}
            found |= {part for part in divmod(compared, 60) if part} if minutes else {compared}
        return found


@dataclass(frozen=True)
class Scenario:
    """A rule and a history. `told`: whether a youth may read it all; `agencies`: the number that the rule asks for."""

    name: str
    conditions: Sequence[Counted]
    others: Sequence[Any] = ()
    told: bool = True
    changes: dict[str, Any] = field(default_factory=dict)

    def rules(self) -> CompiledRules:
        return rules_of(*(one.condition for one in self.conditions), school=SCHOOL_YEAR, **self.changes)

    def history(self) -> list[PersonEvent]:
        parts = [part for one in self.conditions for part in (one.events, one.followers, one.earlier, one.offered)]
        unique = {event.event_id: event for events in (*parts, self.others) for event in events}
        return sorted(unique.values(), key=lambda one: one.occurred_at)

    def task(self) -> ReferralTask:
        """The task that the rule opens when it comes into force over the whole history."""
        consent = make_consent(make_scope(agencies=(SCHOOL, POLICE, LEISURE, HIDDEN)), version=2)
        (task,) = wake(last(run(consent, *self.history(), rules=IDLE)), self.rules(), NOW).tasks
        return task


def condition(
    name: str, chosen: tuple[str, list[str]], measure: str, at_least: int, days: int, **narrowed: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "kind": chosen[0],
        "of": chosen[1],
        "measure": measure,
        "at_least": at_least,
        "within_days": days,
    } | narrowed


def absent(measure: str, at_least: int, days: int, **narrowed: Any) -> dict[str, Any]:
    return condition("unexcused_absence", ("school_absence", ["unexcused"]), measure, at_least, days, **narrowed)


def seen(measure: str, at_least: int, days: int, **narrowed: Any) -> dict[str, Any]:
    return condition("observations", ("risk_event", EVERY_WORRY), measure, at_least, days, **narrowed)


LOB = {"kind": "police_notice", "of": ["lob"], "within_hours": 48}
MISSED = [make_absence(number, at(when), 200) for number, when in enumerate(("05-06 08:15", "05-12 13:00", "05-15 09:30"))]
RATED = [lesson(1, at("05-12 08:15"), 31, 40), lesson(2, at("05-13 08:15"), 5, 60)]
NIGHTS = [make_observation(1, at("05-10 23:40")), make_observation(2, at("05-17 02:10"))]
WEEKDAYS = [make_absence(1, at("05-14 08:15"), 90), make_absence(2, at("05-16 08:15"), 95)]
BEFORE = [make_absence(91, at("04-15 08:15"), 70), make_absence(92, at("04-02 08:15"), 50)]
LONG_BEFORE = [make_observation(91, at("03-20 16:00")), make_observation(92, at("04-16 16:00"))]
AFTERNOONS = [make_observation(number, at(f"05-{10 + number} 16:00")) for number in (1, 2, 3)]
FOLLOWED, RELEASED = make_observation(1, at("05-10 20:00")), lob(2, at("05-11 01:30"), may_tell_youth=True)
ALONE = [make_absence(1, at("05-06 08:15"), 60), make_absence(2, at("05-08 08:15"), 60)]
SECRET = make_notice(9, at("05-13 21:00"))
TWO_SOURCES = [make_observation(1, at("05-12 16:00")), make_observation(2, at("05-14 18:30"), agency=SCHOOL)]
UNNAMED = make_observation(3, at("05-15 12:00"), agency=HIDDEN)
NOTICES = condition("notices", ("police_notice", ["narcotics"]), "count", 1, 14)

SCENARIOS = [
    Scenario("timmar av frånvaro", [Counted(absent("minutes", 480, 28), MISSED)]),
    Scenario("andel av lektionstiden", [Counted(absent("rate", 25, 28), RATED, offered=RATED)], changes={"lingers_days": 7}),
    Scenario(
        "bara skoldagar",
        [Counted(absent("minutes", 180, 40, within_school_days=20, on_school_days=True), WEEKDAYS)],
        others=[make_absence(7, at("05-01 08:15"), 300)],
        changes={"ages": {"from": 12, "to": 17}},
    ),
    Scenario(
        "på natten",
        [Counted(seen("count", 2, 28, between=["22:00", "06:00"]), NIGHTS)],
        others=[make_observation(7, at("05-12 16:00"))],
    ),
    Scenario(
        "dubbelt mot tiden före",
        [Counted(absent("minutes", 180, 28, against_earlier={"days": 28, "percent": 200}), MISSED, earlier=BEFORE[:1])],
    ),
    Scenario(
        "mer än snittet för en längre tid",
        [Counted(seen("distinct_days", 2, 28, against_earlier={"days": 56, "percent": 150}), AFTERNOONS, earlier=LONG_BEFORE)],
    ),
    Scenario("följd av en underrättelse", [Counted(seen("count", 1, 28, then=LOB), [FOLLOWED], followers=[RELEASED])]),
    Scenario(
        "inte följd av en underrättelse",
        [Counted(absent("count", 2, 28, then=LOB | {"happens": False}), ALONE)],
        told=False,
    ),
    Scenario(
        "frånvaro och en underrättelse som inte får berättas",
        [Counted(absent("minutes", 180, 28), MISSED), Counted(NOTICES, [SECRET])],
        told=False,
    ),
    Scenario(
        "flera källor, en av dem visas inte",
        [Counted(seen("count", 3, 21), [*TWO_SOURCES, UNNAMED]), Counted(seen("distinct_days", 2, 21) | {"id": "observation_days"}, [*TWO_SOURCES, UNNAMED])],
        changes={"at_least_agencies": 2, "counts_but_not_shown": [HIDDEN]},
    ),
]  # fmt: skip
