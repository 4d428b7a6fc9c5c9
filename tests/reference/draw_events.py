"""Random events: most where something turns, and with corrections, retractions and repeats in any order."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from .draw_rules import AGENCIES, CODES
from .engine import people_s_rules
from .history import DAY, HOUR, MINUTE, SECOND, Arrival, Event
from .swedish_days import date_in_sweden, when_the_day_begins

TIMES_OF_DAY = [30 * SECOND, MINUTE, 2 * HOUR, 3 * HOUR, 6 * HOUR, 8 * HOUR, 16 * HOUR, 22 * HOUR]


class Telling:
    """What sources tell of one youth. Most is about one of the rules, so that now and then it holds."""

    def __init__(self, chance: Random, rules: dict[str, Any], windows: list[int]) -> None:
        self._chance = chance
        self._rules = people_s_rules(rules)
        self._windows = windows
        self._of_most = chance.choice(self._rules)
        self._told: dict[int, list[Event]] = {}

    def arrivals(self, moments: list[int]) -> list[Arrival]:
        """What is recorded at each moment; it comes at once, or late, or twice."""
        chance = self._chance
        found: list[Arrival] = []
        for number, recorded in enumerate(moments):
            past = [revisions for revisions in self._told.values() if max(one.occurred_at for one in revisions) <= recorded]
            if past and chance.random() < 0.35:
                event = self._another_revision(chance.choice(past), recorded)
            else:
                event = self._event(number, recorded)
            self._told.setdefault(event.number, []).append(event)
            late = recorded + chance.choice([0, 0, 0, 0, 1, HOUR, DAY, 3 * DAY])
            found.append(Arrival(late, event))
            if chance.random() < 0.15:
                found.append(Arrival(late + chance.choice([0, HOUR, 2 * DAY, self._windows[-1] + DAY]), event))
        return found

    def _event(self, number: int, recorded: int) -> Event:
        chance = self._chance
        rule = self._of_most if chance.random() < 0.75 else chance.choice(self._rules)
        sought = chance.choice(rule["when"])
        occurred = self._occurred(recorded)
        if "then" in sought and chance.random() < 0.5:
            within = sought["then"]["within_hours"] * HOUR
            earlier = [revisions[-1].occurred_at for revisions in self._told.values()] or [occurred]
            occurred = chance.choice(earlier) + chance.choice([0, 1, HOUR, within - 1, within, within + 1])
            sought = {**sought["then"], "measure": "count", "at_least": 1}
        kind, code = sought["kind"], chance.choice(sought["of"])
        if chance.random() < 0.05:
            kind = chance.choice(sorted(CODES))
            code = chance.choice(CODES[kind])
        return Event(
            number=number,
            revision=chance.choice([1, 1, 1, 1, 2]),
            kind=kind,
            code=code,
            agency=chance.choice(AGENCIES[kind]),
            occurred_at=occurred,
            recorded_at=recorded,
            may_tell_youth=kind != "police_notice" or chance.random() < 0.5,
            **self._minutes(kind, sought),
        )

    def _minutes(self, kind: str, sought: dict[str, Any]) -> dict[str, Any]:
        if kind != "school_absence":
            return {}
        enough = sought.get("at_least", sought.get("fell_from", {}).get("at_least")) if sought["measure"] == "minutes" else 60
        minutes = self._chance.choice([0, 30, 40, 60, enough, enough, enough - 1, enough // 2, (enough + 1) // 2])
        return {"minutes": minutes, "offered_minutes": self._chance.choice([None, 0, minutes, 60, 80, 180, 200])}

    def _occurred(self, recorded: int) -> int:
        """Just now, some hours or days ago, at a midnight, at a window's edge, or in the future."""
        chance, window = self._chance, self._chance.choice(self._windows)
        midnight = when_the_day_begins(date_in_sweden(recorded - chance.choice([0, DAY, window])))
        beside = chance.choice([-1, 0, 0, 1])
        ago = [0, 0, MINUTE, HOUR, 5 * HOUR, DAY, min(DAY, window // 2), window - HOUR, window // 2, chance.randrange(window)]
        return chance.choice([
            recorded - chance.choice(ago),
            recorded - chance.choice(ago),
            recorded - chance.choice(ago),
            recorded - window + beside,
            midnight + beside,
            midnight + chance.choice(TIMES_OF_DAY) + beside,
            recorded + chance.choice([1, HOUR, DAY]),
        ])  # fmt: skip

    def _another_revision(self, told: list[Event], recorded: int) -> Event:
        """A newer one, or (late, so recorded before the newest) one that nobody has seen yet; none is told in two ways.

        What is corrected had occurred by then: for how long a correction is remembered is counted from when it was recorded.
        """
        newest = max(told, key=lambda event: event.revision)
        unseen = set(range(1, newest.revision)) - {event.revision for event in told}
        if unseen and self._chance.random() < 0.5:
            number = max(unseen)
            recorded = min(event.recorded_at for event in told if event.revision > number) - 1
            older = self._corrected(replace(newest, revision=number, recorded_at=recorded))
            return replace(older, occurred_at=min(older.occurred_at, older.recorded_at))
        return self._corrected(
            replace(newest, revision=newest.revision + self._chance.choice([1, 1, 1, 2]), recorded_at=recorded)
        )

    def _corrected(self, event: Event) -> Event:
        """Retracted (or no longer), or of another time, code, source or length."""
        match self._chance.randrange(6):
            case 0 | 1:
                return replace(event, retracted=not event.retracted)
            case 2:
                return replace(event, occurred_at=self._occurred(event.recorded_at))
            case 3:
                return replace(event, code=self._chance.choice(CODES[event.kind]))
            case 4:
                return replace(event, agency=self._chance.choice(AGENCIES[event.kind]))
            case _:
                return replace(event, minutes=event.minutes // 2)
