"""What is read of cases: the week and the list, one case, its papers, and the outcomes of the years that are over."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal, may
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.cases.content import Content
from hub.cases.moves import CaseState
from hub.cases.results import outcomes_of_case
from hub.cases.views import CaseView
from hub.contract.models import Cooperation
from hub.errors import RejectedError, RetriableError
from hub.web.cases.closing import Weighed, standing_of
from hub.web.cases.plots import band_told, plots_of, totals_of
from hub.web.cases.titles import DOMAINS, DONE, HISTORY, KINDS, PLANS, STATES, WORRY
from hub.web.cases.visit import CaseVisit, no_case, visit_of
from hub.web.cases.week import week_of
from hub.web.language import Words
from hub.web.rendering import Renderer, Web

__all__ = ["CasePages", "show_case", "worry_options"]

_EMPTY: Final[Mapping[str, str]] = {}
_LINES: Final = 5
"""Empty lines of an agenda for what is undertaken at the meeting."""


class CasePages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def listed(self, request: Request, principal: Principal) -> Response:
        """The week over all open cases; `?ended=1`: those that have ended."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        if request.query_params.get("ended") == "1":
            views = visit.office.cases.of_team(visit.team, ended=True)
            visit.trail.listed([], "ended")
            return visit.page("ended", listed=[visit.showing.listed(view) for view in views])
        views = visit.office.cases.of_team(visit.team)
        visit.trail.listed(views, "week")
        # Who works with cases alone is of the team as well: her calendar must not fall silent.
        self._web.answering.meet(visit.team, principal.account, principal.name)
        return visit.page(
            "week", week=week_of(views, visit.showing, visit.now), may_work=may(principal, Action.CASE_WORK, visit.team)
        )  # fmt: skip

    def one(self, request: Request, principal: Principal) -> Response:
        """One case; consent is decided anew, and the log has it before anything is shown."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        done = DONE.get(request.query_params.get("done", ""), "")
        return show_case(visit, done=visit.words.text(done) if done else "")

    def summons(self, request: Request, principal: Principal) -> Response:
        """A letter to those who are summoned to a meeting, to be printed."""
        return self._paper(request, principal, "summons")

    def agenda(self, request: Request, principal: Principal) -> Response:
        """What a meeting goes through, to be printed."""
        return self._paper(request, principal, "agenda")

    def concern(self, request: Request, principal: Principal) -> Response:
        """How to make a report of concern now. That somebody went on to it is recorded; nothing holds it up."""
        team, case = request.path_params["team"], str(request.path_params["case"])
        recorded = False
        with suppress(RetriableError):  # the duty to report waits for no log (SoL 2025:400 ch. 19)
            entry = Entry(
                actor_of(principal, Action.CASE_READ, team),
                Logged.REPORT_OF_CONCERN_LED_TO,
                item=Subject(SubjectKind.CASE, case),
            )
            self._web.audit.append(entry)
            recorded = True
        path = f"/team/{team}/case/{case}"
        return self._renderer.page(
            request, "cases/concern.html", principal, current_team=team, team=self._web.teams[team].title, back=path,
            reception=self._web.observing.reception, recorded=recorded, here=f"{path}/concern",
        )  # fmt: skip

    def outcomes(self, request: Request, principal: Principal) -> Response:
        """What became of the cases that ended, by year; small numbers are not told."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        self._web.audit.append(Entry(actor_of(principal, Action.CASE_READ, visit.team), Logged.STATISTICS_SHOWN, purpose="cases"))
        years = [
            (year, band_told(summary.youths, visit.words), totals_of(summary, visit.words))
            for year, summary in sorted(visit.office.results.of_team(visit.team).items(), reverse=True)
        ]
        return visit.page("outcomes", years=years, span_days=visit.office.span_days)

    def _paper(self, request: Request, principal: Principal, name: str) -> Response:
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        try:
            with visit.trail.opening(visit.case, name) as told:
                view = told(visit.office.cases.read(visit.case, visit.team))
        except RejectedError:
            return no_case(visit)
        meeting = view.content.meeting(request.path_params["meeting"]) if view.content else None
        if view.content is None or meeting is None:
            return no_case(visit)
        return visit.page(
            name, meeting=visit.showing.meeting(meeting, view), commitments=_plan(visit, view, view.content), lines=_LINES,
            unit=self._web.office.unit, number=view.case_id, runs_out=_until(visit, view),
            here=f"{visit.path}/{name}/{meeting.number}", plan=visit.words.text(PLANS[visit.cooperation]),
        )  # fmt: skip


def show_case(
    visit: CaseVisit,
    *,
    alert: str = "",
    done: str = "",
    wrong: Mapping[str, str] = _EMPTY,
    typed: Mapping[str, str] = _EMPTY,
    status: int = 200,
    weighed: Weighed | None = None,
) -> Response:
    """The page of a case, also after a deed that was refused: then with what was typed, and why; with `weighed` how it stands."""
    try:
        with visit.trail.opening(visit.case, "weighed" if weighed else "case") as told:
            view = told(visit.office.cases.read(visit.case, visit.team))
    except RejectedError:
        return no_case(visit)
    visit.web.answering.meet(visit.team, visit.principal.account, visit.principal.name)
    words = visit.words
    may_work = view.state is CaseState.OPEN and may(visit.principal, Action.CASE_WORK, visit.team)
    common: dict[str, Any] = {
        "view": view, "number": view.case_id, "state": words.text(STATES[view.state]), "untold": visit.showing.untold(view),
        "history": _history(visit, view), "plan": words.text(PLANS[visit.cooperation]),
        "may_work": may_work,
        "may_reveal": may_work and view.content is not None, "alert": alert, "done": done, "wrong": wrong, "typed": typed,
        "errors": [{"field": name, "text": text} for name, text in wrong.items()],
    }  # fmt: skip
    if view.content is None:
        return visit.page("case", status=status, **common, standing=None, review=None)
    standing = standing_of(view, view.content, weighed, visit.now, words) if weighed and may_work else None
    review = visit.office.cases.review_of(view)
    return visit.page("case", status=status, **common, standing=standing, review=review, **_told(visit, view, view.content))


def _told(visit: CaseVisit, view: CaseView, content: Content) -> dict[str, Any]:
    """What is shown of a case while consent permits it."""
    showing, words = visit.showing, visit.words
    closed = view.state is CaseState.CLOSED and view.closed_at is not None and visit.cooperation is Cooperation.SSPF
    outcomes = outcomes_of_case(content, view.opened_at, view.closed_at or visit.now) if closed else None
    worry = WORRY.get(content.worry_at_start or 0)
    return {
        "taking_part": [(code, showing.party(code), view.takes_part(code)) for code in content.parties],
        # What was chosen before stays, to be unchosen.
        "named": showing.parties([one for one in view.named if one in (*showing.once(view.named), *content.parties)]),
        "chosen": content.parties,
        "able": showing.parties([code for code in content.parties if view.takes_part(code)]),
        "meetings": [showing.meeting(one, view) for one in sorted(content.meetings, key=lambda one: one.at, reverse=True)],
        "commitments": _plan(visit, view, content), "runs_out": _until(visit, view),
        "soon": showing.listed(view).soon, "worry": words.text(worry[0]) if worry else "",
        "worries": worry_options(words), "kinds": kind_options(words), "span_days": content.span_days,
        "domains": [(str(domain), words.text(title)) for domain, title in DOMAINS.items()],
        "plots": plots_of(outcomes, words) if outcomes else [],
    }  # fmt: skip


def worry_options(words: Words) -> list[dict[str, str]]:
    """The steps of the scale, with when each is meant."""
    return [{"value": str(step), "label": words.text(title), "hint": words.text(hint)} for step, (title, hint) in WORRY.items()]


def kind_options(words: Words) -> list[dict[str, str]]:
    """The kinds that outcomes are made of, for whoever says which were told of throughout."""
    return [{"value": str(kind), "label": words.text(title), "hint": ""} for kind, title in KINDS.items()]


def _plan(visit: CaseVisit, view: CaseView, content: Content) -> list[Any]:
    """Open commitments by their day, then those that are settled."""
    settled = [one for one in content.commitments if one not in content.open_commitments()]
    return [visit.showing.commitment(one, view) for one in (*content.open_commitments(), *settled)]


def _until(visit: CaseVisit, view: CaseView) -> str:
    return visit.showing.day(view.runs_out, until=True) if view.runs_out else ""


def _history(visit: CaseVisit, view: CaseView) -> list[tuple[Any, str, str]]:
    names = visit.web.answering.names(visit.team)
    return [
        (visit.showing.moment(one.at), visit.words.text(HISTORY[one.move]), names.get(one.account, ""))
        for one in visit.office.cases.history(view.case_id)
    ]
