"""One's own page: where one is signed in, ending that, and one's password."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.access.trail import note_sign_out
from hub.errors import RejectedError
from hub.web.entrance import PASSWORD_TEXTS, address_of
from hub.web.forms import field
from hub.web.language import mark
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.role_titles import ROLE_TITLES, WAYS

__all__ = ["Me"]


class Me:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._login = web.login
        self._renderer = renderer
        self._visitors = renderer.visitors

    def page(self, request: Request, principal: Principal, *, text: str = "", status: int = 200) -> Response:
        """Roles, each with its teams, open sessions, and a form for another password when the account is one of ours."""
        words = self._renderer.words(request)
        token = self._visitors.token(request)
        now = self._login.sessions.now()
        sessions = [
            (one, words.text(WAYS[one.way]), moment(one.begun_at, words, now), moment(one.seen_at, words, now))
            for one in self._login.sessions.of(principal.account, token)
        ]
        return self._renderer.page(
            request, "me.html", principal, status=status, text=words.text(text) if text else "", sessions=sessions,
            roles=[(words.text(ROLE_TITLES[role]), self._titles(teams)) for role, teams in sorted(principal.roles.items())],
            username=self._username(principal), here="/me",
        )  # fmt: skip

    def end_sessions(self, request: Request, principal: Principal) -> Response:
        """End one session, all others, or all."""
        which, token = field(request, "end"), self._visitors.token(request)
        self._end(principal, which, token)
        note_sign_out(self._login.trail, principal.account)
        return self._visitors.farewell() if which == "all" else RedirectResponse("/me", status_code=303)

    def _end(self, principal: Principal, which: str, token: str | None) -> None:
        if which == "others":
            self._login.sessions.end_all(principal.account, but=token)
        elif which == "all":
            self._login.sessions.end_all(principal.account)
        else:
            self._login.sessions.end_one(principal.account, which)

    def change_password(self, request: Request, principal: Principal) -> Response:
        """Another password, which takes the present one; every other session ends, and this one gets a new number."""
        username = self._username(principal)
        if self._login.accounts is None or not username:
            return self.page(request, principal, text=mark("Your password is not kept here."), status=404)
        current, chosen = field(request, "current"), field(request, "chosen")
        try:
            self._login.accounts.choose(username, current, chosen, address_of(request), self._visitors.known(request))
        except RejectedError as error:
            text = PASSWORD_TEXTS.get(error.code, mark("That is not your present password."))
            if error.code == "wait":
                text = mark("Too many attempts. Wait a quarter of an hour, then try again.")
            return self.page(request, principal, text=text, status=400)
        return self._visitors.welcome(request, principal, "local", "/me")

    def _titles(self, teams: Collection[str]) -> list[str]:
        return [team.title for code, team in self._web.teams.items() if code in teams]

    def _username(self, principal: Principal) -> str:
        accounts = self._login.accounts
        return (accounts.username_of(principal.account) or "") if accounts else ""
