"""The address by which somebody's own telephone subscribes to a team's times: made, made anew, ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.web.forms import field
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["CalendarPages"]


class CalendarPages:
    """Views behind guarded doors. The address is shown once, by the answer that made it."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def page(self, request: Request, principal: Principal) -> Response:
        """Whether there is one, until when, and when a calendar last asked for it."""
        return self._shown(request, principal, "")

    def change(self, request: Request, principal: Principal) -> Response:
        """Make it, make it anew, or end it."""
        team, account, feeds = request.path_params["team"], principal.account, self._web.presence().feeds
        ending = field(request, "end") == "yes"
        item, actor = Subject(SubjectKind.ACCOUNT, account), actor_of(principal, Action.TASK_OPEN, team)
        entry = Entry(actor, Logged.CALENDAR_CHANGED, item=item, purpose="ended" if ending else "renewed")

        def record() -> object:
            return self._web.audit.append(entry)

        if ending:
            feeds.end(account, team, record)
            return RedirectResponse(f"/team/{team}/calendar?done=1", status_code=303)
        self._web.answering.meet(team, account, principal.name)
        secret = feeds.renew(account, team, self._renderer.words(request).language, record)
        return self._shown(request, principal, f"{self._web.url.rstrip('/')}/calendar/{secret}.ics")

    def _shown(self, request: Request, principal: Principal, address: str) -> Response:
        words, team = self._renderer.words(request), request.path_params["team"]
        feed, kept = self._web.presence().feeds.of(principal.account, team), self._web.office.teams.get(team)
        return self._renderer.page(
            request, "calendar.html", principal, current_team=team, team=self._web.teams[team].title, address=address,
            until=moment(feed.expires_at, words, self._web.clock.now()) if feed else None,
            fetched=feed.fetched_on.isoformat() if feed and feed.fetched_on else "",
            presence=f"/team/{team}/presence" if team == self._web.presence_team else "", cases=bool(kept and kept.cases),
            done=request.query_params.get("done") == "1", here=f"/team/{team}/calendar",
        )  # fmt: skip
