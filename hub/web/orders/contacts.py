"""Somebody asks to be reached: staff write down how, open it when they reach out, and erase it when that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.cases.contacts import Asking, ContactRequest, Contacts
from hub.errors import RejectedError
from hub.web.consents.showing import day
from hub.web.forms import field
from hub.web.language import mark
from hub.web.orders.pages import no_orders
from hub.web.orders.titles import AMISS, ASKING, DONE
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["ContactPages"]

_EMPTY: Final[Mapping[str, str]] = {}


class ContactPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    @property
    def _contacts(self) -> Contacts:
        return self._web.orders.contacts

    def listed(self, request: Request, principal: Principal) -> Response:
        """Who waits, without how they are reached, and the form."""
        return no_orders(self._web, self._renderer, request) or self._list(request, principal)

    def receive(self, request: Request, principal: Principal) -> Response:
        """Keep a way of contact, or show the form again with what is wrong."""
        none = no_orders(self._web, self._renderer, request)
        if none is not None:
            return none
        team = request.path_params["team"]
        try:
            self._contacts.receive(
                team, _asking(request), field(request, "way"),
                record=lambda number: self._web.audit.append(self._entry(principal, team, Logged.CONTACT_REGISTERED, number)),
            )  # fmt: skip
        except RejectedError as error:
            name, told = AMISS[error.code]
            return self._list(request, principal, wrong={name: self._renderer.words(request).text(told)}, status=400)
        return RedirectResponse(f"/team/{team}/contacts?done=contact", status_code=303)

    def opened(self, request: Request, principal: Principal) -> Response:
        """How one is reached: an act, in the log before it is shown."""
        none = no_orders(self._web, self._renderer, request)
        if none is not None:
            return none
        team, number = request.path_params["team"], field(request, "contact")[:36]
        try:
            with self._web.audit.recorded(self._entry(principal, team, Logged.CONTACT_OPENED, number)):
                found = self._contacts.open(number, team)
        except RejectedError:
            return self._gone(request)
        return self._list(request, principal, opened=found)

    def done(self, request: Request, principal: Principal) -> Response:
        """It was used, or is not wanted any more: it is erased."""
        none = no_orders(self._web, self._renderer, request)
        if none is not None:
            return none
        team, number = request.path_params["team"], field(request, "contact")[:36]
        entry = self._entry(principal, team, Logged.CONTACT_CLOSED, number)
        try:
            self._contacts.done(number, team, record=lambda: self._web.audit.append(entry))
        except RejectedError:
            return self._gone(request)
        return RedirectResponse(f"/team/{team}/contacts?done=contact-done", status_code=303)

    def _list(
        self,
        request: Request,
        principal: Principal,
        *,
        wrong: Mapping[str, str] = _EMPTY,
        opened: tuple[ContactRequest, str] | None = None,
        status: int = 200,
    ) -> Response:
        team, words, now = request.path_params["team"], self._renderer.words(request), self._web.clock.now()
        rows = [
            (
                one.contact_id,
                words.text(ASKING[one.asking]),
                moment(one.received_at, words, now),
                day(one.until, words, until=True),
            )
            for one in self._contacts.of_team(team)
        ]
        done = DONE.get(request.query_params.get("done", ""), "") if status == 200 else ""
        way = (
            words.text(mark("It cannot be read any more. Erase it.")) if opened and not opened[1] else opened[1] if opened else ""
        )
        here = f"/team/{team}/contacts"
        return self._renderer.page(
            request, "orders/contacts.html", principal, status=status, current_team=team, team=self._web.teams[team].title,
            rows=rows, shown=opened[0].contact_id if opened else "", way=way, wrong=wrong, here=here, section=here, path=here,
            done=words.text(done) if done else "", kept_days=self._web.orders.kept_days,
            asking=[{"value": one.value, "label": words.text(ASKING[one]), "hint": ""} for one in Asking],
            typed={name: field(request, name)[:200] if wrong else "" for name in ("asking", "way")},
            errors=[{"field": name, "text": text} for name, text in wrong.items()],
        )  # fmt: skip

    def _gone(self, request: Request) -> Response:
        text = mark("There is no such request any more: it was erased, or its days are over.")
        return self._renderer.message(request, mark("No such request"), text, 404)

    @staticmethod
    def _entry(principal: Principal, team: str, logged: Logged, number: str) -> Entry:
        item = Subject(SubjectKind.CONTACT, number) if number else None
        return Entry(actor_of(principal, Action.CONTACT_WORK, team), logged, item=item)


def _asking(request: Request) -> Asking:
    """Raises RejectedError `no_asking`."""
    asking = next((one for one in Asking if one.value == field(request, "asking")), None)
    if asking is None:
        raise RejectedError("asking: none of the list", code="no_asking")
    return asking
