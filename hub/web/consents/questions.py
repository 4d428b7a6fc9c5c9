"""The questions of a registration, one to a page, and how their answers are read.

`answers` is what a draft keeps, by field. A question is asked again when an answer that it rests on changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from hub.clock import stockholm_date
from hub.contract.identifiers import UnresolvedIdentifierError, birth_date, canonical_identifier
from hub.errors import RejectedError
from hub.registry.granting import ADULT_AGE, Marking, age_in_years
from hub.registry.papers import check_document
from hub.web.consents.asking import CUSTODY, Asking
from hub.web.consents.titles import KINDS, SIGNATORIES
from hub.web.language import mark

__all__ = ["STEPS", "Choice", "Error", "Form", "Input", "Question", "forget_after", "question", "take"]

Form = Mapping[str, Sequence[str]]
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Error:
    """What is wrong with the answer to one field, in the visitor's words."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button or check box."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One line to fill in; `kind` is the type of the input element."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    optional: bool = False
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One page: a heading that is the question, what helps to answer it, and either choices or lines. `name`: of the choices."""

    step: str
    title: str
    hint: str = ""
    name: str = ""
    choices: tuple[Choice, ...] = ()
    several: bool = False
    inputs: tuple[Input, ...] = ()
    more: Question | None = field(default=None)
    """A second question on the same page, where the two are one to the person who is asked."""


STEPS: Final = (
    "youth", "custody", "names", "cooperation", "recipients", "sources", "kinds", "area", "period", "document", "signatures",
)  # fmt: skip
_RESTS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "youth": ("custody", "names", "signatures"),
    "custody": ("names", "signatures"),
    "cooperation": ("recipients", "signatures"),
    "sources": ("kinds",),
}


def forget_after(step: str, answers: dict[str, Any]) -> None:
    """Ask again what rests on an answer that was changed."""
    for later in _RESTS_ON.get(step, ()):
        answers.pop(later, None)


def question(step: str, asking: Asking, answers: Mapping[str, Any]) -> Question:
    """The page of a step."""
    return _QUESTIONS[step](asking, answers)


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


# The pages


def _youth(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    protected = Question(
        "youth", text("Does the youth, a guardian or somebody in the household have protected personal data?"),
        text("Sekretessmarkering or skyddad folkbokföring. Ask; it is not always in the register you look at."), "protected",
        (
            Choice("no", text("No")),
            Choice(Marking.OWN.value, text("Yes, the youth")),
            Choice(Marking.GUARDIAN.value, text("Yes, a guardian")),
            Choice(Marking.HOUSEHOLD.value, text("Yes, somebody else in the household")),
            Choice(Marking.EXIT.value, text("The youth is in the exit programme")),
        ),
    )  # fmt: skip
    number = Input(
        "identifier", text("Personal number"), text("Personal, coordination or interim number, for example 20130304-9801."),
        narrow=True,
    )  # fmt: skip
    return Question("youth", text("Who is the consent about?"), inputs=(number,), more=protected)


def _custody(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    return Question(
        "custody", text("Who has custody?"),
        text("Those who have custody sign. From a certain age the youth signs too; the hub says so at the end."), "custody",
        (
            Choice("joint", text("Two guardians, joint custody"), text("Both sign. Until both have, nothing flows.")),
            Choice("sole", text("One guardian, sole custody")),
            Choice("special_guardian", text("A specially appointed guardian")),
            Choice("god_man", text("A god man (deputy guardian)")),
            Choice("social_services", text("Social services, under LVU")),
        ),
    )  # fmt: skip


def _names(asking: Asking, answers: Mapping[str, Any]) -> Question:
    text = asking.words.text
    inputs = [Input("name", text("The youth's name"), optional=True)]
    for role in CUSTODY[str(answers["custody"])]:
        if role == "youth":
            continue
        title = text(SIGNATORIES[role])
        inputs.append(Input(f"name_{role}", text("{role}: name", role=title), optional=True))
        inputs.append(Input(f"contact_{role}", text("{role}: telephone or e-mail", role=title), optional=True))
    hint = text(
        "For the form and the letters only. They are kept sealed with the consent and go nowhere else. They may be left out."
    )
    return Question("names", text("Who stands on the form?"), hint, inputs=tuple(inputs))


def _cooperation(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    return Question(
        "cooperation", text("Which cooperation is it for?"), text("A consent to one does not cover the other."), "cooperation",
        (
            Choice("sspf", "SSPF", text("School, social services, police and leisure, around a youth at early risk.")),
            Choice("sig", "SIG", text("Social intervention group, for high risk of continued crime.")),
        ),
    )  # fmt: skip


def _recipients(asking: Asking, answers: Mapping[str, Any]) -> Question:
    text, teams = asking.words.text, asking.office.teams
    choices = [Choice(code, team.title) for code, team in teams.items() if team.cooperation == answers["cooperation"]]
    hint = text("Only those who are named here can be sent a proposal or open it.")
    return Question("recipients", text("Who may be told?"), hint, "recipients", tuple(choices), several=True)


def _sources(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    choices = [
        Choice(code, agency.title, ", ".join(text(KINDS[kind]) for kind in agency.kinds))
        for code, agency in asking.office.agencies.items()
        if agency.kinds
    ]
    hint = text("An agency that is not named here never learns that there is a consent.")
    return Question("sources", text("Who may tell?"), hint, "sources", tuple(choices), several=True)


def _kinds(asking: Asking, answers: Mapping[str, Any]) -> Question:
    text = asking.words.text
    agencies = [agency for code, agency in asking.office.agencies.items() if code in answers["sources"]]
    choices = [
        Choice(kind, text(title), ", ".join(agency.title for agency in agencies if kind in agency.kinds))
        for kind, title in KINDS.items()
        if any(kind in agency.kinds for agency in agencies)
    ]
    hint = text("Coded fields only: the simulation at the end shows each of them.")
    return Question("kinds", text("What may be told?"), hint, "kinds", tuple(choices), several=True)


def _area(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    choices = [Choice("", text("Leave it out"))]
    choices += [Choice(code, area.title) for code, area in asking.office.places.areas.items()]
    hint = text("Shown on a proposal so that the right person takes it. It never sets off a proposal. May be left out.")
    return Question("area", text("Which part of the town?"), hint, "area", tuple(choices))


def _period(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    earlier = Choice("1", text("The form says that it also covers what has happened since the first day"))
    hint = text("Without this nothing counts that happened before all had signed. A first day before today needs it.")
    return Question(
        "period", text("How long does it hold?"), text("It ends by itself. It can be withdrawn at any time before."),
        inputs=(
            Input("first", text("First day"), kind="date", narrow=True),
            Input("last", text("Last day"), kind="date", narrow=True),
        ),
        more=Question("period", text("Does it reach back?"), hint, "earlier", (earlier,), several=True),
    )  # fmt: skip


def _document(asking: Asking, answers: Mapping[str, Any]) -> Question:
    del answers
    text = asking.words.text
    number = Input(
        "document", text("Reference of the document"),
        text("Its number in your register, for example KSN 2025/17. No personal number."), optional=True, narrow=True,
    )  # fmt: skip
    return Question("document", text("Where does the paper lie?"), inputs=(number,))


def _signatures(asking: Asking, answers: Mapping[str, Any]) -> Question:
    text = asking.words.text
    choices = [Choice(role, text(SIGNATORIES[role])) for role in asking.required(answers)]
    hint = text(
        "Tick those whose signatures you have before you. The others can be added when they come: until then nothing flows."
    )
    return Question("signatures", text("Who has signed?"), hint, "signatures", tuple(choices), several=True)


# The answers

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
        elif last - first > timedelta(days=366 * 3):
            errors.append(Error("last", text("That is more than three years: a shorter time, and then a new consent.")))
        if first < stockholm_date(asking.now) and not earlier:
            errors.append(
                Error("earlier", text("The first day lies before today: say that the form reaches back, or begin today."))
            )
    if not errors:
        answers["earlier"] = earlier
    return errors, (first, last)


def _take_document(form: Form, asking: Asking, answers: dict[str, Any]) -> Taken:
    del answers
    try:
        return [], check_document(_one(form, "document"))
    except RejectedError:
        wrong = asking.words.text("At most 64 letters, digits and ./:_- and no personal number.")
        return [Error("document", wrong)], None


_QUESTIONS: Final[Mapping[str, Callable[[Asking, Mapping[str, Any]], Question]]] = {
    "youth": _youth, "custody": _custody, "names": _names, "cooperation": _cooperation, "recipients": _recipients,
    "sources": _sources, "kinds": _kinds, "area": _area, "period": _period, "document": _document, "signatures": _signatures,
}  # fmt: skip
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
