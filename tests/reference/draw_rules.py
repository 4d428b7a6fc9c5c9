"""Random rules over the whole language, with windows so short that something happens in a small history."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from .swedish_days import date_in_sweden

Plain = dict[str, Any]

CODES = {
    "school_absence": ["unexcused", "excused"],
    "police_notice": ["narcotics", "lob", "violence_victim"],
    "risk_event": ["recruitment", "conflict", "runaway"],
}
AGENCIES = {
    "school_absence": ["school-one", "school-two"],
    "police_notice": ["police-east", "police-west"],
    "risk_event": ["leisure-one", "school-two"],
}
PLAIN: frozenset[str] = frozenset()
EVERYTHING = frozenset({
    "rate", "within_school_days", "on_school_days", "between", "against_earlier", "then", "fell_from",
    "ages", "at_least_agencies", "rest_days", "lingers_days", "sunset", "counts_but_not_shown",
    "in_case",
})  # fmt: skip
"""What a rule may say beyond kind, codes, measure, threshold and window. `rest_days` stands for answers too."""


def draw_rules(chance: Random, around: int, features: frozenset[str]) -> Plain:
    """One to four rules for histories that lie around an instant; only `features` are used, each now and then."""
    rules = [_rule(chance, f"rule-{letter}", around, features) for letter in "abcd"[: chance.randint(1, 4)]]
    drawn: Plain = {"version": "drawn", "owner": "test", "rules": rules}
    if {"within_school_days", "on_school_days", "fell_from"} & features:
        drawn["school"] = _school(chance, around)
    return drawn


def _school(chance: Random, around: int) -> Plain:
    """Two terms, with a holiday near the instant or far from it, and some free days."""
    today = date_in_sweden(around)
    first_ends = today + timedelta(days=chance.choice([-40, -3, -1, 0, 2, 40]))
    second_begins = first_ends + timedelta(days=chance.choice([1, 3, 14]))
    free = chance.sample(range(-8, 8), k=chance.randint(0, 4))
    return {
        "terms": [
            {"first": str(first_ends - timedelta(days=100)), "last": str(first_ends)},
            {"first": str(second_begins), "last": str(second_begins + timedelta(days=100))},
        ],
        "free_days": [str(today + timedelta(days=day)) for day in sorted(free)],
    }


def _rule(chance: Random, name: str, around: int, features: frozenset[str]) -> Plain:
    to_sig = chance.random() < 0.3
    asked = {"function": "information", "team": "sig" if to_sig else chance.choice(["outreach", "sspf"])}
    clock = {"cooperation": "sig" if to_sig else "sspf", "priority": "normal", "respond_within_days": 5}
    words = {"title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test"}
    rule: Plain = {"about": "person", "id": name} | words | asked | clock
    if to_sig:
        rule["without_sig_consent"] = {"team": "sspf", "function": "seek_sig_consent"}
    many = chance.choice([1, 1, 1, 2, 2, 3])
    rule["when"] = [_condition(chance, f"condition-{number}", features) for number in "123"[:many]]
    for field in sorted(features & {"ages", "at_least_agencies", "rest_days", "lingers_days", "sunset", "counts_but_not_shown"}):
        if chance.random() < 0.25:
            rule[field] = _value_of(chance, field, around)
    if "in_case" in features and chance.random() < 0.35:
        rule["in_case"] = chance.choice([rule["cooperation"], "none"])
        if rule["in_case"] == "sig":
            del rule["without_sig_consent"]
    return rule


def _value_of(chance: Random, field: str, around: int) -> Any:
    match field:
        case "ages":
            return chance.choice([{"from": 15}, {"to": 14}, {"from": 15, "to": 17}, {"from": 18}, {"from": 13, "to": 17}])
        case "at_least_agencies":
            return chance.choice([1, 2, 2, 3])
        case "rest_days" | "lingers_days":
            return chance.choice([1, 1, 2, 3, 7])
        case "sunset":
            return str(date_in_sweden(around) + timedelta(days=chance.choice([-4, -1, 0, 1, 3])))
        case _:
            return chance.sample(["school-one", "school-two", "police-east", "leisure-one"], k=chance.randint(1, 2))


def _condition(chance: Random, name: str, features: frozenset[str]) -> Plain:
    kind = chance.choice(sorted(CODES))
    measures = ["count", "count", "distinct_days"]
    if kind == "school_absence":
        measures += ["minutes", "minutes"] + (["rate"] if "rate" in features else [])
    measure = chance.choice(measures)
    at_least = {"count": [1, 1, 2, 3], "distinct_days": [1, 2, 2, 3], "minutes": [60, 61, 120, 180], "rate": [10, 33, 50, 100]}
    condition: Plain = {
        "id": name,
        "kind": kind,
        "of": chance.sample(CODES[kind], k=chance.randint(1, len(CODES[kind]))),
        "measure": measure,
        "at_least": chance.choice(at_least[measure]),
        "within_days": chance.choice([1, 1, 2, 3, 5, 14]),
    }
    narrowings = features & {"within_school_days", "on_school_days", "between", "then", "against_earlier", "fell_from"}
    for field in sorted(sorted(narrowings), key=lambda _: chance.random()):
        if chance.random() < 0.2 and _may_stand_beside(field, condition):
            condition[field] = _narrowing(chance, field)
    if "fell_from" in condition:
        _let_fall(chance, condition)
    return condition


def _let_fall(chance: Random, condition: Plain) -> None:
    """What was to be reached was there before the window, and at most so much is left."""
    much = condition.pop("at_least")
    condition["fell_from"]["at_least"] = much
    condition["at_most"] = chance.choice([0, 0, 1, much - 1, much // 2])


def _may_stand_beside(field: str, condition: Plain) -> bool:
    if field in {"against_earlier", "fell_from"}:
        alone = {"within_school_days", "then", "against_earlier", "fell_from"}
        return condition["measure"] != "rate" and not condition.keys() & alone
    if field == "then" and condition["measure"] == "rate":
        return False
    return not condition.keys() & {"against_earlier", "fell_from"} or field not in {"within_school_days", "then"}


def _narrowing(chance: Random, field: str) -> Any:
    match field:
        case "within_school_days":
            return chance.choice([1, 2, 3, 5, 20])
        case "on_school_days":
            return True
        case "between":
            return chance.choice(
                [["22:00", "06:00"], ["00:00", "00:01"], ["08:00", "16:00"], ["02:00", "03:00"], ["12:00", "12:00"]]
            )
        case "then":
            other = chance.choice(sorted(CODES))
            codes = chance.sample(CODES[other], k=chance.randint(1, 2))
            then = {"kind": other, "of": codes, "within_hours": chance.choice([1, 6, 24, 48])}
            return then | ({"happens": False} if chance.random() < 0.5 else {})
        case "fell_from":
            days = {"days": chance.choice([1, 2, 5, 14])}
            return days | ({"school_days": chance.choice([1, 1, 2, 3])} if chance.random() < 0.4 else {})
        case _:
            return {"days": chance.choice([1, 2, 2, 5]), "percent": chance.choice([50, 100, 100, 200])}
