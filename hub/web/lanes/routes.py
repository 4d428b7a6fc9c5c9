"""The doors of the statutory and the manual lane's pages. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.rendering import Renderer, Web

__all__ = ["lane_doors"]


def lane_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""

    def at(pages: str, name: str) -> Callable[[Request, Principal], Response]:
        def view(request: Request, principal: Principal) -> Response:
            made = getattr(import_module("hub.web.lanes.pages"), pages)(web, renderer)
            return cast("Response", getattr(made, name)(request, principal))

        return view

    made = []
    for path, pages, action in (
        ("/reports", "ReportPages", Action.STATUTORY_READ),
        ("/protected", "CasePages", Action.PROTECTED_READ),
    ):
        made += [
            doors.guarded(path, at(pages, "listed"), action),
            doors.guarded(f"{path}/{{entry}}", at(pages, "one"), action),
            doors.guarded(f"{path}/{{entry}}", at(pages, "opened"), action, "POST"),
            doors.guarded(f"{path}/{{entry}}/done", at(pages, "done"), action, "POST"),
        ]
    return [*made, doors.guarded("/reports/{entry}/correct", at("ReportPages", "correct"), Action.STATUTORY_READ, "POST")]
