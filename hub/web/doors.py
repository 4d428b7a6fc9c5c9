"""The only ways to make a route: open to everybody, or for those whose role permits the action that the route names.

A route without an action cannot be made by accident; a test goes through all of them with every role.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.roles import Action, Principal, may, may_somewhere
from hub.web.language import mark
from hub.web.principal import COOKIE
from hub.web.rendering import Renderer, Web

__all__ = ["OPEN", "Door", "Doors"]

OPEN: Final = "open"
_View = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


class Door(Route):
    """A route and the action that it asks for; `OPEN`: everybody, signed in or not."""

    def __init__(self, path: str, view: _View, action: Action | Literal["open"], methods: tuple[str, ...]) -> None:
        super().__init__(path, view, methods=methods or ("GET",))
        # Starlette adds HEAD to GET: a HEAD would open a task, or use up a code, without anybody seeing it.
        self.methods = set(methods or ("GET",))
        self.action = action


class Doors:
    """Makes the routes of one application."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def open(self, path: str, view: _View, *methods: str) -> Door:
        """For everybody: signing in, the choice of language."""
        return Door(path, view, OPEN, methods)

    def guarded(self, path: str, view: Callable[[Request, Principal], Response], action: Action, *methods: str) -> Door:
        """For those who may do `action`: for the path's `{team}` when it has one, else for anything at all.

        In the second case the view itself asks `may` for what it shows. Views are plain functions: the application runs them
        in threads, so that a slow database holds up nobody else.
        """

        def guard(request: Request) -> Response:
            principal = self._web.sessions.principal(request.cookies.get(COOKIE))
            if principal is None:
                text = mark("These pages are for those who work with the tasks. Get a sign-in code with: hub web-login")
                return self._renderer.message(request, mark("Sign in"), text, 401)
            return self._refusal(request, principal, action) or view(request, principal)

        return Door(path, guard, action, methods)

    def _refusal(self, request: Request, principal: Principal, action: Action) -> Response | None:
        team = request.path_params.get("team")
        if team is None:
            if may_somewhere(principal, action):
                return None
            text = mark("Your role does not include this. Whoever gives out the roles can change that.")
            return self._renderer.message(request, mark("Not for you"), text, 403)
        if team not in self._web.teams:
            return self._renderer.message(request, mark("No such page"), mark("There is no such team."), 404)
        if may(principal, action, team):
            return None
        title = self._web.teams[team].title
        return self._renderer.message(request, mark("Not for you"), mark("This belongs to {team}."), 403, team=title)
