"""What is open to everybody: signing in by code or by account, and the choice of language. Signing out belongs beside it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.access.trail import UNKNOWN, account_entry, note_sign_out
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome
from hub.errors import RejectedError
from hub.web.forms import field
from hub.web.language import LANGUAGES, mark
from hub.web.paths import own_path
from hub.web.rendering import KEYS_COOKIE, LANGUAGE_COOKIE, Renderer, Web

__all__ = ["PASSWORD_TEXTS", "Entrance", "address_of"]

_YEAR_SECONDS = 365 * 86400
# What is said of a password that is to be chosen, by the refusal's code.
PASSWORD_TEXTS = {
    "short_password": mark("Choose a longer password: at least twelve characters."),
    "long_password": mark("Choose a shorter password: at most 256 characters."),
    "common_password": mark("That password is too easily guessed. Take four or five words that do not belong together."),
    "same_password": mark("Choose another password than the one you have."),
}


def address_of(request: Request) -> str:
    """Where the request comes from, for counting attempts only; behind a proxy on this machine what the proxy says."""
    return request.client.host if request.client else "unknown"


class Entrance:
    """Lets people in.

    A code comes in an address (a click on what `hub web-login` printed) or from the form; either way the browser is led on at
    once to an address without it. What is wrong with a name or a password is told to nobody.
    """

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._login = web.login
        self._renderer = renderer
        self._visitors = renderer.visitors

    def sign_in(self, request: Request) -> Response:
        """By code, or by name and password."""
        if request.method == "POST":
            if field(request, "username"):
                return self._with_password(request)
            return self._with_code(request, field(request, "code"))
        code = request.query_params.get("code", "")
        return self._with_code(request, code) if code else self._renderer.entrance(request)

    def choose_password(self, request: Request) -> Response:
        """A password of one's own in place of the first one, and in."""
        name, current, chosen = (field(request, part) for part in ("username", "current", "chosen"))
        if self._login.accounts is None:
            return self._renderer.entrance(request, status=404)
        try:
            known = self._visitors.known(request)
            principal = self._login.accounts.choose(name, current, chosen, address_of(request), known)
        except RejectedError as error:
            if error.code in PASSWORD_TEXTS:
                return self._renderer.entrance(request, text=PASSWORD_TEXTS[error.code], status=400, choosing=name)
            return self._refused(request, error)
        return self._welcome(request, principal, self._login.accounts.known_browser(name))

    def sign_out(self, request: Request, principal: Principal) -> Response:
        """Ends the session, not only its cookie; who came from an identity provider is told how to leave there too."""
        token = self._visitors.token(request)
        way = self._login.sessions.way(token)
        self._login.sessions.end(token)
        note_sign_out(self._login.trail, principal.account)
        if self._login.provider is None or way != "oidc":
            return self._visitors.farewell()
        return self._visitors.farewell("/sign-out/provider")

    def language(self, request: Request) -> Response:
        """Remembers a language and leads back: to a path of ours only, never a way to send somebody elsewhere."""
        answer = RedirectResponse(own_path(request.query_params.get("back", "/")), status_code=303)
        chosen = request.path_params["language"]
        if chosen in LANGUAGES:
            secure = self._visitors.secure
            answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=secure)
        return answer

    def keys(self, request: Request) -> Response:
        """Remembers whether single letters are shortcuts, and leads back as a change of language does."""
        answer = RedirectResponse(own_path(request.query_params.get("back", "/")), status_code=303)
        if request.path_params["state"] in {"on", "off"}:
            state, secure = request.path_params["state"], self._visitors.secure
            answer.set_cookie(KEYS_COOKIE, state, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=secure)
        return answer

    def _with_code(self, request: Request, code: str) -> Response:
        if not code or self._login.codes is None:
            return self._renderer.entrance(request)
        try:
            principal = self._login.codes.redeem(code.strip())
        except RejectedError as error:
            refusal = Entry(UNKNOWN, Logged.SIGN_IN_REFUSED, purpose="code", outcome=Outcome.DENY, rule=error.code)
            self._login.trail.append(refusal)
            text = mark("That code has been used or is too old. Get a new one with: hub web-login")
            return self._renderer.entrance(request, text=text, status=401)
        self._login.trail.append(account_entry(Logged.SIGN_IN, principal.account, purpose="code"))
        onward = own_path(field(request, "next")) if request.method == "POST" else "/"
        return self._visitors.welcome(request, principal, "code", onward)

    def _with_password(self, request: Request) -> Response:
        if self._login.accounts is None:
            return self._renderer.entrance(request, status=404)
        name = field(request, "username")
        try:
            known = self._visitors.known(request)
            principal = self._login.accounts.authenticate(name, field(request, "password"), address_of(request), known)
        except RejectedError as error:
            if error.code == "choose_password":
                text = mark("Your password was chosen by somebody else. Choose one of your own, then you are in.")
                return self._renderer.entrance(request, text=text, choosing=name)
            return self._refused(request, error)
        return self._welcome(request, principal, self._login.accounts.known_browser(name))

    def _welcome(self, request: Request, principal: Principal, browser: str) -> Response:
        answer = self._visitors.welcome(request, principal, "local", own_path(field(request, "next")))
        return self._visitors.remember(answer, browser)

    def _refused(self, request: Request, error: RejectedError) -> Response:
        if error.code == "wait":
            text = mark("Too many attempts. Wait a quarter of an hour, then try again.")
            return self._renderer.entrance(request, text=text, status=429)
        text = mark("The user name or the password is wrong, or the account is shut.")
        return self._renderer.entrance(request, text=text, status=401)
