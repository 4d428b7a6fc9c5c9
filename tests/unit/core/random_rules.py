"""Rules and events by chance: small alphabets, so that what happens to happen matters."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from .rule_meaning import NOW, Event

__all__ = ["RULE", "make_condition", "make_events", "make_kin", "make_rule", "make_then"]

CODES = {"school_absence": ["unexcused", "excused"], "police_notice": ["lob", "narcotics", "public_disorder"]}
TIMES = ["00:00", "06:00", "10:00", "22:00"]
RULE = {
    "about": "person", "title_sv": "x", "title_en": "x", "rationale": "", "owner": "x", "function": "school_attendance",
    "team": "outreach", "cooperation": "sspf", "priority": "normal", "respond_within_days": 5,
}  # fmt: skip


def one_in(chance: Random, number: int) -> bool:
    return chance.randrange(number) == 0


def some(chance: Random, kind: str) -> list[str]:
    return chance.sample(CODES[kind], chance.randint(1, len(CODES[kind])))


def make_then(chance: Random) -> dict[str, Any] | None:
    if not one_in(chance, 3):
        return None
    kind = chance.choice(list(CODES))
    hours = chance.choice([1, 12, 30])
    return {"kind": kind, "of": some(chance, kind), "within_hours": hours, "happens": chance.random() < 0.5}


def make_condition(chance: Random, kind: str | None = None) -> dict[str, Any]:
    kind = kind or chance.choice(list(CODES))
    measure = chance.choice(["count", "distinct_days"] + (["minutes", "rate"] if kind == "school_absence" else []))
    least = chance.choice([1, 40, 60, 100]) if measure in {"minutes", "rate"} else chance.choice([1, 1, 2, 3])
    made: dict[str, Any] = {
        "kind": kind, "of": some(chance, kind), "measure": measure, "at_least": least,
        "within_days": chance.randint(1, 6), "on_school_days": one_in(chance, 4),
    }  # fmt: skip
    if one_in(chance, 4):
        made["between"] = chance.sample(TIMES, 2)
    if measure != "rate" and one_in(chance, 4):
        made["fell_from"] = {"days": chance.randint(1, 6), "at_least": made.pop("at_least")}
        if one_in(chance, 2):
            made["fell_from"]["school_days"] = chance.choice([1, 1, 2])
        return {**made, "at_most": chance.choice([0, 0, 1, 40])}
    if measure != "rate" and one_in(chance, 4):
        return {**made, "against_earlier": {"days": chance.randint(1, 6), "percent": chance.choice([50, 100, 200])}}
    then = None if measure == "rate" else make_then(chance)
    return {**made, "within_school_days": chance.choice([None, None, 1, 3, 9]), "then": then}


def make_rule(chance: Random) -> dict[str, Any]:
    return {
        **RULE,
        "when": [make_condition(chance) for _ in range(chance.choice([1, 1, 2]))],
        "at_least_agencies": chance.choice([1, 1, 1, 2]),
        "ages": chance.choice([None, None, {"from": 0, "to": 130}, {"from": 12, "to": 15}, {"from": 13, "to": 17}]),
        "sunset": chance.choice([None, None, "2026-02-25", "2026-02-26"]),
    }


def make_kin(chance: Random, rule: dict[str, Any]) -> dict[str, Any]:
    """A rule in which nearly everything is as in the other one: there a mistake would hide."""
    other = make_rule(chance)
    made = {name: other[name] if one_in(chance, 6) else value for name, value in rule.items()}
    made["when"] = [_changed(chance, condition) for condition in rule["when"]]
    return made


def _changed(chance: Random, condition: dict[str, Any]) -> dict[str, Any]:
    """One or two fields of it as in another condition of the kind."""
    other = make_condition(chance, condition["kind"])
    made = dict(condition)
    for name in chance.sample(sorted(set(condition) | set(other)), chance.choice([0, 1, 1, 2])):
        inside = (
            name in {"then", "against_earlier", "fell_from"} and condition.get(name) and other.get(name) and chance.random() < 0.7
        )
        made[name] = _mixed(chance, condition[name], other[name]) if inside else other.get(name)
    if made.get("fell_from") and made["measure"] != "rate":
        made = {**made, "at_most": made["at_most"] if made.get("at_most") is not None else 1}
        for name in ("at_least", "against_earlier", "within_school_days", "then"):
            made.pop(name, None)
    else:
        made["at_least"] = made.get("at_least") or 1
        made.pop("at_most", None)
        made.pop("fell_from", None)
    if made["measure"] == "rate" or made.get("within_school_days") or made.get("then"):
        made.pop("against_earlier", None)
    if made["measure"] == "rate":
        made.pop("then", None)
    return {name: value for name, value in made.items() if value is not None}


def _mixed(chance: Random, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The first with one field of the second; a kind goes with its codes."""
    name = chance.choice(sorted(set(first) & set(second) - {"kind"}))
    return {**first, name: second[name], **({"kind": second["kind"]} if name == "of" else {})}


def make_events(chance: Random, most: int = 9) -> list[Event]:
    return [_event(chance) for _ in range(chance.randint(1, most))]


def _event(chance: Random) -> Event:
    kind = chance.choice(list(CODES))
    at = NOW - timedelta(minutes=chance.choice([chance.randint(-180, 8 * 1440), 30 * chance.randint(-2, 96)]))
    offered = chance.choice([0, 60, 80]) if kind == "school_absence" else 0
    minutes = min(chance.choice([0, 40, 60]), offered or 60) if kind == "school_absence" else 0
    return Event(kind, chance.choice(CODES[kind]), at, chance.choice(["a", "b"]), minutes, offered)
