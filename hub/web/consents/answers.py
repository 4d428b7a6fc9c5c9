"""How the answers of a registration are read.

`answers` is what a draft keeps, by field. A question is asked again when an answer that it rests on changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from hub.clock import stockholm_date
from hub.contract.identifiers import UnresolvedIdentifierError, birth_date, canonical_identifier
from hub.errors import RejectedError
from hub.registry.granting import ADULT_AGE, Marking, age_in_years
from hub.registry.papers import check_document
from hub.web.consents.asking import Asking, Period
from hub.web.consents.questions import question
from hub.web.consents.shapes import Error, Form
from hub.web.language import mark

__all__ = ["forget_after", "read_day", "take"]

_LONGEST: Final = 200
_RESTS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "youth": ("custody", "names", "document", "signatures"),
    "custody": ("names", "signatures"),
    "cooperation": ("recipients", "signatures"),
    "recipients": ("signatures",),
    "sources": ("kinds", "signatures"),
    "kinds": ("signatures",),
    "area": ("signatures",),
    "period": ("signatures",),
}
"""A signature is given for what the paper says: whatever part of the scope changes, it is asked for anew."""


def forget_after(step: str, answers: dict[str, Any]) -> None:
    """Ask again what rests on an answer that was changed."""
    for later in _RESTS_ON.get(step, ()):
        answers.pop(later, None)


def take(step: str, form: Form, asking: Asking, answers: dict[str, Any]) -> list[Error]:
    """Read the answer to a step into `answers[step]`, or say what is wrong with it and leave the rest as it was."""
    errors, found = _ANSWERS[step](form, asking, answers)
    if not errors:
        if step in answers and answers[step] != _frozen(found):
            forget_after(step, answers)
        answers[step] = _frozen(found)
    return errors


def _frozen(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


Taken = tuple[list[Error], Any]


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0].strip()


def _take_youth(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
    today = stockholm_date(asking.now)
    errors, typed = [], _one(form, "identifier")
    try:
        canonical = canonical_identifier(typed, today=today)
    except UnresolvedIdentifierError as error:
        told = asking.words.text("Give a personal number.") if not typed else f"{error.told(asking.words.language)}."
        errors.append(Error("identifier", told))
    protected = _one(form, "protected")
    if protected not in {"no", *Marking}:
        errors.append(Error("protected", asking.words.text("Say whether somebody has protected personal data.")))
    if errors:
        return errors, None
    if protected == "no":
        answers.pop("protected", None)
    else:
        answers["protected"] = protected
    adult = age_in_years(birth_date(canonical), today) >= ADULT_AGE
    if answers.get("youth") != canonical:
        forget_after("youth", answers)
    if adult:
        answers["custody"] = "adult"
    elif answers.get("custody") == "adult":
        answers.pop("custody")
    return [], canonical


def _take_names(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
    del answers
    found = {name: _one(form, name) for name in form if name == "name" or name.startswith(("name_", "contact_"))}
    errors = []
    for name, value in found.items():
        if len(value) > _LONGEST or not value.isprintable():
            errors.append(Error(name, asking.words.text("At most 200 ordinary characters.")))
    for name, value in found.items():
        role = name.removeprefix("contact_")
        if name.startswith("contact_") and value and not found.get(f"name_{role}"):
            errors.append(Error(f"name_{role}", asking.words.text("Give the name that the telephone or e-mail belongs to.")))
    if any(value for name, value in found.items() if name != "name") and not found.get("name"):
        errors.append(Error("name", asking.words.text("Give the youth's name too, or leave all of it out.")))
    return errors, found


def _take_choice(step: str, missing: str) -> Callable[[Form, Asking, dict[str, Any]], Taken]:
    def taken(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
        asked = question(step, asking, answers)
        found = _one(form, asked.name)
        if asked.name in form and found in {choice.value for choice in asked.choices}:
            return [], found
        return [Error(asked.name, asking.words.text(missing))], None

    return taken


def _take_several(step: str, missing: str) -> Callable[[Form, Asking, dict[str, Any]], Taken]:
    def taken(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
        asked = question(step, asking, answers)
        found = [choice.value for choice in asked.choices if choice.value in form.get(asked.name, ())]
        if not found and missing:
            return [Error(asked.name, asking.words.text(missing))], None
        return [], found

    return taken


def read_day(text: str) -> date | None:
    """A date as the browser sends it, or as people type it: 2025-05-19, 20250519."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _take_period(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
    del answers
    text, earlier = asking.words.text, "1" in form.get("earlier", ())
    first, last = read_day(_one(form, "first")), read_day(_one(form, "last"))
    errors = [
        Error(name, text("Give a day as year-month-day, for example 2025-08-18."))
        for name, found in (("first", first), ("last", last))
        if found is None
    ]
    if first is not None and last is not None:
        if last < first:
            errors.append(Error("last", text("The last day lies before the first.")))
        elif last < stockholm_date(asking.now):
            errors.append(Error("last", text("The last day has been already.")))
        elif (last - first).days >= (longest := asking.longest_days()):
            errors.append(
                Error("last", text("That is more than {days} days: a shorter time, and then a new consent.", days=longest))
            )
        if first - stockholm_date(asking.now) > timedelta(days=366 * 3):
            errors.append(Error("first", text("The first day lies more than three years ahead.")))
        if first < stockholm_date(asking.now) and not earlier:
            errors.append(
                Error("earlier", text("The first day lies before today: say that the form reaches back, or begin today."))
            )
    return errors, None if first is None or last is None else Period(first, last, earlier)


def _take_document(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
    del answers
    try:
        return [], check_document(_one(form, "document"))
    except RejectedError:
        wrong = asking.words.text("At most 64 letters, digits and ./:_- and no personal number.")
        return [Error("document", wrong)], None


_ANSWERS: Final[Mapping[str, Callable[[Form, Asking, dict[str, Any]], Taken]]] = {
    "youth": _take_youth,
    "custody": _take_choice("custody", mark("Choose who has custody.")),
    "names": _take_names,
    "cooperation": _take_choice("cooperation", mark("Choose a cooperation.")),
    "recipients": _take_several(
        "recipients", mark("Name at least one who may be told: without one the consent permits nothing.")
    ),
    "sources": _take_several("sources", mark("Name at least one who may tell.")),
    "kinds": _take_several("kinds", mark("Choose at least one thing that may be told.")),
    "area": _take_choice("area", mark("Choose an area, or leave it out.")),
    "period": _take_period,
    "document": _take_document,
    "signatures": _take_several("signatures", ""),
}
