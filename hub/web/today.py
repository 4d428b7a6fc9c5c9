"""Out today: for a phone in the hand, or on paper. Where to be, and one's own tasks by their clocks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Principal
from hub.clock import STOCKHOLM
from hub.delivery.listing import Shown
from hub.delivery.rows import PRESENCE_TEAM
from hub.presence.codes import VisitState
from hub.web.language import Words
from hub.web.presenting import NOT_LOOKED
from hub.web.rendering import Renderer, Web
from hub.web.task_trail import TaskTrail

__all__ = ["Today"]

_MOST: Final = 100


class Today:
    """A view behind a guarded door."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer
        self._trail = TaskTrail(web.audit)

    def page(self, request: Request, principal: Principal) -> Response:
        """A team's day: presences planned for it, places that ask for one, and what the reader has in hand."""
        code, account = request.path_params["team"], principal.account
        words, now = self._renderer.words(request), self._web.clock.now()
        self._web.answering.meet(code, account, principal.name)
        places = self._web.worklist.of_team(code, Shown.PLACES, account=account, limit=_MOST)
        mine = self._web.worklist.of_team(code, Shown.MINE, account=account, limit=_MOST)
        self._trail.listed(principal, code, show_all=False)
        return self._renderer.page(
            request, "today.html", principal, current_team=code, team=self._web.teams[code].title, here=f"/team/{code}/today",
            visits=self._visits(now, words) if code == PRESENCE_TEAM else [],
            places=[self._web.presenter.row(one, words, now) for one in places],
            mine=[self._web.presenter.row(one, words, now) for one in mine],
            stale=words.text(NOT_LOOKED) if any(one.withheld for one in mine) else "",
        )  # fmt: skip

    def _visits(self, now: datetime, words: Words) -> list[tuple[str, str, str]]:
        """Number, hours and area of what is planned for this Stockholm day."""
        begins = datetime.combine(now.astimezone(STOCKHOLM).date(), time(), STOCKHOLM)
        found = self._web.presence().plan.between(begins, begins + timedelta(days=1))
        return [
            (one.visit_id, f"{words.when(one.starts_at)}–{words.when(one.ends_at).rsplit(' ', 1)[-1]}", self._area(one.area))
            for one in found
            if one.state is not VisitState.CANCELLED
        ]

    def _area(self, code: str) -> str:
        return self._web.office.places.title(code)
