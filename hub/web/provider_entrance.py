"""Signing in by way of an identity provider, and the way back; and leaving there too."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.trail import UNKNOWN, account_entry
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome
from hub.errors import RejectedError, RetriableError
from hub.web.language import mark
from hub.web.rendering import Renderer, Web

__all__ = ["JOURNEY_COOKIE", "ProviderEntrance"]

JOURNEY_COOKIE = "hub_journey"
_JOURNEY_SECONDS = 600
_TEXTS = {
    "bad_state": mark("That sign-in was not begun in this browser, or too long ago. Begin again."),
    "declined": mark("Your organisation's sign-in let nobody in. Begin again, or ask whoever gives out the accounts."),
    "weak_sign_in": mark("These pages ask for a stronger way to sign in than the one you used."),
    "no_role": mark("You are known, but have no role here yet. Ask whoever gives out the roles."),
}


class ProviderEntrance:
    """Three steps: away, back, and in. The journey's cookie is bound to this host where the pages are reached with https."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._login = web.login
        self._renderer = renderer
        self._visitors = renderer.visitors
        self._cookie = f"__Host-{JOURNEY_COOKIE}" if self._visitors.secure else JOURNEY_COOKIE

    def begin(self, request: Request) -> Response:
        """To the provider. A link, not a form: the policy lets no form lead elsewhere."""
        if self._login.provider is None:
            return self._renderer.entrance(request, status=404)
        try:
            address, journey = self._login.provider.begin(request.query_params.get("next", "/"))
        except (RetriableError, RejectedError):
            return self._unreachable(request)
        answer = RedirectResponse(address, status_code=303)
        answer.set_cookie(
            self._cookie, journey, max_age=_JOURNEY_SECONDS, path="/", httponly=True, samesite="lax", secure=self._visitors.secure
        )
        return answer

    def finish(self, request: Request) -> Response:
        """Back from the provider: in, or told why not."""
        if self._login.provider is None:
            return self._renderer.entrance(request, status=404)
        try:
            principal, onward = self._login.provider.finish(request.query_params, request.cookies.get(self._cookie))
        except RejectedError as error:
            refusal = Entry(UNKNOWN, Logged.SIGN_IN_REFUSED, purpose="oidc", outcome=Outcome.DENY, rule=error.code)
            self._login.trail.append(refusal)
            text = _TEXTS.get(error.code, mark("Your organisation's sign-in could not be verified. Begin again."))
            return self._without_journey(self._renderer.entrance(request, text=text, status=403))
        except RetriableError:
            return self._unreachable(request)
        self._login.trail.append(account_entry(Logged.SIGN_IN, principal.account, purpose="oidc"))
        return self._without_journey(self._visitors.welcome(request, principal, "oidc", onward))

    def left(self, request: Request) -> Response:
        """After signing out here: how to leave at the provider too, where it offers that."""
        address = self._login.provider.sign_out_address() if self._login.provider else None
        return self._renderer.page(request, "signed_out.html", None, address=address)

    def _unreachable(self, request: Request) -> Response:
        text = mark("Your organisation's sign-in does not answer just now. Try again in a minute.")
        return self._renderer.entrance(request, text=text, status=503)

    def _without_journey(self, answer: Response) -> Response:
        answer.delete_cookie(self._cookie, path="/", httponly=True, samesite="lax", secure=self._visitors.secure)
        return answer
