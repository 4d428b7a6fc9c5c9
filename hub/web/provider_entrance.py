"""Signing in by way of an identity provider, and the way back; and leaving there too."""

from __future__ import annotations

import hashlib
import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.trail import UNKNOWN, account_entry, note_sign_out
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome
from hub.errors import RejectedError, RetriableError
from hub.web.forms import field
from hub.web.language import mark
from hub.web.principal import Arrival, Journey, by_itself
from hub.web.rendering import Renderer, Web
from hub.web.turned_away import TurnedAway

__all__ = ["JOURNEY_COOKIE", "ProviderEntrance"]

JOURNEY_COOKIE = "hub_journey"
_JOURNEY_SECONDS = 600
_JOURNEYS = 5  # of one browser at a time, a tab each
_TEXTS = {
    "bad_state": mark("That sign-in was not begun in this browser, or too long ago. Begin again."),
    "declined": mark("Your organisation's sign-in let nobody in. Begin again, or ask whoever gives out the accounts."),
    "weak_sign_in": mark("These pages ask for a stronger way to sign in than the one you used."),
    "unclear_roles": mark("Your roles and units do not say which role is for which unit. Ask whoever gives out the roles."),
    "no_role": mark("You are known, but have no role here yet. Ask whoever gives out the roles."),
}


class ProviderEntrance:
    """Three steps: away, back, and in. A journey's cookie is bound to this host where the pages are reached with https."""

    def __init__(self, web: Web, renderer: Renderer, turned_away: TurnedAway) -> None:
        self._login = web.login
        self._turned_away = turned_away
        self._renderer = renderer
        self._visitors = renderer.visitors
        self._cookie = f"__Host-{JOURNEY_COOKIE}" if self._visitors.secure else JOURNEY_COOKIE

    def begin(self, request: Request) -> Response:
        """To the provider. A link, not a form: the policy lets no form lead elsewhere."""
        if self._login.provider is None:
            return self._renderer.entrance(request, status=404)
        try:
            journey = self._login.provider.begin(request.query_params.get("next", "/"))
        except (RetriableError, RejectedError):
            return self._unreachable(request)
        return self._away(request, journey)

    def again(self, request: Request) -> Response | None:
        """To the provider and back unseen, when it is time that it says anew what the visitor may do; None: go on.

        Only when a page is asked for: a form that was filled in is not lost, and a list that renews itself waits. While the
        provider does not answer the session goes on until its word is too old.
        """
        if self._login.provider is None or request.method != "GET" or by_itself(request):
            return None
        token = self._visitors.token(request)
        if not token or not self._login.sessions.due(token):
            return None
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        try:
            return self._away(request, self._login.provider.begin(wanted, again=_mark(token)))
        except (RetriableError, RejectedError):
            return None

    def _away(self, request: Request, journey: Journey) -> Response:
        answer = RedirectResponse(journey.address, status_code=303)
        for older in self._cookies(request)[: 1 - _JOURNEYS]:  # tabs that were closed on the way
            self._forget(answer, older)
        name, secure = f"{self._cookie}_{int(time.time() * 1000):x}_{_mark(journey.state)}", self._visitors.secure
        answer.set_cookie(name, journey.cookie, max_age=_JOURNEY_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)
        return answer

    def _cookies(self, request: Request) -> list[str]:
        """The names of the cookies of journeys that this browser has begun, the oldest first: a name begins with its time."""
        return sorted(name for name in request.cookies if name.startswith(f"{self._cookie}_"))

    def _cookie_of(self, request: Request) -> str | None:
        """The name of the cookie of the journey that ends here, if this browser has begun it."""
        end = f"_{_mark(request.query_params.get('state', ''))}"
        return next((name for name in self._cookies(request) if name.endswith(end)), None)

    def finish(self, request: Request) -> Response:
        """Back from the provider: in, or told why not."""
        if self._login.provider is None:
            return self._renderer.entrance(request, status=404)
        name = self._cookie_of(request)
        try:
            found = self._login.provider.finish(request.query_params, request.cookies[name] if name else None)
        except RejectedError as error:
            if error.code != "bad_state":  # the provider vouches for nobody in this browser any more
                self._end(request)
            refusal = Entry(UNKNOWN, Logged.SIGN_IN_REFUSED, purpose="oidc", outcome=Outcome.DENY, rule=error.code)
            self._login.trail.append(refusal)
            text = _TEXTS.get(error.code, mark("Your organisation's sign-in could not be verified. Begin again."))
            return self._forget(self._renderer.entrance(request, text=text, status=403), name)
        except RetriableError:
            return self._unreachable(request)
        return self._forget(self._vouched(request, found) if found.again else self._welcome(request, found), name)

    def _vouched(self, request: Request, found: Arrival) -> Response:
        """On with the session that was to be vouched for, with the roles of now; what changes is in the audit log first.

        It begins none: who signed out on the way, or whose session has ended, signs in by an act of her own.
        """
        onward, token = RedirectResponse(found.onward, status_code=303), self._visitors.token(request)
        before = self._login.sessions.holder(token)
        if before is None or _mark(token or "") != found.again:
            return onward
        if before.account != found.principal.account:  # somebody else is signed in at the provider now
            self._login.sessions.end(token)
            return onward
        if before.roles != found.principal.roles:
            self._login.trail.append(account_entry(Logged.ACCOUNT_CHANGED, found.principal.account, purpose="provider_roles"))
        self._login.sessions.vouch(token, found.principal, found.provider_session)
        return onward

    def _welcome(self, request: Request, found: Arrival) -> Response:
        self._login.trail.append(account_entry(Logged.SIGN_IN, found.principal.account, purpose="oidc"))
        onward, session = found.onward, found.provider_session
        return self._visitors.welcome(request, found.principal, "oidc", onward, provider_session=session)

    def _end(self, request: Request) -> None:
        token = self._visitors.token(request)
        if self._login.sessions.way(token) == "oidc":
            self._login.sessions.end(token)

    def signed_out(self, request: Request) -> Response:
        """The provider says, from machine to machine, that somebody has signed out there, or may sign in no longer."""
        if self._login.provider is None:
            return Response(status_code=404)
        try:
            account, session = self._login.provider.signed_out(field(request, "logout_token"))
        except RejectedError:
            self._turned_away.count("logout_token")
            return Response(status_code=400)
        except RetriableError:
            return Response(status_code=503)
        # Of a session that is not known here (any more) nobody knows which one it has become: then all of the account end.
        ended = self._login.sessions.end_provider_session(session) if session else 0
        if not ended and account:
            self._login.sessions.end_all(account)
        note_sign_out(self._login.trail, account or "provider-session", purpose="provider")
        return Response(status_code=200)

    def left(self, request: Request) -> Response:
        """After signing out here: how to leave at the provider too, where it offers that."""
        address = self._login.provider.sign_out_address() if self._login.provider else None
        return self._renderer.page(request, "signed_out.html", None, address=address)

    def _unreachable(self, request: Request) -> Response:
        text = mark("Your organisation's sign-in does not answer just now. Try again in a minute.")
        return self._renderer.entrance(request, text=text, status=503)

    def _forget(self, answer: Response, name: str | None) -> Response:
        """The journey is over; others go on."""
        if name:
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=self._visitors.secure)
        return answer


def _mark(secret: str) -> str:
    """What tells one journey's cookie from another's by its name, or one session from another; the secret stands in neither."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]
