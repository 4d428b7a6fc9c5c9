"""The doors of the consent pages.

What a form with a number meets, or with a consent that another cooperation's follows in silence, is answered at beats.
"""

from __future__ import annotations

from starlette.requests import Request

from hub.access.roles import Action
from hub.web.consents import case, extract, folder, printing, registering, told, why_not
from hub.web.consents.case import of_case
from hub.web.consents.desk import Desk
from hub.web.consents.registering import of_draft
from hub.web.consents.simulator import simulator
from hub.web.consents.unlogged import though_unlogged
from hub.web.doors import Door, Doors

__all__ = ["consent_doors"]

_ONE, _DRAFT = "/consents/{consent:uuid}", "/consents/register/{draft}"


def _sent(request: Request) -> bool:
    return request.method == "POST"


def _registers(request: Request) -> bool:
    """The number, by which earlier names are found, and the whole; the answers between look nothing up."""
    return _sent(request) and request.path_params["step"] in {"youth", "check"}


def consent_doors(doors: Doors, desk: Desk) -> list[Door]:
    """Every route; the views themselves ask which consents are whose."""
    see, register, at = Action.CONSENT_SEE, Action.CONSENT_REGISTER, desk.view
    both = ("GET", "POST")
    return [
        doors.guarded("/consents", at(folder.listed), see),
        doors.guarded("/consents/find", at(folder.find), see, "POST", at_beats=_sent),
        doors.guarded("/consents/simulator", at(simulator), see),
        doors.guarded("/consents/register", at(registering.begin), register, *both),
        doors.guarded(f"{_DRAFT}/by-hand", at(of_draft(registering.by_hand)), register, *both, at_beats=_sent),
        doors.guarded(f"{_DRAFT}/form", at(of_draft(printing.form_of_draft)), register),
        doors.guarded(f"{_DRAFT}/simulate", at(of_draft(registering.simulate)), register),
        doors.guarded(f"{_DRAFT}/{{step}}", at(of_draft(registering.step)), register, *both, at_beats=_registers),
        doors.guarded(_ONE, at(of_case(case.shown)), see),
        doors.guarded(f"{_ONE}/sign", at(of_case(case.sign)), register, *both, at_beats=_sent),
        doors.guarded(f"{_ONE}/block", at(of_case(case.block)), register, *both, at_beats=_sent),
        doors.guarded(f"{_ONE}/custody", at(of_case(case.custody)), register, *both, at_beats=_sent),
        doors.guarded(f"{_ONE}/withdraw", at(though_unlogged(of_case(case.withdraw))), see, *both, at_beats=_sent),
        doors.guarded(f"{_ONE}/erasure", at(of_case(case.erasure)), see),
        doors.guarded(f"{_ONE}/why-not", at(of_case(why_not.shown)), Action.EXTRACT_RELEASE),
        doors.guarded(f"{_ONE}/form", at(of_case(printing.form)), see, *both, at_beats=_sent),
        doors.guarded(f"{_ONE}/receipt", at(of_case(printing.receipt)), see),
        doors.guarded(f"{_ONE}/receipt.json", at(of_case(printing.receipt_as_json)), see),
        doors.guarded("/consents/extract", at(extract.ask), Action.EXTRACT_RELEASE, *both, at_beats=_sent),
        doors.guarded("/consents/extract/{draft}", at(of_draft(extract.decide)), Action.EXTRACT_RELEASE, *both),
        doors.guarded("/withdrawal", at(told.withdrawal), Action.CONSENT_WITHDRAW, *both, at_beats=_sent),
        doors.guarded("/erasures", at(told.erasures), Action.ERASURE_SEE),
    ]
