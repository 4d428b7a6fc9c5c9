"""How it is known who looks at a page: a random number in a cookie, which stands for a session kept on this side."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.accounts import Accounts
from hub.access.browsers import KNOWN_DAYS
from hub.access.codes import Codes
from hub.access.roles import Principal
from hub.access.sessions import Sessions, Way
from hub.access.trail import Trail

__all__ = ["BROWSER_COOKIE", "COOKIE", "FORM_COOKIE", "LIVE", "Arrival", "Journey", "Login", "Provider", "Visitors", "by_itself"]

COOKIE = "hub_session"
FORM_COOKIE = "hub_form"  # what a form's token is bound to before anybody has signed in
BROWSER_COOKIE = "hub_browser"  # that an account signed in here before: it opens nothing (`hub.access.browsers`)
LIVE = "hub-live"  # header, or part of the address, of what a page asks for by itself: no use of the session by anybody
_FORM_BYTES = 32
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody back from the provider: who, where she wanted to go, and what the provider calls its session of hers.

    `again`: she was signed in, and the provider was asked, unseen, whether she still is what she was; the mark of the session
    that this was for. She did nothing to come in: such an arrival begins no session.
    """

    principal: Principal
    onward: str
    provider_session: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """Somebody on the way to the provider: the address there, the state that she comes back with, and what her cookie holds."""

    address: str
    state: str
    cookie: str


class Provider(Protocol):
    """An identity provider, as `hub.web.oidc.OidcProvider` is one."""

    def begin(self, onward: str, *, again: str = "") -> Journey:
        """Send somebody away; `again`: the mark of her session, and nobody is to be asked anything."""
        ...

    def finish(self, answer: Mapping[str, str], cookie: str | None) -> Arrival:
        """Who came back, and where they wanted to go."""
        ...

    def signed_out(self, token: str) -> tuple[str, str]:
        """Whose sessions the provider has ended: the account, and the provider's own session; one of them may be empty."""
        ...

    def sign_out_address(self) -> str | None:
        """Where to end the session at the provider too."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """The ways in: `codes` and `accounts` are None where the installation permits none of its own, `provider` where it has none.

    What `trail` cannot take does not happen: RetriableError `audit` becomes the page for what cannot be shown just now.
    """

    sessions: Sessions
    trail: Trail
    codes: Codes | None = None
    accounts: Accounts | None = None
    provider: Provider | None = None


class Visitors:
    """Reads and writes the cookie. With https its name binds it to this very host, and it travels over nothing else."""

    def __init__(self, sessions: Sessions, url: str) -> None:
        self._sessions = sessions
        self.secure = urlsplit(url).scheme == "https"
        self.cookie = f"__Host-{COOKIE}" if self.secure else COOKIE
        self.browser_cookie = f"__Host-{BROWSER_COOKIE}" if self.secure else BROWSER_COOKIE
        self.form_cookie = f"__Host-{FORM_COOKIE}" if self.secure else FORM_COOKIE

    def token(self, request: Request) -> str | None:
        """What the visitor's cookie holds."""
        return request.cookies.get(self.cookie)

    def known(self, request: Request) -> str:
        """What the visitor's browser says of who signed in there before."""
        return request.cookies.get(self.browser_cookie, "")

    def remember(self, answer: Response, browser: str) -> Response:
        """Let the browser say so from now on."""
        answer.set_cookie(
            self.browser_cookie, browser, max_age=KNOWN_DAYS * 86400, path="/", httponly=True, samesite="lax", secure=self.secure
        )
        return answer

    def form_secret(self, request: Request) -> str:
        """What the tokens of this browser's forms are bound to: its session, else a cookie of its own; or nothing."""
        made: str = getattr(request.state, "form_secret", "")
        return self.token(request) or request.cookies.get(self.form_cookie) or made

    def new_form_secret(self, request: Request) -> str:
        """The same for a page that is to hold a form: made when there is none, and handed out by `remember_form`."""
        if not self.form_secret(request):
            request.state.form_secret = secrets.token_urlsafe(_FORM_BYTES)
        return self.form_secret(request)

    def remember_form(self, request: Request, answer: Response) -> None:
        """Give the browser the cookie that the forms of this answer are bound to, when it is new."""
        made: str = getattr(request.state, "form_secret", "")
        if made:
            answer.set_cookie(self.form_cookie, made, path="/", httponly=True, samesite="lax", secure=self.secure)

    def principal(self, request: Request) -> Principal | None:
        """Who asks; looked up once per request."""
        if not hasattr(request.state, "principal"):
            request.state.principal = self._sessions.principal(self.token(request), noted=not by_itself(request))
        found: Principal | None = request.state.principal
        return found

    def welcome(self, request: Request, principal: Principal, way: Way, to: str = "/", *, provider_session: str = "") -> Response:
        """Begin a session, in place of whichever the visitor had, and lead on."""
        token = self._sessions.begin(
            principal, way, _browser(request), instead_of=self.token(request), provider_session=provider_session
        )
        answer = RedirectResponse(to, status_code=303)
        seconds = int(self._sessions.longest.total_seconds())
        answer.set_cookie(self.cookie, token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=self.secure)
        return answer

    def farewell(self, to: str = "/") -> Response:
        """Take the cookie back and lead on."""
        answer = RedirectResponse(to, status_code=303)
        answer.delete_cookie(self.cookie, path="/", httponly=True, samesite="lax", secure=self.secure)
        return answer


def by_itself(request: Request) -> bool:
    """Whether a page asks, and not somebody who looks at it; a stream can send no header, so its address says so."""
    return LIVE in request.headers or LIVE in request.query_params


def _browser(request: Request) -> str:
    """Which browser it is in two words, for the list of one's own sessions; nothing by which a person could be traced."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if re.search(mark, agent)), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(filter(None, (browser, "Mac" if system == "Macintosh" else system)))
