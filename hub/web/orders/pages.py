"""Orders without a person: the list with the form of a new one, and one order with what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.cases.ordering import TABLE, Order, OrderMove, OrderOutcome, Service
from hub.cases.orders import KeptOrder, Orders
from hub.clock import stockholm_date
from hub.errors import RejectedError
from hub.web.consents.showing import day
from hub.web.forms import field
from hub.web.language import Words, mark
from hub.web.orders.titles import AMISS, DONE, OUTCOMES, REFUSED, SERVICES, STATES
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["OrderPages", "no_orders"]

_TYPED: Final = ("service", "ordered_by", "place", "theme", "day", "time", "outcome", "people")
_EMPTY: Final[Mapping[str, str]] = {}
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def no_orders(web: Web, renderer: Renderer, request: Request) -> Response | None:
    """A page that says that this team takes none; None where it does."""
    team = web.office.teams.get(request.path_params["team"])
    if team is not None and team.takes_orders:
        return None
    text = mark("This team takes no orders: it has no function for them in teams.yaml.")
    return renderer.message(request, mark("No such page"), text, 404)


class OrderPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    @property
    def _orders(self) -> Orders:
        return self._web.orders.orders

    def listed(self, request: Request, principal: Principal) -> Response:
        """Open orders by their day, and the form; `?ended=1`: those that have ended."""
        return no_orders(self._web, self._renderer, request) or self._list(request, principal)

    def receive(self, request: Request, principal: Principal) -> Response:
        """Keep a new one, or show the form again with what is wrong."""
        none = no_orders(self._web, self._renderer, request)
        if none is not None:
            return none
        team = request.path_params["team"]
        entry = Entry(actor_of(principal, Action.ORDER_WORK, team), Logged.ORDER_CHANGED, purpose="received")
        try:
            self._orders.receive(team, _order(request), record=lambda: self._web.audit.append(entry))
        except RejectedError as error:
            name, told = AMISS[error.code]
            return self._list(request, principal, wrong={name: self._renderer.words(request).text(told)}, status=400)
        return RedirectResponse(f"/team/{team}/orders?done=received", status_code=303)

    def one(self, request: Request, principal: Principal) -> Response:
        """One order."""
        return no_orders(self._web, self._renderer, request) or self._one(request, principal)

    def move(self, request: Request, principal: Principal) -> Response:
        """Do one thing with it."""
        none = no_orders(self._web, self._renderer, request)
        if none is not None:
            return none
        team, number = request.path_params["team"], str(request.path_params["order"])
        move = next((one for one in OrderMove if one.value == field(request, "move")), None)
        if move is None:
            return self._one(request, principal, alert=REFUSED["illegal_move"], status=409)
        item = Subject(SubjectKind.ORDER, number)
        entry = Entry(actor_of(principal, Action.ORDER_WORK, team), Logged.ORDER_CHANGED, item=item, purpose=move.value)
        outcome = next((one for one in OrderOutcome if one.value == field(request, "outcome")), None)
        try:
            self._orders.move(
                number, team, move, seen=_number(request, "version", -1) or 0, outcome=outcome, people=_number(request, "people"),
                record=lambda: self._web.audit.append(entry),
            )  # fmt: skip
        except RejectedError as error:
            name, told = AMISS.get(error.code, ("", ""))
            wrong = {name: self._renderer.words(request).text(told)} if told else _EMPTY
            return self._one(
                request, principal, wrong=wrong, alert=REFUSED.get(error.code, ""), status=400 if told else 409
            )  # fmt: skip
        return RedirectResponse(f"/team/{team}/order/{number}?done={move.value}", status_code=303)

    def _list(self, request: Request, principal: Principal, *, wrong: Mapping[str, str] = _EMPTY, status: int = 200) -> Response:
        team, ended = request.path_params["team"], request.query_params.get("ended") == "1"
        words, here = self._renderer.words(request), f"/team/{team}/orders"
        rows = [self._row(one, words) for one in self._orders.of_team(team, ended=ended)]
        return self._page(
            request, "list", principal, status=status, wrong=wrong, rows=rows, ended=ended, section=here,
            here=f"{here}?ended=1" if ended else here, services=[(one.value, words.text(SERVICES[one])) for one in Service],
        )  # fmt: skip

    def _one(
        self,
        request: Request,
        principal: Principal,
        *,
        wrong: Mapping[str, str] = _EMPTY,
        alert: str = "",
        status: int = 200,
    ) -> Response:
        team, number = request.path_params["team"], str(request.path_params["order"])
        words = self._renderer.words(request)
        try:
            kept = self._orders.read(number, team)
        except RejectedError:
            text = mark("There is no order of that number for this team.")
            return self._renderer.message(request, mark("No such order"), text, 404)
        return self._page(
            request, "order", principal, status=status, wrong=wrong, alert=words.text(alert) if alert else "",
            row=self._row(kept, words), can={move.value for move in TABLE[kept.state]}, here=f"/team/{team}/order/{number}",
            outcomes=[{"value": one.value, "label": words.text(OUTCOMES[one]), "hint": ""} for one in OrderOutcome],
        )  # fmt: skip

    def _row(self, kept: KeptOrder, words: Words) -> dict[str, Any]:
        now, order = self._web.clock.now(), kept.order
        return {
            "number": kept.order_id, "service": words.text(SERVICES[order.service]), "ordered_by": order.ordered_by,
            "place": order.place, "theme": order.theme, "day": day(order.day, words), "time": order.time,
            "state": words.text(STATES[kept.state]), "late": kept.is_late(stockholm_date(now)), "version": kept.version,
            "outcome": words.text(OUTCOMES[kept.outcome]) if kept.outcome else "", "people": kept.people,
            "received": moment(kept.received_at, words, now),
        }  # fmt: skip

    def _page(
        self, request: Request, name: str, principal: Principal, *, status: int, wrong: Mapping[str, str], **values: Any
    ) -> Response:
        team, words = request.path_params["team"], self._renderer.words(request)
        done = DONE.get(request.query_params.get("done", ""), "") if status == 200 else ""
        posted = request.method == "POST"
        return self._renderer.page(
            request, f"orders/{name}.html", principal, status=status, current_team=team, team=self._web.teams[team].title,
            wrong=wrong, errors=[{"field": one, "text": text} for one, text in wrong.items()],
            done=words.text(done) if done else "", path=f"/team/{team}/orders",
            typed={one: field(request, one)[:300] for one in _TYPED} if posted else dict.fromkeys(_TYPED, ""), **values,
        )  # fmt: skip


def _order(request: Request) -> Order:
    """Raises RejectedError `no_service`, `bad_date`."""
    service = next((one for one in Service if one.value == field(request, "service")), None)
    if service is None:
        raise RejectedError("service: none of the list", code="no_service")
    try:
        when = date.fromisoformat(field(request, "day"))
    except ValueError:
        raise RejectedError("day: no date (2025-05-19)", code="bad_date") from None
    ordered_by, place, theme = (field(request, one) for one in ("ordered_by", "place", "theme"))
    return Order(service, ordered_by, place, theme, when, _time(request))


def _time(request: Request) -> str:
    """A time of day as the browser sends it; empty for anything else: it is wished for, not needed."""
    sent = field(request, "time")
    return sent if _TIME.fullmatch(sent) else ""


def _number(request: Request, name: str, otherwise: int | None = None) -> int | None:
    sent = field(request, name)
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else otherwise
