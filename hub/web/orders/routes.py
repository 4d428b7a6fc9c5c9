"""The doors of the pages of orders and contact requests. What a page needs is loaded when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.web.doors import Door, Doors
from hub.web.rendering import Renderer, Web

__all__ = ["order_doors"]

_ORDERS: Final = "/team/{team}/orders"
_ORDER: Final = "/team/{team}/order/{order:uuid}"
_CONTACTS: Final = "/team/{team}/contacts"


def order_doors(doors: Doors, web: Web, renderer: Renderer) -> list[Door]:
    """Every route."""

    def at(module: str, kind: str, name: str) -> Callable[[Request, Principal], Response]:
        def view(request: Request, principal: Principal) -> Response:
            pages = getattr(import_module(f"hub.web.orders.{module}"), kind)(web, renderer)
            return cast("Response", getattr(pages, name)(request, principal))

        return view

    def order(name: str) -> Callable[[Request, Principal], Response]:
        return at("pages", "OrderPages", name)

    def contact(name: str) -> Callable[[Request, Principal], Response]:
        return at("contacts", "ContactPages", name)

    return [
        doors.guarded(_ORDERS, order("listed"), Action.ORDER_WORK),
        doors.guarded(_ORDERS, order("receive"), Action.ORDER_WORK, "POST"),
        doors.guarded(_ORDER, order("one"), Action.ORDER_WORK),
        doors.guarded(_ORDER, order("move"), Action.ORDER_WORK, "POST"),
        doors.guarded(_CONTACTS, contact("listed"), Action.CONTACT_WORK),
        doors.guarded(_CONTACTS, contact("receive"), Action.CONTACT_WORK, "POST"),
        doors.guarded(f"{_CONTACTS}/open", contact("opened"), Action.CONTACT_WORK, "POST"),
        doors.guarded(f"{_CONTACTS}/done", contact("done"), Action.CONTACT_WORK, "POST"),
    ]
