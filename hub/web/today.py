"""Out today: for a phone in the hand, or on paper. Where to be, the day's meetings, and one's own tasks by their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Principal
from hub.cases.content import MeetingState
from hub.clock import STOCKHOLM, stockholm_date
from hub.core.wording_texts import CODE_WORDS
from hub.delivery.listing import Shown
from hub.presence.codes import VisitState
from hub.presence.planned import planned_between
from hub.web.cases.showing import CaseShowing, ShownMeeting
from hub.web.cases.trail import CaseTrail
from hub.web.language import Words
from hub.web.presence.event_rows import event_when
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
        """A team's day: presences, places that ask for one, events that are on, meetings, and what the reader has in hand."""
        code, account = request.path_params["team"], principal.account
        words, now = self._renderer.words(request), self._web.clock.now()
        self._web.answering.meet(code, account, principal.name)
        places = self._web.worklist.of_team(code, Shown.PLACES, account=account, limit=_MOST)
        mine = self._web.worklist.of_team(code, Shown.MINE, account=account, limit=_MOST)
        self._trail.listed(principal, code, show_all=False)
        return self._renderer.page(
            request, "today.html", principal, current_team=code, team=self._web.teams[code].title, here=f"/team/{code}/today",
            visits=self._visits(now, words) if code == self._web.presence_team else [], goes_out=code == self._web.presence_team,
            events=self._events(now, words) if code == self._web.presence_team else [],
            meetings=self._meetings(principal, code, words, now) if self._web.teams[code].cases else None,
            places=[self._web.presenter.row(one, words, now) for one in places],
            mine=[self._web.presenter.row(one, words, now) for one in mine],
            stale=words.text(NOT_LOOKED) if any(one.withheld for one in mine) else "",
        )  # fmt: skip

    def _meetings(self, principal: Principal, team: str, words: Words, now: datetime) -> list[tuple[str, ShownMeeting]]:
        """Those of this Stockholm day that are planned, by time, each with its case's number; in the audit log first."""
        views, showing, today = (
            self._web.casework.cases.of_team(team),
            CaseShowing(self._web.office, words, now),
            stockholm_date(now),
        )
        CaseTrail(self._web.audit, principal, team).listed(views, "today")
        found = [
            (one.at, view.case_id, showing.meeting(one, view))
            for view in views
            for one in (view.content.meetings if view.content else ())
            if one.state is MeetingState.PLANNED and stockholm_date(one.at) == today
        ]
        return [(case, shown) for _, case, shown in sorted(found, key=lambda row: row[:2])]

    def _visits(self, now: datetime, words: Words) -> list[tuple[str, str, str]]:
        """Number, hours and area of what is planned for this Stockholm day."""
        found = self._web.presence().plan.between(*_day(now))
        return [
            (one.visit_id, f"{words.when(one.starts_at)}–{words.when(one.ends_at).rsplit(' ', 1)[-1]}", self._area(one.area))
            for one in found
            if one.state is not VisitState.CANCELLED
        ]

    def _events(self, now: datetime, words: Words) -> list[tuple[str, str, str]]:
        """Area, hours and category of what is planned to be on this Stockholm day."""
        return [
            (self._area(one.area), event_when(one, words), CODE_WORDS[one.category.value][words.language])
            for one in planned_between(self._web.presence().engine, *_day(now))
        ]

    def _area(self, code: str) -> str:
        return self._web.office.places.title(code)


def _day(now: datetime) -> tuple[datetime, datetime]:
    """The Stockholm day of an instant: its first instant, and the first of the next."""
    day = now.astimezone(STOCKHOLM).date()
    begins, ends = (datetime.combine(one, time(), STOCKHOLM) for one in (day, day + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
