"""The doors of presence: the outreach team's own, and those that an association comes through with a link, without an account."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.rendering import Renderer, Web

__all__ = ["presence_doors"]

_TEAM = "/team/{team}/presence"
_VISIT = f"{_TEAM}/visit/{{visit:uuid}}"
_OFFER = f"{_VISIT}/offer/{{offer:uuid}}"
_AGREEMENTS = f"{_TEAM}/agreements"
_AGREEMENT = f"{_AGREEMENTS}/{{agreement:uuid}}"


def presence_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route. What a page needs is loaded when somebody first asks for it."""

    def made(module: str, name: str) -> Any:
        return getattr(import_module(f"hub.web.presence.{module}"), name)(web, renderer)

    def at(module: str, name: str, view: str) -> Callable[[Request, Principal], Response]:
        def entered(request: Request, principal: Principal) -> Response:
            return cast("Response", getattr(made(module, name), view)(request, principal))

        return entered

    def link(view: str) -> Callable[[Request], Response]:
        def entered(request: Request) -> Response:
            return cast("Response", getattr(made("link_pages", "LinkPages"), view)(request))

        return entered

    plan, change = Action.PRESENCE_PLAN, Action.AGREEMENT_CHANGE

    def deeds(path: str, module: str, name: str, views: dict[str, str], action: Action) -> list[Door]:
        return [doors.guarded(f"{path}/{last}", at(module, name, view), action, "POST") for last, view in views.items()]

    of_visit = {"assign": "assign", "cancel": "cancel", "reopen": "reopen", "report": "report"}
    return [
        doors.guarded(_TEAM, at("plan_pages", "PlanPages", "weeks"), plan),
        doors.guarded(f"{_TEAM}/new", at("plan_pages", "PlanPages", "new"), plan),
        doors.guarded(f"{_TEAM}/new", at("plan_pages", "PlanPages", "add"), plan, "POST"),
        doors.guarded(_VISIT, at("visit_pages", "VisitPages", "one"), plan),
        *deeds(_VISIT, "visit_pages", "VisitPages", of_visit, plan),
        doors.guarded(f"{_VISIT}/offer", at("offer_pages", "OfferPages", "make"), plan, "POST"),
        *deeds(_OFFER, "offer_pages", "OfferPages", {"withdraw": "withdraw", "report": "report", "reopen": "reopen"}, plan),
        doors.guarded(_AGREEMENTS, at("agreement_pages", "AgreementPages", "all"), plan),
        doors.guarded(f"{_AGREEMENTS}/new", at("agreement_pages", "AgreementPages", "new"), change),
        doors.guarded(f"{_AGREEMENTS}/new", at("agreement_pages", "AgreementPages", "add"), change, "POST"),
        doors.guarded(_AGREEMENT, at("agreement_pages", "AgreementPages", "one"), plan),
        doors.guarded(f"{_AGREEMENT}/change", at("agreement_pages", "AgreementPages", "other"), change),
        doors.guarded(f"{_AGREEMENT}/change", at("agreement_pages", "AgreementPages", "change"), change, "POST"),
        doors.guarded(f"{_AGREEMENT}/end", at("agreement_pages", "AgreementPages", "end"), change, "POST"),
        doors.guarded(f"{_TEAM}/year", at("year_pages", "YearPages", "page"), plan),
        doors.guarded(f"{_TEAM}/year.csv", at("year_pages", "YearPages", "table"), plan),
        doors.open("/presence/offer/{token}", link("offer")),
        doors.open("/presence/offer/{token}", link("answer"), "POST"),
        doors.open("/presence/report/{token}", link("report")),
        doors.open("/presence/report/{token}", link("reported"), "POST"),
        doors.open("/calendar/{token}.ics", link("calendar")),
        doors.open("/presence/calendar/{token}.ics", link("calendar")),  # as addresses were made at first
    ]
