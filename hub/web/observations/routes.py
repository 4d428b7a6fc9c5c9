"""The doors of the observation form. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.observations.form import KeptForms
from hub.web.rendering import Renderer, Web

__all__ = ["observation_doors"]


def observation_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""
    kept = KeptForms()

    def at(name: str) -> Callable[[Request, Principal], Response]:
        def view(request: Request, principal: Principal) -> Response:
            pages = import_module("hub.web.observations.pages").Observations(web, renderer, kept)
            return cast("Response", getattr(pages, name)(request, principal))

        return view

    report = Action.OBSERVATION_REPORT
    return [
        doors.guarded("/observations", at("question"), report),
        doors.guarded("/observations", at("answered"), report, "POST"),
        doors.guarded("/observations/harm", at("harm"), report),
        doors.guarded("/observations/sent", at("sent"), report),
        doors.guarded("/observations/form/{said}", at("form"), report),
        doors.guarded("/observations/form/{said}", at("send"), report, "POST"),
    ]
