"""What is open to everybody: signing in, and the choice of language. Signing out belongs beside it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.errors import RejectedError
from hub.web.language import LANGUAGES, mark
from hub.web.principal import COOKIE, SESSION_SECONDS
from hub.web.rendering import LANGUAGE_COOKIE, Renderer, Web

__all__ = ["Entrance"]

_FORM_BYTES = 4096
_YEAR_SECONDS = 365 * 86400


class Entrance:
    """Lets people in.

    A code comes in an address (a click on what `hub web-login` printed) or from the form; either way the browser is led on at
    once to an address without it.
    """

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer
        self._secure = urlsplit(web.url).scheme == "https"

    async def sign_in(self, request: Request) -> Response:
        """A code for a session's cookie."""
        code = await _posted_code(request) if request.method == "POST" else request.query_params.get("code", "")
        if not code:
            return self._renderer.message(request, mark("Sign in"), mark("Get a sign-in code with: hub web-login"), 200)
        try:
            cookie = self._web.sessions.sign_in(code.strip())
        except RejectedError:
            text = mark("That code has been used or is too old. Get a new one with: hub web-login")
            return self._renderer.message(request, mark("Sign in"), text, 401)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=self._secure)
        return answer

    def sign_out(self, request: Request, principal: Principal) -> Response:
        """Ends the session, not only its cookie."""
        del principal
        self._web.sessions.sign_out(request.cookies.get(COOKIE))
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=self._secure)
        return answer

    def language(self, request: Request) -> Response:
        """Remembers a language and leads back: to a path of ours only, never a way to send somebody elsewhere."""
        back = request.query_params.get("back", "/")
        ours = back.startswith("/") and "//" not in back and "\\" not in back and back.isprintable()
        answer = RedirectResponse(back if ours else "/", status_code=303)
        chosen = request.path_params["language"]
        if chosen in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=self._secure)
        return answer


async def _posted_code(request: Request) -> str:
    """The form's code; empty when the form is longer than any form of ours."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _FORM_BYTES:
            return ""
    return parse_qs(body.decode("ascii", errors="replace")).get("code", [""])[0]
