"""The words for what a condition asks besides its window; `hub/core/asked.py` puts them together."""

from __future__ import annotations

from typing import Final

from hub.core.texts import Language

__all__ = ["AGAINST", "BEFORE", "FALLEN", "FOLLOWERS", "FOLLOWS", "ONLY", "WINDOWS"]

WINDOWS: Final[dict[str, dict[Language, str]]] = {
    "days": {"sv": "på {window}", "en": "in {window}"},
    "last_school_day": {
        "sv": "den senaste skoldagen, högst {window} tillbaka",
        "en": "on the last school day, at most {window} back",
    },
    "last_school_days": {
        "sv": "de senaste {number} skoldagarna, högst {window} tillbaka",
        "en": "on the last {number} school days, at most {window} back",
    },
}
"""How far back is looked."""

ONLY: Final[dict[str, dict[Language, str]]] = {
    "counting": {"sv": "räknat bara {what}", "en": "counting only {what}"},
    "school_days": {"sv": "på skoldagar", "en": "on school days"},
    "between": {"sv": "klockan {begin}–{end}", "en": "between {begin} and {end}"},
}
"""Which times count."""

FOLLOWERS: Final[dict[str, dict[Language, str]]] = {
    "unexcused_absence": {"sv": "ogiltig frånvaro", "en": "unexcused absence"},
    "excused_absence": {"sv": "anmäld frånvaro", "en": "reported absence"},
    "all_absence": {"sv": "frånvaro", "en": "absence"},
    "school_absence": {"sv": "frånvaro", "en": "absence"},
    "police_notices": {"sv": "en underrättelse från polisen", "en": "a notice from the police"},
    "police_notice": {"sv": "en underrättelse av visst slag från polisen", "en": "a notice of a certain kind from the police"},
    "observations": {"sv": "en observation", "en": "an observation"},
    "risk_event": {"sv": "en observation av visst slag", "en": "an observation of a certain kind"},
}
"""What follows an event, by the code that words it, else by its kind."""

FOLLOWS: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "one": {
        "sv": ("följd av {what} inom {hours}", "inte följd av {what} inom {hours}"),
        "en": ("followed by {what} within {hours}", "not followed by {what} within {hours}"),
    },
    "each": {
        "sv": ("var och en följd av {what} inom {hours}", "ingen av dem följd av {what} inom {hours}"),
        "en": ("each followed by {what} within {hours}", "none of them followed by {what} within {hours}"),
    },
    "days": {
        "sv": ("följda av {what} inom {hours}", "inte följda av {what} inom {hours}"),
        "en": ("followed by {what} within {hours}", "not followed by {what} within {hours}"),
    },
}
"""(it had to follow, it had not to), in the gender and number of what it follows."""

AGAINST: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "as_much": {"sv": ("lika mycket som", "lika många som"), "en": ("as much as", "as many as")},
    "twice": {"sv": ("dubbelt så mycket som", "dubbelt så många som"), "en": ("twice as much as", "twice as many as")},
    "share": {"sv": ("{percent} % av vad det var",) * 2, "en": ("{percent}% of what it was",) * 2},
}
"""(of an amount, of a number of things)."""

BEFORE: Final[dict[str, dict[Language, str]]] = {
    "and": {"sv": ", och ", "en": ", and "},
    "same": {"sv": "minst {against} {before}", "en": "at least {against} {before}"},
    "average": {
        "sv": "minst {against} i snitt på {window} {before}",
        "en": "at least {against} on average per {window} {before}",
    },
    "day": {"sv": "under dagen före", "en": "on the day before"},
    "days": {"sv": "under de {number} dagarna före", "en": "in the {number} days before"},
    "then": {"sv": "(då: {compared})", "en": "(then: {compared})"},
    "then_in_all": {"sv": "(då: {compared} sammanlagt)", "en": "(then: {compared} in all)"},
}
"""The time before the window; `average`: where it is longer or shorter than that."""

FALLEN: Final[dict[str, dict[Language, str]]] = {
    "and": {"sv": ", och {left}", "en": ", and {left}"},
    "left": {"sv": "därefter högst {at_most} {window}", "en": "after that at most {at_most} {window}"},
    "school_day": {"sv": ", med minst {number} skoldag", "en": ", with at least {number} school day"},
    "school_days": {"sv": ", med minst {number} skoldagar", "en": ", with at least {number} school days"},
}
"""The days up to now, in which little was left."""
