"""Random histories, each from a seed: few events, and most of them where something turns.

They lie around instants at which a calendar is likely to be wrong; what occurred lies at windows' edges, exactly or one
millisecond beside; revisions come late, twice, in the wrong order, and as retractions. A consent comes before its events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from .draw_consents import draw_consents
from .draw_rules import AGENCIES, CODES
from .engine import people_s_rules, the_longest_window, what_stands
from .history import DAY, HOUR, SECOND, Answer, Arrival, Event, History
from .swedish_days import STOCKHOLM, date_in_sweden, when_the_day_begins

MINUTE = 60 * SECOND
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
    events = _events(chance, rules, moments, windows)
    arrivals = sorted([*consents, *events], key=lambda one: one.at)  # stable: at one instant the consent comes first
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


def _events(chance: Random, rules: dict[str, Any], moments: list[int], windows: list[int]) -> list[Arrival]:
    found: list[Arrival] = []
    told: dict[int, list[Event]] = {}
    of_most = chance.choice(people_s_rules(rules))  # so that now and then a rule holds
    for number, recorded in enumerate(moments):
        past = [revisions for revisions in told.values() if max(one.occurred_at for one in revisions) <= recorded]
        if past and chance.random() < 0.35:
            event = _another_revision(chance, chance.choice(past), recorded, windows)
        else:
            event = _event(
                chance, of_most if chance.random() < 0.75 else chance.choice(people_s_rules(rules)), number, recorded, windows
            )
        told.setdefault(event.number, []).append(event)
        late = recorded + chance.choice([0, 0, 0, 0, 1, HOUR, DAY, 3 * DAY])
        found.append(Arrival(late, event))
        if chance.random() < 0.15:
            found.append(Arrival(late + chance.choice([0, HOUR, 2 * DAY, windows[-1] + DAY]), event))
    return found


def _event(chance: Random, rule: dict[str, Any], number: int, recorded: int, windows: list[int]) -> Event:
    sought = chance.choice(rule["when"])
    if chance.random() < 0.25 and "then" in sought:
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
        occurred_at=_occurred(chance, recorded, windows),
        recorded_at=recorded,
        may_tell_youth=kind != "police_notice" or chance.random() < 0.5,
        **_minutes(chance, kind, sought),
    )


def _minutes(chance: Random, kind: str, sought: dict[str, Any]) -> dict[str, Any]:
    if kind != "school_absence":
        return {}
    enough = sought["at_least"] if sought["measure"] == "minutes" else 60
    minutes = chance.choice([0, 30, 40, 60, enough, enough, enough - 1, enough // 2, (enough + 1) // 2])
    return {"minutes": minutes, "offered_minutes": chance.choice([None, None, 0, minutes, 60, 80, 200])}


def _occurred(chance: Random, recorded: int, windows: list[int]) -> int:
    """Just now, some hours or days ago, at a midnight, at a window's edge, or in the future."""
    window = chance.choice(windows)
    midnight = when_the_day_begins(date_in_sweden(recorded - chance.choice([0, DAY, window])))
    beside = chance.choice([-1, 0, 0, 1])
    ago = [0, 0, MINUTE, HOUR, 5 * HOUR, DAY, min(DAY, window // 2), window - HOUR, window // 2, chance.randrange(window)]
    return chance.choice([
        recorded - chance.choice(ago),
        recorded - chance.choice(ago),
        recorded - chance.choice(ago),
        recorded - window + beside,
        midnight + beside,
        midnight + chance.choice([30 * SECOND, 2 * HOUR, 22 * HOUR, 6 * HOUR]) + beside,
        recorded + chance.choice([1, HOUR, DAY]),
    ])  # fmt: skip


def _another_revision(chance: Random, told: list[Event], recorded: int, windows: list[int]) -> Event:
    """A newer one, or (late, so recorded before the newest) one that nobody has seen yet; none is told in two ways.

    What is corrected had occurred by then: for how long a correction is remembered is counted from when it was recorded.
    """
    newest = max(told, key=lambda event: event.revision)
    unseen = set(range(1, newest.revision)) - {event.revision for event in told}
    if unseen and chance.random() < 0.5:
        older = replace(newest, revision=max(unseen), recorded_at=newest.recorded_at - 1)
        corrected = _corrected(chance, older, older.recorded_at, windows)
        return replace(corrected, occurred_at=min(corrected.occurred_at, older.recorded_at))
    newer = replace(newest, revision=newest.revision + chance.choice([1, 1, 1, 2]), recorded_at=recorded)
    return _corrected(chance, newer, recorded, windows)


def _corrected(chance: Random, event: Event, recorded: int, windows: list[int]) -> Event:
    """Retracted (or no longer), or of another time, code, source or length."""
    match chance.randrange(6):
        case 0 | 1:
            return replace(event, retracted=not event.retracted)
        case 2:
            return replace(event, occurred_at=_occurred(chance, recorded, windows))
        case 3:
            return replace(event, code=chance.choice(CODES[event.kind]))
        case 4:
            return replace(event, agency=chance.choice(AGENCIES[event.kind]))
        case _:
            return replace(event, minutes=event.minutes // 2)


def _with_answers(chance: Random, rules: dict[str, Any], arrivals: list[Arrival]) -> list[Arrival]:
    """What teams say of what is open at that time."""
    answered: list[Arrival] = []
    for position, arrival in enumerate(arrivals):
        answered.append(arrival)
        until = arrivals[position + 1].at if position + 1 < len(arrivals) else arrival.at + DAY
        if until > arrival.at and chance.random() < 0.25:
            at = chance.choice([arrival.at, until - 1, (arrival.at + until) // 2])
            open_now = what_stands(rules, answered, at).open
            if open_now:
                proposal = chance.choice(open_now)
                state = chance.choice(["rejected", "completed", "completed", "accepted", "in_progress", "received"])
                answered.append(Arrival(at, Answer(proposal.rule, proposal.team, state, at)))
    return answered


def _looks(chance: Random, rules: dict[str, Any], arrivals: list[Arrival]) -> list[int]:
    """Between arrivals, when something leaves a window or comes to its time, and at the end, when all has left."""
    last = arrivals[-1].at
    looks = {last, chance.choice(arrivals).at}
    happened = [one.what.occurred_at for one in arrivals if isinstance(one.what, Event)]
    for _ in range(3):
        window = chance.choice([one["within_days"] for rule in people_s_rules(rules) for one in rule["when"]]) * DAY
        rest = chance.choice(
            [0, 0, *(rule.get(name, 0) * DAY for rule in people_s_rules(rules) for name in ("lingers_days", "rest_days"))]
        )
        looks.add(chance.choice(happened) + chance.choice([0, window, window]) + rest + chance.choice([-1, 0, 1]))
    if chance.random() < 0.2:
        looks.add(last + max(map(the_longest_window, people_s_rules(rules))) + 2 * DAY)
    return sorted(look for look in looks if look >= arrivals[0].at)
