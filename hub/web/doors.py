"""The only ways to make a route: open to everybody, or for those whose role permits the action that the route names.

A route without an action cannot be made by accident; a test goes through all of them with every role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.roles import Action, Principal, may, may_somewhere
from hub.access.trail import refusal_entry
from hub.beats import Beats
from hub.web.form_tokens import FIELD, is_genuine
from hub.web.forms import field, read_form
from hub.web.language import mark
from hub.web.rendering import Renderer, Web
from hub.web.turned_away import TurnedAway

__all__ = ["OPEN", "Door", "Doors"]

OPEN: Final = "open"
_View = Callable[[Request], Response]
_Timed = Callable[[Request], bool]


class Door(Route):
    """A route and the action that it asks for; `OPEN`: everybody, signed in or not.

    Views are plain functions and run in threads, so that a slow database holds up nobody else; a form is read before.
    What `beats` are given for is answered at those, whatever comes of it.
    """

    def __init__(
        self,
        path: str,
        view: _View,
        action: Action | Literal["open"],
        methods: tuple[str, ...],
        beats: tuple[Beats, _Timed] | None = None,
    ) -> None:
        async def entered(request: Request) -> Response:
            if request.method == "POST":
                await read_form(request)
            if beats is not None and beats[1](request):
                return await beats[0].answer(lambda: view(request))
            return await run_in_threadpool(view, request)

        super().__init__(path, entered, methods=methods or ("GET",))
        # Starlette adds HEAD to GET: a HEAD would open a task, or use up a code, without anybody seeing it.
        self.methods = set(methods or ("GET",))
        self.action = action


class Doors:
    """Makes the routes of one application."""

    def __init__(
        self, web: Web, renderer: Renderer, again: Callable[[Request], Response | None], turned_away: TurnedAway
    ) -> None:
        """`again` leads a visitor to the provider when it is to say anew what she may do."""
        self._web = web
        self._renderer = renderer
        self._again = again
        self._turned_away = turned_away

    def open(self, path: str, view: _View, *methods: str) -> Door:
        """For everybody: signing in, the choice of language."""
        return Door(path, lambda request: self._foreign(request) or view(request), OPEN, methods)

    def machine(self, path: str, view: _View) -> Door:
        """For another system that posts a signed message: no browser, no cookie, no form of ours; the view verifies it."""
        return Door(path, view, OPEN, ("POST",))

    def guarded(
        self,
        path: str,
        view: Callable[[Request, Principal], Response],
        action: Action,
        *methods: str,
        at_beats: _Timed | None = None,
    ) -> Door:
        """For those who may do `action`: for the path's `{team}` when it has one, else for anything at all.

        In the second case the view itself asks `may` for what it shows. A refusal is in the audit log before it is told.
        `at_beats` says of a request whether how long it takes could tell what is told to nobody.
        """

        def guard(request: Request) -> Response:
            if request.method == "GET":  # signing out waits for no log
                self._turned_away.write_due()
            away = self._again(request)
            if away is not None:
                return away
            principal = self._renderer.visitors.principal(request)
            if principal is None:
                text = mark("These pages are for those who work with the tasks. Sign in to see them.")
                return self._renderer.entrance(request, text=text, status=401)
            return self._foreign(request) or self._refusal(request, principal, action) or view(request, principal)

        return Door(path, guard, action, methods, None if at_beats is None else (self._web.beats, at_beats))

    def _foreign(self, request: Request) -> Response | None:
        """The refusal of a form that no page of ours, in this browser and this session, has sent; before anything is done."""
        if request.method == "GET" or is_genuine(self._renderer.visitors.form_secret(request), field(request, FIELD)):
            return None
        self._turned_away.count("form_token")
        text = mark("Nothing was changed: the form was older than your sign-in. Load the page again, then send it again.")
        return self._renderer.message(request, mark("The form has to be loaded again"), text, 403)

    def _refusal(self, request: Request, principal: Principal, action: Action) -> Response | None:
        team = request.path_params.get("team")
        if team is None:
            if may_somewhere(principal, action):
                return None
            self._web.login.trail.append(refusal_entry(principal, action))
            text = mark("Your role does not include this. Whoever gives out the roles can change that.")
            return self._renderer.message(request, mark("Not for you"), text, 403)
        if team not in self._web.teams:
            return self._renderer.message(request, mark("No such page"), mark("There is no such team."), 404)
        if may(principal, action, team):
            return None
        self._web.login.trail.append(refusal_entry(principal, action, team))
        title = self._web.teams[team].title
        return self._renderer.message(request, mark("Not for you"), mark("This belongs to {team}."), 403, team=title)
