"""What is wrong with a rule, in words that say what would be right. Rules hold no personal data: they may be quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

__all__ = ["Location", "Problem", "problems_of"]

Location: TypeAlias = tuple[int | str, ...]
_PLACES = frozenset({"area", "areas", "place", "places"})
_TEXT = "must be text; what YAML takes for a number or for true or false needs quotes"
_NUMBER = "must be a whole number, without quotes"
_LIST = "must be a list, as in [a, b]"
_DAY = "must be a date such as 2026-06-30"
_PLAIN = {
    "missing": "is missing",
    "string_type": _TEXT,
    "string_too_short": "must not be empty",
    "int_type": _NUMBER,
    "bool_type": "must be true or false, without quotes",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "tuple_type": _LIST,
    "model_type": "must be a mapping of names to values",
    "dict_type": "must be a mapping of names to values",
    "union_tag_not_found": "is missing: it must be person or place",
    "union_tag_invalid": "must be person or place",
}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "string_too_long": ("max_length", "must be at most {} characters long"),
    "enum": ("expected", "must be one of {}"),
    "literal_error": ("expected", "must be {}"),
}
_MARKS = re.compile(r"<\w+\.\w+: |['>]")
"""What pydantic puts around a code, and around a member of an enumeration."""
_PATTERNS = {
    "[01][0-9]|2[0-3]": 'must be a time of day in quotes, such as "22:00"',
    "^[a-z][a-z0-9_-]{0,63}$": "must be a name of small letters, digits, _ and -, that begins with a letter",
    "^[A-Za-z0-9._-]{1,64}$": "must be of letters, digits, full stops, _ and -, at most 64, without spaces",
}


class Problem(NamedTuple):
    """Where (`("rules", 3, "when", 0, "of")`; the field that is wrong, missing or unknown) and what would be right.

    `at_name`: it is the field's name that is wrong, not its value.
    """

    location: Location
    text: str
    at_name: bool = False


def problems_of(error: ValidationError, fields: Mapping[str, Sequence[str]]) -> tuple[Problem, ...]:
    """Every problem of a rule set, in the order of the fields. `fields`: the names known below each field, by its name."""
    found = _first_causes(error.errors())
    return tuple(Problem(_location(one), _text(one, fields), one["type"] == "extra_forbidden") for one in found)


def _first_causes(problems: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "too short" of a list that is short only because its items were wrong."""
    inside = {item["loc"][:depth] for item in problems for depth in range(len(item["loc"]))}
    return [item for item in problems if item["loc"] not in inside]


def _location(problem: ErrorDetails) -> Location:
    """Without what pydantic puts between a rule's number and its fields."""
    where = problem["loc"]
    if where[:1] == ("rules",):
        where = (*where[:2], *where[3:])
        if problem["type"].startswith("union_tag"):
            where = (*where, "about")
    return where


def _text(problem: ErrorDetails, fields: Mapping[str, Sequence[str]]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(problem["loc"], fields)
    if kind in _LIMITS:
        key, text = _LIMITS[kind]
        return text.format(_MARKS.sub("", str(context[key])))
    if kind == "string_pattern_mismatch":
        return next((text for part, text in _PATTERNS.items() if part in context["pattern"]), problem["msg"])
    if kind in {"too_short", "too_long"}:
        return _sized(context)
    return _PLAIN.get(kind) or problem["msg"].removeprefix("Value error, ")


def _sized(context: Mapping[str, object]) -> str:
    least, most = context.get("min_length"), context.get("max_length")
    return f"needs at least {least}" if most is None else f"must hold {most}, as in [a, b]"


def _unknown(where: Location, fields: Mapping[str, Sequence[str]]) -> str:
    name = str(where[-1])
    if name in _PLACES:
        return "an area is no condition of a rule: it tells nothing about a person"
    known = fields[next((part for part in reversed(where[:-1]) if isinstance(part, str)), "")]
    close = get_close_matches(name, known)
    return "has no meaning here: " + (f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}")
