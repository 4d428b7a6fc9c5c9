"""The week plan: what is proposed and planned in each area this week and the next, and planning more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind
from hub.clock import STOCKHOLM
from hub.errors import RejectedError
from hub.presence.codes import Ground
from hub.presence.planned import called_off, planned_between, planned_one
from hub.presence.proposals import Proposal, proposals
from hub.web.presence.event_rows import event_row, is_on
from hub.web.presence.forms import VisitForm
from hub.web.presence.room import Room
from hub.web.presence.showing import Week, area_plans, options, visit_row
from hub.web.presence.titles import DONE, GROUNDS, WRONG
from hub.web.rendering import Renderer, Web

__all__ = ["PlanPages"]

_FIELDS: Final = ("area", "day", "starts", "ends", "ground", "who")
_OF_CODE: Final = {"bad_window": "starts", "bad_time": "day"}


class PlanPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web

    def weeks(self, request: Request, principal: Principal) -> Response:
        """Two weeks, the present one first unless another is asked for."""
        return self._room.answered(request, principal, lambda: self._weeks(request, principal))

    def new(self, request: Request, principal: Principal) -> Response:
        """The form, as far as the address says what to plan."""

        def view() -> Response:
            asked = {name: request.query_params.get(name, "")[:64] for name in ("area", "task", "day")}
            event = planned_one(self._room.desk.engine, request.query_params.get("event", "")[:64], asked["area"])
            if event is not None:
                return self._form(request, principal, VisitForm.of_event(event), {})
            form = VisitForm(**asked, who="team", ground=Ground.PROPOSED.value if asked["task"] else "")
            return self._form(request, principal, form, {})

        return self._room.answered(request, principal, view)

    def add(self, request: Request, principal: Principal) -> Response:
        """Plan it, or show the form again with everything that is wrong."""
        return self._room.answered(request, principal, lambda: self._add(request, principal))

    def _weeks(self, request: Request, principal: Principal) -> Response:
        room, now, words = self._room, self._web.clock.now(), self._room.renderer.words(request)
        self._web.answering.meet(self._web.presence_team, principal.account, principal.name)
        present, first = Week.of("", now), Week.of(request.query_params.get("week", ""), now)
        starts = _midnight(first)
        visits = room.desk.plan.between(starts, _midnight(first.moved(2)))
        offers = room.desk.offers.of_visits([one.visit_id for one in visits])
        names, found = (
            self._web.answering.names(self._web.presence_team),
            proposals(room.desk.engine, team=self._web.presence_team),
        )
        events = planned_between(room.desk.engine, starts, _midnight(first.moved(2)))
        gone = called_off(room.desk.engine, ((one.event_id, one.area) for one in visits if one.event_id))
        shown = []
        for week in (first, first.moved(1)):
            begins, ends = _midnight(week), _midnight(week.moved(1))
            rows = [
                (one.area, visit_row(one, offers.get(one.visit_id, ()), room.who(one.who, names, words), words, gone=gone))
                for one in visits
                if begins <= one.starts_at < ends
            ]
            of_week = [one for one in found if _is_of(one, week, present)]
            on = [one for one in events if is_on(one, begins, ends)]
            coming = [(one.area, event_row(one, visits, words, now)) for one in on]
            first_day = max(week.monday, now.astimezone(STOCKHOLM).date()).isoformat()
            plans = area_plans(of_week, rows, coming, room.title, week=week, words=words)
            shown.append((week, week.days(words), first_day, plans))
        done = DONE.get(request.query_params.get("done", ""), "")
        return room.page(
            request, "weeks", principal, weeks=shown, present=first == present, earlier=first.moved(-1).code,
            later=first.moved(1).code, done=words.text(done) if done else "",
            here=room.base if first == present else f"{room.base}?week={first.code}",
        )  # fmt: skip

    def _add(self, request: Request, principal: Principal) -> Response:
        room, form, words = self._room, VisitForm.of_request(request), self._room.renderer.words(request)
        known = {one.task_id for one in proposals(room.desk.engine, team=self._web.presence_team)}
        goers = {value for value, _title in room.goers(words)} | {principal.account}
        wrong = form.wrong(self._web.office.places.areas, goers)
        if wrong:
            return self._form(request, principal, form, wrong)
        try:
            asked = form.asked()
            if asked.task_id not in known:  # a task that has ended, or a number that somebody typed
                asked = replace(asked, task_id=None)
            if asked.event_id is not None and planned_one(room.desk.engine, asked.event_id, asked.area) is None:
                asked = replace(asked, event_id=None)  # the same of an event; in another area it is not for it

            def record(number: str) -> object:
                return room.record(principal, Logged.PRESENCE_PLANNED, SubjectKind.PRESENCE, number, purpose="planned")()

            visit = room.desk.plan.add(asked, principal.account, record)
        except RejectedError as error:
            if error.code not in _OF_CODE:
                raise
            return self._form(request, principal, form, {_OF_CODE[error.code]: error.code})
        return RedirectResponse(f"{room.base}/visit/{visit.visit_id}?done=planned", status_code=303)

    def _form(self, request: Request, principal: Principal, form: VisitForm, wrong: dict[str, str]) -> Response:
        room, words = self._room, self._room.renderer.words(request)
        told = {name: words.text(WRONG[code]) for name, code in wrong.items()}
        values: dict[str, Any] = {
            "form": form, "wrong": dict.fromkeys(_FIELDS, "") | told, "areas": room.areas(), "goers": room.goers(words),
            "grounds": options(GROUNDS, words),
            "errors": [{"field": name, "text": text} for name, text in told.items()],
        }  # fmt: skip
        return room.page(request, "new", principal, status=400 if wrong else 200, here=f"{room.base}/new", **values)


def _midnight(week: Week) -> datetime:
    return datetime.combine(week.monday, time(), STOCKHOLM).astimezone(UTC)


def _is_of(one: Proposal, week: Week, present: Week) -> bool:
    """Of its own week; what was proposed earlier and is open still stands with the present one."""
    return one.content.week == week.code or (week == present and one.content.week < present.code)
