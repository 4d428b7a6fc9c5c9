"""The questions of a registration, one to a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hub.registry.granting import Marking
from hub.web.consents.asking import CUSTODY, Asking
from hub.web.consents.custody_choices import NUMBERED, custody_choices
from hub.web.consents.shapes import Choice, Input, Question
from hub.web.consents.titles import KINDS, SIGNATORIES

__all__ = ["KNOWN", "STEPS", "question"]

STEPS: Final = (
    "youth", "custody", "names", "cooperation", "recipients", "sources", "kinds", "area", "period", "document", "signatures",
)  # fmt: skip
KNOWN: Final = "known"
"""Beside the answers of a draft: the names of those who sign, by role, as they stand on an earlier form of the same youth."""


def question(step: str, asking: Asking, answers: Mapping[str, Any]) -> Question:
    """The page of a step."""
    return _QUESTIONS[step](asking, answers)


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
    text = asking.words.text
    typed = {name.removeprefix("name_"): value for name, value in answers.get("names", {}).items() if name.startswith("name_")}
    hints = (
        text("Those who have custody sign. From a certain age the youth signs too; the hub says so at the end."),
        text(NUMBERED),
    )
    both = text("Both sign. Until both have, nothing flows.")
    choices = custody_choices(asking.words, {**answers.get(KNOWN, {}), **typed}, both)
    return Question("custody", text("Who has custody?"), " ".join(hints), "custody", choices)


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
        "Tick those whose signatures you have before you, on a form that says what you have answered. "
        "The others can be added when they come: until then nothing flows."
    )
    return Question("signatures", text("Who has signed?"), hint, "signatures", tuple(choices), several=True)


_QUESTIONS: Final[Mapping[str, Callable[[Asking, Mapping[str, Any]], Question]]] = {
    "youth": _youth, "custody": _custody, "names": _names, "cooperation": _cooperation, "recipients": _recipients,
    "sources": _sources, "kinds": _kinds, "area": _area, "period": _period, "document": _document, "signatures": _signatures,
}  # fmt: skip
