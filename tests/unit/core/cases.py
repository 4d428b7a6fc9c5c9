"""Small cases by Swedish clocks, put to the reference engine and to the core at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.engine import Proposal, what_stands
from tests.reference.history import DAY, Answer, Arrival, Consent, Event, History, Scope

from .agreement import compiled, disagreements

SWEDEN = ZoneInfo("Europe/Stockholm")
MOMENT = 1
SCHOOL = {
    "terms": [{"first": "2026-08-17", "last": "2026-12-21"}, {"first": "2027-01-11", "last": "2027-06-11"}],
    "free_days": ["2026-10-26"],
}
LONG = 900 * DAY


def at(text: str, *, again: bool = False) -> int:
    """An instant by Swedish clocks; `again`: the second time that they show it, when summer time ends."""
    local = datetime.fromisoformat(text).replace(tzinfo=SWEDEN, fold=int(again))
    return (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def a_rule(*more: dict[str, Any], fields: dict[str, Any] | None = None, **condition: Any) -> dict[str, Any]:
    """One conflict within a day makes it hold, but for what is changed; `more` are conditions beside that."""
    counted = {"id": "first", "kind": "risk_event", "of": ["conflict"], "measure": "count", "at_least": 1, "within_days": 1}
    rule = {
        "about": "person", "id": "rule", "title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test",
        "function": "information", "team": "outreach", "cooperation": "sspf", "priority": "normal", "respond_within_days": 5,
        "when": [counted | condition, *(counted | {"id": f"more-{number}"} | one for number, one in enumerate(more))],
    }  # fmt: skip
    school = {"school": SCHOOL} if condition.keys() & {"on_school_days", "within_school_days"} else {}
    return {"version": "test", "owner": "test", "rules": [rule | (fields or {})]} | school


def absence(when: int, minutes: int, **changes: Any) -> Event:
    return happened(when, kind="school_absence", code="unexcused", agency="school", minutes=minutes, **changes)


def happened(when: int, *, code: str = "conflict", agency: str = "leisure", kind: str = "risk_event", **changes: Any) -> Event:
    """Told at once. Its number is its instant, if none is given: a correction says the same number."""
    values: dict[str, Any] = {"number": when, "revision": 1, "recorded_at": when}
    return Event(kind=kind, code=code, agency=agency, occurred_at=when, **(values | changes))


def answer(state: str, when: int, team: str = "outreach") -> Answer:
    return Answer("rule", team, state, when)


def consent(begins: int, age: int | None = 16, older_from: str | None = None, *, version: int = 1, sig: bool = False) -> Consent:
    """To everything told by anyone here, to every team of SSPF and, with `sig`, to SIG."""
    cooperations = [("sspf", ("outreach", "sspf"))] + ([("sig", ("sig",))] if sig else [])
    scopes = (
        Scope(f"00000000-0000-4000-8000-00000000000{number}", cooperation, ("leisure", "police", "school"), teams,
              ("police_notice", "risk_event", "school_absence"), begins - LONG, begins + LONG)
        for number, (cooperation, teams) in enumerate(cooperations, 1)
    )  # fmt: skip
    return Consent(version, "in_force", age, older_from, tuple(scopes))


def history(rules: dict[str, Any], *told: int | Event | Answer | Arrival, now: int, **rest: Any) -> History:
    """A number is a conflict at that instant; what is no arrival comes at once. Looked at `now`."""
    events = [happened(one) if isinstance(one, int) else one for one in told]
    arrivals = [one if isinstance(one, Arrival) else Arrival(_comes(one), one) for one in events]
    arrivals.sort(key=lambda one: one.at)
    begins = arrivals[0].at - DAY
    return History(rules, (Arrival(begins, consent(begins, **rest)), *arrivals), (now,))


def opens(rules: dict[str, Any], *told: int | Event | Answer | Arrival, now: int | None = None, **rest: Any) -> list[Proposal]:
    """What stands open at `now` (else when the last came), as both engines have it."""
    one = history(rules, *told, now=0, **rest)
    look = one.arrivals[-1].at if now is None else now
    one = History(rules, one.arrivals, (look,))
    assert disagreements(one, compiled(rules)) == []
    return list(what_stands(rules, one.until(look), look).open)


def holds(rules: dict[str, Any], *told: int | Event | Answer | Arrival, now: int | None = None, **rest: Any) -> bool:
    """Whether the rule's task stands open."""
    return bool(opens(rules, *told, now=now, **rest))


def _comes(one: Event | Answer) -> int:
    return one.at if isinstance(one, Answer) else one.recorded_at
