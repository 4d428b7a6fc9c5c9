"""Random histories, each from a seed: few events, and most of them where something turns.

They lie around instants at which a calendar is likely to be wrong; what occurred lies at windows' edges, exactly or one
millisecond beside; revisions come late, twice, in the wrong order, and as retractions. A consent comes before its events.
"""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from .draw_consents import draw_consents
from .draw_events import Telling
from .engine import people_s_rules, the_longest_window, what_stands
from .history import DAY, HOUR, MINUTE, Answer, Arrival, Cases, Event, History
from .swedish_days import STOCKHOLM, date_in_sweden, when_the_day_begins

AROUND = {
    "an ordinary Monday": "2026-05-18T07:30",
    "summer time begins": "2027-03-28T03:00",
    "summer time ends": "2026-10-25T02:30",
    "a leap day": "2028-02-29T12:00",
    "a year ends": "2026-12-31T23:30",
    "midnight": "2026-09-09T00:00",
    "a first of the month": "2027-02-01T00:00",
    "a Friday": "2026-11-06T15:45",
}
NAMES = sorted(AROUND)


def around(chance: Random) -> int:
    """One of the instants, in milliseconds."""
    return int(datetime.fromisoformat(AROUND[chance.choice(NAMES)]).replace(tzinfo=STOCKHOLM).timestamp()) * 1000


def draw_history(chance: Random, rules: dict[str, Any], centre: int, *, answers: bool, most: int = 12) -> History:
    """Consents, up to `most` events with their revisions, where wanted answers to what was open, and some looks."""
    windows = sorted({one["within_days"] * DAY for rule in people_s_rules(rules) for one in rule["when"]})
    start = centre - chance.choice([DAY, windows[0], windows[-1], windows[-1] + DAY])
    moments = _moments(chance, start, windows, chance.randint(3, most))
    born_again = str(date_in_sweden(chance.choice([centre, start, moments[-1], centre + 30 * DAY])))
    consents = draw_consents(chance, start, moments, windows[-1], born_again)
    events = Telling(chance, rules, windows).arrivals(moments)
    arrivals = sorted([*consents, *events], key=lambda one: one.at)  # stable: at one instant the consent comes first
    if any("in_case" in rule for rule in people_s_rules(rules)):
        arrivals = sorted([*arrivals, *_cases(chance, moments)], key=lambda one: one.at)
    if answers:
        arrivals = _with_answers(chance, rules, arrivals)
    return History(rules, tuple(arrivals), tuple(_looks(chance, rules, arrivals)))


def _moments(chance: Random, start: int, windows: list[int], many: int) -> list[int]:
    """When something is recorded: in bursts, after hours, days, or exactly a window."""
    moments, now = [], start
    for _ in range(many):
        now += chance.choice([0, 0, 1, MINUTE, HOUR, 6 * HOUR, DAY - HOUR, DAY, DAY, DAY + HOUR, chance.choice(windows)])
        moments.append(now)
    return moments


def _cases(chance: Random, moments: list[int]) -> list[Arrival]:
    """Cases that are opened and closed; words of them come late, twice, and in the wrong order."""
    found: list[Arrival] = []
    for number, moment in enumerate(sorted(chance.choices(moments, k=chance.randint(1, 5)))):
        word = Cases(moment + number, tuple(sorted(chance.sample(["sspf", "sig"], k=chance.choice([0, 1, 1, 2])))))
        found += [Arrival(moment + chance.choice([0, 0, HOUR, DAY]), word) for _ in range(chance.choice([1, 1, 1, 2]))]
    return found


def _with_answers(chance: Random, rules: dict[str, Any], arrivals: list[Arrival]) -> list[Arrival]:
    """What teams say of what is open at that time; some of it comes late."""
    answered: list[Arrival] = []
    for position, arrival in enumerate(arrivals):
        until = arrivals[position + 1].at if position + 1 < len(arrivals) else arrival.at + DAY
        if until > arrival.at and chance.random() < 0.4:
            at = chance.choice([arrival.at, until - 1, (arrival.at + until) // 2])
            known = sorted([*arrivals[: position + 1], *(one for one in answered if one.at <= at)], key=lambda one: one.at)
            open_now = what_stands(rules, known, at).open
            if open_now:
                proposal = chance.choice(open_now)
                state = chance.choice(["rejected", "completed", "completed", "accepted", "in_progress", "received"])
                late = chance.choice([0, 0, 0, HOUR, DAY])
                answered.append(Arrival(at + late, Answer(proposal.rule, proposal.team, state, at)))
    return sorted([*arrivals, *answered], key=lambda one: one.at)


def _looks(chance: Random, rules: dict[str, Any], arrivals: list[Arrival]) -> list[int]:
    """Between arrivals, when something leaves a window or comes to its time, and at the end, when all has left."""
    last = arrivals[-1].at
    looks = {last, chance.choice(arrivals).at}
    happened = [one.what.occurred_at for one in arrivals if isinstance(one.what, Event)]
    waits = [0, 0, *_waits(rules)]
    for _ in range(3):
        window = chance.choice([one["within_days"] for rule in people_s_rules(rules) for one in rule["when"]]) * DAY
        looks.add(chance.choice(happened) + chance.choice([0, window, window]) + chance.choice(waits) + chance.choice([-1, 0, 1]))
    rests = {rule["id"]: rule.get("rest_days", 0) * DAY for rule in people_s_rules(rules)}
    answers = [one.what for one in arrivals if isinstance(one.what, Answer)]
    looks |= {answer.at + rests[answer.rule] + chance.choice([-1, 0, 0]) for answer in answers if answer.state == "completed"}
    looks.add(when_the_day_begins(date_in_sweden(last + chance.randint(0, 4) * DAY)) + chance.choice([-1, 0]))
    if chance.random() < 0.2:
        looks.add(last + max(map(the_longest_window, people_s_rules(rules))) + 2 * DAY)
    return sorted(look for look in looks if look >= arrivals[0].at)


def _waits(rules: dict[str, Any]) -> list[int]:
    """How long the rules wait beside their windows."""
    days = [rule[name] * DAY for rule in people_s_rules(rules) for name in ("lingers_days", "rest_days") if name in rule]
    conditions = [one for rule in people_s_rules(rules) for one in rule["when"]]
    hours = [one["then"]["within_hours"] * HOUR for one in conditions if "then" in one]
    before = [one[name]["days"] * DAY for one in conditions for name in ("against_earlier", "fell_from") if name in one]
    return days + hours + before
