"""The address by which somebody's own telephone subscribes to the plan: made, made anew, ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind
from hub.web.forms import field
from hub.web.presence.room import Room
from hub.web.presence.titles import DONE
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["CalendarPages"]


class CalendarPages:
    """Views behind guarded doors. The address is shown once, by the answer that made it."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web

    def page(self, request: Request, principal: Principal) -> Response:
        """Whether there is one, and until when."""
        return self._room.answered(request, principal, lambda: self._shown(request, principal, ""))

    def change(self, request: Request, principal: Principal) -> Response:
        """Make it, make it anew, or end it."""

        def view() -> Response:
            ending = field(request, "end") == "yes"
            purpose = "ended" if ending else "renewed"
            record = self._room.record(
                principal, Logged.CALENDAR_CHANGED, SubjectKind.ACCOUNT, principal.account, purpose=purpose
            )
            if ending:
                self._room.desk.feeds.end(principal.account, record)
                return RedirectResponse(f"{self._room.base}/calendar?done=calendar-ended", status_code=303)
            language = self._room.renderer.words(request).language
            secret = self._room.desk.feeds.renew(principal.account, language, record)
            return self._shown(request, principal, f"{self._web.url.rstrip('/')}/presence/calendar/{secret}.ics")

        return self._room.answered(request, principal, view)

    def _shown(self, request: Request, principal: Principal, address: str) -> Response:
        words, feed = self._room.renderer.words(request), self._room.desk.feeds.of(principal.account)
        until = moment(feed.expires_at, words, self._web.clock.now()) if feed else None
        done = DONE.get(request.query_params.get("done", ""), "")
        return self._room.page(
            request, "calendar", principal, address=address, until=until, done=words.text(done) if done else "",
            here=f"{self._room.base}/calendar",
        )  # fmt: skip
