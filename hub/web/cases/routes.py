"""The doors of the pages of cases. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.rendering import Renderer, Web

__all__ = ["case_doors"]

_CASES: Final = "/team/{team}/cases"
_CASE: Final = "/team/{team}/case/{case:uuid}"
_DEEDS: Final = ("invite", "plan", "cancel", "hold", "commit", "settle", "weigh", "close")


def case_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""

    def at(place: str, name: str) -> Callable[[Request, Principal], Response]:
        module, _, kind = place.partition(":")

        def view(request: Request, principal: Principal) -> Response:
            pages = getattr(import_module(f"hub.web.cases.{module}"), kind)(web, renderer)
            return cast("Response", getattr(pages, name)(request, principal))

        return view

    read, work = Action.CASE_READ, Action.CASE_WORK
    deeds = "deeds:CaseDeeds"
    return [
        doors.guarded(_CASES, at("pages:CasePages", "listed"), read),
        doors.guarded(_CASES, at("opening:CaseOpening", "open"), work, "POST"),
        doors.guarded(f"{_CASES}/new", at("opening:CaseOpening", "new"), work),
        doors.guarded(f"{_CASES}/outcomes", at("pages:CasePages", "outcomes"), read),
        doors.guarded(_CASE, at("pages:CasePages", "one"), read),
        doors.guarded(f"{_CASE}/summons/{{meeting:int}}", at("pages:CasePages", "summons"), read),
        doors.guarded(f"{_CASE}/agenda/{{meeting:int}}", at("pages:CasePages", "agenda"), read),
        doors.guarded(f"{_CASE}/concern", at("pages:CasePages", "concern"), read),
        *(doors.guarded(f"{_CASE}/{name}", at(deeds, name), work, "POST") for name in _DEEDS),
        doors.guarded(f"{_CASE}/identity", at(deeds, "identity"), Action.IDENTITY_IN_TASK, "POST"),
    ]
