"""The doors of the statutory officer's pages. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.rendering import Renderer, Web

__all__ = ["notice_doors"]


def notice_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""

    def at(name: str) -> Callable[[Request, Principal], Response]:
        def view(request: Request, principal: Principal) -> Response:
            notices = import_module("hub.web.notices.pages").Notices(web, renderer)
            return cast("Response", getattr(notices, name)(request, principal))

        return view

    code = Action.NOTICE_CODE
    return [
        doors.guarded("/notices", at("listed"), code),
        doors.guarded("/notices/{notice}", at("one"), code),
        doors.guarded("/notices/{notice}", at("opened"), code, "POST"),
        doors.guarded("/notices/{notice}/code", at("code"), code, "POST"),
        doors.guarded("/notices/{notice}/dismiss", at("dismiss"), code, "POST"),
        doors.guarded("/notices/{notice}/undo", at("undo"), code, "POST"),
    ]
